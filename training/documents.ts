import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

const Document = v.object({ package: v.string(), language: v.string(), name: v.string(), text: v.string() });
/** A source file of a package. */
export type Document = v.InferOutput<typeof Document>;

/** The documents of a file that `corpus.py build` wrote. */
export async function readDocuments(file: string): Promise<Document[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => v.parse(Document, JSON.parse(line)));
}

/** What the embedded model is for. Others are measured one by one. */
const MAIN_LANGUAGES: ReadonlySet<string> = new Set(['typescript', 'javascript', 'python']);

export function isMain({ language }: Pick<Document, 'language'>): boolean {
  return MAIN_LANGUAGES.has(language);
}
