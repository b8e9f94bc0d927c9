import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';

/** One place of the sample project where a begun line resembles an earlier one. */
export interface Scene {
  readonly file: string;
  /** The new line goes below the last line with this text. */
  readonly below: string;
  /** What is typed there; the editor indents by itself. */
  readonly typed: string;
}

export const scene: Scene = {
  file: 'orders.ts',
  below: "const id = readString(fields, 'id');",
  typed: 'const cus',
};

/** Puts a copy of the sample project at `folder`, which tests and demos may write to. */
export async function copySample(folder: string): Promise<void> {
  await cp(path.join(root, 'media/sample'), folder, { recursive: true });
}

/** 1-based place behind the scene's anchor line in the sample at `folder`. */
export async function sceneStart(
  folder: string,
  { file, below }: Scene,
): Promise<{ line: number; column: number }> {
  const lines = (await readFile(path.join(folder, file), 'utf8')).split('\n');
  const line = lines.findLastIndex((text) => text.includes(below));
  const text = lines[line];
  if (text === undefined) throw new Error(`${file} has no line with: ${below}`);
  return { line: line + 1, column: text.length + 1 };
}
