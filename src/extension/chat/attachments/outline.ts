import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { isAllowedFile } from './allowedFiles.ts';
import { labelOf } from './documentAttachment.ts';
import { documentSymbols } from './symbols.ts';

const MAX_FILES = 300;
/** Asking for symbols makes a language's extension read the file: only a few are asked for. */
const MAX_FILES_WITH_SYMBOLS = 30;
const MAX_SYMBOLS_PER_FILE = 20;
const SYMBOLS_MS = 3_000;

/** The files of a folder, and the names at the top of some of them. Only in a trusted workspace. */
export async function attachOutline(folder: vscode.Uri): Promise<Attachment> {
  const pattern = new vscode.RelativePattern(folder, '**/*');
  const found = vscode.workspace.isTrusted
    ? await vscode.workspace.findFiles(pattern, undefined, MAX_FILES)
    : [];
  const files = found.filter(isAllowedFile).toSorted((a, b) => a.path.localeCompare(b.path, 'en'));
  const end = Date.now() + SYMBOLS_MS;
  const lines: string[] = [];
  for (const [i, file] of files.entries()) {
    const wanted = i < MAX_FILES_WITH_SYMBOLS && Date.now() < end;
    const symbols = wanted ? (await documentSymbols(file)).slice(0, MAX_SYMBOLS_PER_FILE) : [];
    lines.push([labelOf(file), ...symbols.map(({ name }) => `  ${name}`)].join('\n'));
  }
  return {
    kind: 'outline',
    label: labelOf(folder),
    languageId: '',
    text: lines.join('\n'),
    source: { uri: folder.toString() },
  };
}
