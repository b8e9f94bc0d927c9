import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { documentAttachment } from './documentAttachment.ts';
import { documentSymbols, innermostSymbol } from './symbols.ts';

/**
 * What a command is about, in whole lines: the selection, else the symbol under the cursor, else everything. Null: there
 * is no text.
 */
export async function selectionOrSymbol(editor: vscode.TextEditor): Promise<Attachment | null> {
  const { document, selection } = editor;
  const range = selection.isEmpty
    ? ((await symbolAt(document, selection.active)) ?? everything(document))
    : wholeLines(document, selection);
  const attachment = documentAttachment('selection', document, range);
  return attachment.text.trim() === '' ? null : attachment;
}

/** The lines that `range` touches, with their line ends. */
export function wholeLines(document: vscode.TextDocument, range: vscode.Range): vscode.Range {
  const reachesIn = range.end.character > 0 || range.isEmpty;
  const last = reachesIn ? range.end.line : range.end.line - 1;
  return document.validateRange(new vscode.Range(range.start.line, 0, last + 1, 0));
}

async function symbolAt(
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<vscode.Range | null> {
  const symbol = innermostSymbol(await documentSymbols(document.uri), position);
  return symbol && wholeLines(document, symbol.range);
}

function everything(document: vscode.TextDocument): vscode.Range {
  return document.validateRange(new vscode.Range(0, 0, document.lineCount, 0));
}
