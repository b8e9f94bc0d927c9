import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { GemmaError } from '../../../protocol/errors.ts';
import { isOpen } from './allowedFiles.ts';
import { documentAttachment } from './documentAttachment.ts';

/** Larger files are data. */
const MAX_FILE_BYTES = 2_000_000;

/**
 * A file that a person picked.
 *
 * @throws GemmaError `bad-input` for what is no text, too large, or not open in a folder that isn't trusted
 */
export async function attachFile(uri: vscode.Uri): Promise<Attachment> {
  if (!isOpen(uri)) await check(uri);
  try {
    return documentAttachment('file', await vscode.workspace.openTextDocument(uri));
  } catch (cause) {
    throw new GemmaError('bad-input', vscode.l10n.t('This file can not be read as text.'), { cause });
  }
}

async function check(uri: vscode.Uri): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new GemmaError('bad-input', vscode.l10n.t('In Restricted Mode only open files can be attached.'));
  }
  const stat = await vscode.workspace.fs.stat(uri).then(undefined, () => null);
  if (stat === null || (stat.type & vscode.FileType.File) === 0) {
    throw new GemmaError('bad-input', vscode.l10n.t('This file can not be read as text.'));
  }
  if (stat.size > MAX_FILE_BYTES) {
    throw new GemmaError('bad-input', vscode.l10n.t('This file is too large to be attached.'));
  }
}
