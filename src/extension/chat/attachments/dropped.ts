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
    const uri = vscode.Uri.parse(text, true);
    // What the window of a remote machine drags is a file here, beside its extensions.
    const isHere = uri.scheme === 'vscode-remote' && vscode.env.remoteName !== undefined;
    return isHere ? vscode.Uri.file(uri.path) : uri;
  } catch {
    throw notReadable();
  }
}

function notReadable(): GemmaError {
  return new GemmaError('bad-input', vscode.l10n.t('What was dropped is no file that can be read.'));
}
