import * as vscode from 'vscode';
import type { Cursor, TextLines } from '../../completion/windows.ts';

/** Line access to a document. Its whole text is never asked for: that would copy it. */
export function documentLines(document: vscode.TextDocument): TextLines {
  return { lineCount: document.lineCount, lineText: (line) => document.lineAt(line).text };
}

/** The text that is edited at `position`: in a notebook, the cells of the same language above belong to it. */
export function editedText(
  document: vscode.TextDocument,
  position: vscode.Position,
): { lines: TextLines; cursor: Cursor } {
  const parts = [...cellsAbove(document), document].map((part) => documentLines(part));
  const starts: number[] = [];
  let lineCount = 0;
  for (const part of parts) {
    starts.push(lineCount);
    lineCount += part.lineCount;
  }
  const lineText = (line: number): string => {
    const index = starts.findLastIndex((start) => start <= line);
    return parts[index]?.lineText(line - (starts[index] ?? 0)) ?? '';
  };
  const cursor = { line: (starts.at(-1) ?? 0) + position.line, character: position.character };
  return { lines: { lineCount, lineText }, cursor };
}

function cellsAbove(document: vscode.TextDocument): vscode.TextDocument[] {
  if (document.uri.scheme !== 'vscode-notebook-cell') return [];
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cells = notebook.getCells();
    const index = cells.findIndex((cell) => cell.document === document);
    if (index >= 0) {
      return cells
        .slice(0, index)
        .map((cell) => cell.document)
        .filter((other) => other.languageId === document.languageId);
    }
  }
  return [];
}
