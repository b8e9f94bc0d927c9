import * as vscode from 'vscode';
import type { Attachment, AttachmentKind } from '../../../chat/conversation.ts';

/** Longer texts are cut here; what fits into a question is decided when it is asked. */
const MAX_CHARS = 2_000_000;

/** A part of a document, or all of it. */
export function documentAttachment(
  kind: AttachmentKind,
  document: vscode.TextDocument,
  range?: vscode.Range,
): Attachment {
  const text = document.getText(range);
  return {
    kind,
    label: labelOf(document.uri, range),
    languageId: document.languageId,
    text: text.slice(0, MAX_CHARS),
    source: { uri: document.uri.toString(), ...(range === undefined ? {} : { range: placesOf(range) }) },
  };
}

/** "src/refunds.ts:12–30", lines from 1. */
export function labelOf(uri: vscode.Uri, range?: vscode.Range): string {
  const path = relativePath(uri);
  if (range === undefined) return path;
  const [first, last] = [range.start.line + 1, lastLineOf(range) + 1];
  return first === last ? `${path}:${first}` : `${path}:${first}–${last}`;
}

function relativePath(uri: vscode.Uri): string {
  const path = vscode.workspace.asRelativePath(uri);
  // VS Code gives the whole path of an opened folder itself.
  return path === uri.fsPath ? path.slice(path.search(/[^/\\]*$/u)) : path;
}

/** A range that ends at the start of a line doesn't reach into it. */
export function lastLineOf({ start, end }: vscode.Range): number {
  return end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
}

function placesOf({ start, end }: vscode.Range) {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
