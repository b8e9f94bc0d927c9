import * as vscode from 'vscode';
import type { Reference } from './participantTurns.ts';

/** Of one attachment, in UTF-16 units. */
const MAX_CHARS = 24_000;

/** What a person attached to a question; what can't be read as text is left out. */
export async function readReferences(
  references: readonly vscode.ChatPromptReference[],
): Promise<Reference[]> {
  // They come last first.
  const read = await Promise.all(references.toReversed().map(({ value, id }) => readReference(value, id)));
  return read.filter((reference) => reference !== null);
}

/** What is selected in the active editor; null: nothing. */
export function readSelection(): Reference | null {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty) return null;
  return part(editor.document, editor.selection);
}

async function readReference(value: unknown, id: string): Promise<Reference | null> {
  if (typeof value === 'string') return { name: id, languageId: '', text: value.slice(0, MAX_CHARS) };
  if (value instanceof vscode.Location) return open(value.uri, value.range);
  return value instanceof vscode.Uri ? open(value) : null;
}

/** Null for folders, binary files, and files that are gone. */
async function open(uri: vscode.Uri, range?: vscode.Range): Promise<Reference | null> {
  try {
    return part(await vscode.workspace.openTextDocument(uri), range);
  } catch {
    return null;
  }
}

function part(document: vscode.TextDocument, range?: vscode.Range): Reference {
  const name = vscode.workspace.asRelativePath(document.uri);
  return {
    name: range === undefined ? name : `${name}, lines ${range.start.line + 1}–${range.end.line + 1}`,
    languageId: document.languageId,
    text: document.getText(range).slice(0, MAX_CHARS),
  };
}
