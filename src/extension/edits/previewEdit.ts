import * as vscode from 'vscode';
import type { Span } from '../../chat/locate.ts';
import { hunksOf } from '../../chat/hunks.ts';
import { locate } from '../../chat/locate.ts';
import { GemmaError } from '../../protocol/errors.ts';

export interface ProposedEdit {
  readonly uri: vscode.Uri;
  /** What was there when the change was proposed, and at which offset (UTF-16 units). */
  readonly original: string;
  readonly offset: number;
  readonly text: string;
  /** For people, in a few words: what the change is. */
  readonly title: string;
}

/**
 * Shows a change, line by line, in VS Code's own preview, where each part can be taken or left; what is taken is one
 * step for undo. Nothing but the proposal's own document is ever changed. A document that can't be written to leaves the
 * text in the clipboard.
 *
 * @throws GemmaError `bad-input` when the original text is gone
 */
export async function previewEdit(proposed: ProposedEdit): Promise<void> {
  const document = await vscode.workspace.openTextDocument(proposed.uri);
  const span = locate(document.getText(), proposed.original, proposed.offset);
  if (span === null) {
    throw new GemmaError(
      'bad-input',
      vscode.l10n.t('The text has changed meanwhile, so nothing was changed.'),
    );
  }
  if (vscode.workspace.fs.isWritableFileSystem(document.uri.scheme) === false) {
    await vscode.env.clipboard.writeText(proposed.text);
    void vscode.window.showInformationMessage(
      vscode.l10n.t('This document can not be changed. The new text is in the clipboard.'),
    );
    return;
  }
  const exists = await vscode.workspace.fs.stat(document.uri).then(
    () => true,
    () => false,
  );
  const edit = workspaceEdit(document, span, proposed, exists);
  await vscode.workspace.applyEdit(edit, { isRefactoring: true });
}

/**
 * One change for every run of lines that differ.
 *
 * A change that wants confirmation brings the preview up, but begins unticked there. So where the file exists the one
 * that wants it is its creation, which VS Code leaves out for existing files, and all others begin ticked.
 */
export function workspaceEdit(
  document: vscode.TextDocument,
  { start, end }: Span,
  { text, title }: Pick<ProposedEdit, 'text' | 'title'>,
  exists: boolean,
): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  const before = document.getText().slice(start, end);
  const after = text.replaceAll(/\r?\n/gu, document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n');
  if (exists)
    edit.createFile(document.uri, { ignoreIfExists: true }, { needsConfirmation: true, label: title });
  for (const hunk of hunksOf(before, after)) {
    const range = new vscode.Range(
      document.positionAt(start + hunk.start),
      document.positionAt(start + hunk.end),
    );
    edit.replace(document.uri, range, hunk.text, { needsConfirmation: !exists, label: title });
  }
  return edit;
}
