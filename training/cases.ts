import type { CompleteParams } from '../src/protocol/engine.ts';
import type { Document } from './documents.ts';
import { mulberry32 } from './random.ts';

/** Where the cursor stands: after a separator, at a random column, or at the start of the line. */
export const kinds = ['separator', 'anywhere', 'next line'] as const;
export type Kind = (typeof kinds)[number];

export interface Case {
  readonly kind: Kind;
  readonly language: string;
  readonly request: CompleteParams;
  /** The rest of the line. */
  readonly truth: string;
}

const PREFIX_CHARS = 16_000;
const SUFFIX_CHARS = 4_000;
const COMMENT = /^\s*(\*|\/\/|#|\/\*)/;

/** `count` random cursors of one kind; the same ones every time. */
export function casesIn(documents: readonly Document[], kind: Kind, count: number, seed: number): Case[] {
  const random = mulberry32(seed);
  const cases: Case[] = [];
  for (let attempts = 0; cases.length < count && attempts < 100 * count; attempts++) {
    const document = documents[Math.floor(random() * documents.length)];
    const found = document === undefined ? null : caseIn(document, kind, random);
    if (found !== null) cases.push(found);
  }
  return cases;
}

function caseIn(document: Document, kind: Kind, random: () => number): Case | null {
  const { text, language, name } = document;
  const starts = [...text.matchAll(/^.+$/gm)];
  if (starts.length < 12) return null;
  const match = starts[5 + Math.floor(random() * (starts.length - 6))];
  const line = match?.[0] ?? '';
  if (match === undefined || line.trim().length < 10 || COMMENT.test(line)) return null;
  const column = columnIn(line, kind, random);
  if (column === null) return null;
  const cursor = match.index + column;
  const end = match.index + line.length;
  return {
    kind,
    language,
    truth: line.slice(column).trimEnd(),
    request: {
      document: `${document.package}/${name}`,
      fileName: name,
      languageId: language,
      prefix: text.slice(Math.max(0, cursor - PREFIX_CHARS), cursor),
      suffix: text.slice(end, end + SUFFIX_CHARS),
      neighbors: [],
      trigger: 'invoked',
    },
  };
}

function columnIn(line: string, kind: Kind, random: () => number): number | null {
  const indent = line.length - line.trimStart().length;
  if (kind === 'next line') return 0;
  if (kind === 'anywhere') return indent + 1 + Math.floor(random() * (line.length - 3 - indent));
  const places = [...line.matchAll(/(?<=[\s.(,=:{[])(?=\S)/g)]
    .map((place) => place.index)
    .filter((place) => place > 0 && line.length - place >= 3);
  return places[Math.floor(random() * places.length)] ?? null;
}
