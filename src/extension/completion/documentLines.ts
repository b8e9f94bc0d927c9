import * as vscode from 'vscode';
import { joinLines } from '../../completion/textLines.ts';
import type { Cursor, TextLines } from '../../completion/textLines.ts';

/** Line access to a document. Its whole text is never asked for: that would copy it. */
export function documentLines(document: vscode.TextDocument): TextLines {
  return { lineCount: document.lineCount, lineText: (line) => document.lineAt(line).text };
}

/** The text that is edited at `position`: in a notebook, the cells of the same language above belong to it. */
export function editedText(
  document: vscode.TextDocument,
  position: vscode.Position,
): { lines: TextLines; cursor: Cursor } {
  const above = joinLines(cellsAbove(document).map((cell) => documentLines(cell)));
  const lines = joinLines([above, documentLines(document)]);
  return { lines, cursor: { line: above.lineCount + position.line, character: position.character } };
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
