import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { GemmaError } from '../../../protocol/errors.ts';
import { attachFile } from './files.ts';
import { attachOutline } from './outline.ts';

/** Files and folders that a person dropped on the chat: their own choice, wherever they are. */
export async function attachDropped(texts: readonly string[]): Promise<Attachment[]> {
  const attachments: Attachment[] = [];
  for (const text of texts) {
    const uri = parse(text);
    const isKnown =
      uri.scheme === 'file' || vscode.workspace.getWorkspaceFolder(uri)?.uri.scheme === uri.scheme;
    if (!isKnown) throw notReadable();
    const stat = await vscode.workspace.fs.stat(uri).then(undefined, () => null);
    const isFolder = stat !== null && (stat.type & vscode.FileType.Directory) !== 0;
    attachments.push(await (isFolder ? attachOutline(uri) : attachFile(uri)));
  }
  return attachments;
}

function parse(text: string): vscode.Uri {
  try {
    return vscode.Uri.parse(text, true);
  } catch {
    throw notReadable();
  }
}

function notReadable(): GemmaError {
  return new GemmaError('bad-input', vscode.l10n.t('What was dropped is no file that can be read.'));
}
