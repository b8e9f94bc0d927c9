import * as vscode from 'vscode';
import type { Attachment } from '../../../chat/conversation.ts';
import { isAllowedFile } from './allowedFiles.ts';
import { documentAttachment } from './documentAttachment.ts';
import { wholeLines } from './selection.ts';
import { documentSymbols, innermostSymbol } from './symbols.ts';

const MAX_NAMES = 24;
const MAX_DEFINITIONS = 6;
const MAX_LINES = 60;
/** For all of them: a person waits. */
const LIMIT_MS = 1_500;

interface Target {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
}

/** Where the names in a part of a document are defined, outside of that part, the nearest first. */
export async function attachDefinitions(
  document: vscode.TextDocument,
  range: vscode.Range,
): Promise<Attachment[]> {
  const found: Target[] = [];
  const end = Date.now() + LIMIT_MS;
  for (const position of namesIn(document, range)) {
    if (Date.now() >= end || found.length >= MAX_DEFINITIONS) break;
    const targets = await before(end, definitionsAt(document, position));
    const target = targets?.find(({ uri }) => isAllowedFile(uri));
    const whole = target && (await before(end, wholeDefinition(target)));
    if (!whole || (isSame(whole.uri, document.uri) && range.contains(whole.range))) continue;
    if (!found.some((other) => isSame(other.uri, whole.uri) && other.range.contains(whole.range)))
      found.push(whole);
  }
  const attachments = await Promise.all(
    found
      .toSorted((a, b) => distance(a, document, range) - distance(b, document, range))
      .map(async ({ uri, range: part }) =>
        documentAttachment('definition', await vscode.workspace.openTextDocument(uri), part),
      ),
  );
  return attachments;
}

/** Where each name stands first. */
function namesIn(document: vscode.TextDocument, range: vscode.Range): vscode.Position[] {
  const places = new Map<string, number>();
  const offset = document.offsetAt(range.start);
  for (const { 0: name, index } of document.getText(range).matchAll(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu)) {
    if (places.size >= MAX_NAMES) break;
    if (!places.has(name)) places.set(name, offset + index);
  }
  return [...places.values()].map((place) => document.positionAt(place));
}

async function definitionsAt(document: vscode.TextDocument, position: vscode.Position): Promise<Target[]> {
  const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[] | undefined>(
    'vscode.executeDefinitionProvider',
    document.uri,
    position,
  );
  return (found ?? []).map((place) =>
    'targetUri' in place ? { uri: place.targetUri, range: place.targetRange } : place,
  );
}

/** The function or class that begins at a place where only its name may be known. */
async function wholeDefinition({ uri, range }: Target): Promise<Target> {
  const document = await vscode.workspace.openTextDocument(uri);
  const symbol = innermostSymbol(await documentSymbols(uri), range.start);
  const isOwn = symbol?.selectionRange.contains(range.start) === true;
  const whole = wholeLines(document, isOwn ? symbol.range : range);
  const last = Math.min(whole.end.line, whole.start.line + MAX_LINES);
  return { uri, range: document.validateRange(new vscode.Range(whole.start.line, 0, last, 0)) };
}

async function before<T>(end: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, end - Date.now()));
  });
  try {
    return await Promise.race([work.catch(() => undefined), limit]);
  } finally {
    clearTimeout(timer);
  }
}

function distance({ uri, range }: Target, document: vscode.TextDocument, from: vscode.Range): number {
  return isSame(uri, document.uri) ? Math.abs(range.start.line - from.start.line) : Number.MAX_SAFE_INTEGER;
}

function isSame(one: vscode.Uri, other: vscode.Uri): boolean {
  return one.toString() === other.toString();
}
