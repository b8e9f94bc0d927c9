import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { labelOf, lastLineOf } from './documentAttachment.ts';

const MAX_PROBLEMS = 50;
const severities = ['Error', 'Warning', 'Information', 'Hint'] as const;

/** What is wrong in a document, or in a part of it, the worst first; null: nothing. */
export function attachProblems(document: vscode.TextDocument, range?: vscode.Range): Attachment | null {
  const problems = vscode.languages
    .getDiagnostics(document.uri)
    .filter((problem) => range === undefined || isIn(problem, range))
    .toSorted((a, b) => a.severity - b.severity)
    .slice(0, MAX_PROBLEMS);
  if (problems.length === 0) return null;
  return {
    kind: 'problems',
    label: labelOf(document.uri, range),
    languageId: '',
    text: problems.map((problem) => describe(document, problem)).join('\n'),
    source: { uri: document.uri.toString() },
  };
}

/** With the line itself: models count lines badly. */
function describe(document: vscode.TextDocument, { range, severity, message }: vscode.Diagnostic): string {
  const { line } = document.validateRange(range).start;
  return `${severities[severity]} in line ${line + 1}: ${message}\n  ${document.lineAt(line).text.trim()}`;
}

function isIn({ range }: vscode.Diagnostic, lines: vscode.Range): boolean {
  return range.start.line <= lastLineOf(lines) && range.end.line >= lines.start.line;
}
