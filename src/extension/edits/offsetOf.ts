import * as vscode from 'vscode';
import type { Range } from '../../chat/conversation.ts';

/** Where a range began, in UTF-16 units; 0 without one. */
export async function offsetOf(uri: vscode.Uri, range: Range | undefined): Promise<number> {
  if (range === undefined) return 0;
  const document = await vscode.workspace.openTextDocument(uri);
  return document.offsetAt(new vscode.Position(range.start.line, range.start.character));
}
