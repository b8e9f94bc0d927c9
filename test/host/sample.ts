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

/** One per language. */
export const scenes = {
  typescript: { file: 'orders.ts', below: "const id = readString(fields, 'id');", typed: 'const cus' },
  python: { file: 'inventory.py', below: 'if quantity < 0:', typed: 'raise Va' },
  go: { file: 'server.go', below: 'Encode(payload); err != nil {', typed: 'http.Er' },
} as const satisfies Record<string, Scene>;

/** Puts a copy of the sample project at `folder`, which tests and demos may write to. */
export async function copySample(folder: string): Promise<void> {
  await cp(path.join(root, 'media/sample'), folder, { recursive: true });
}

/** Number of the scene's anchor line in the sample at `folder`, counted from 1. */
export async function anchorLine(folder: string, { file, below }: Scene): Promise<number> {
  const lines = (await readFile(path.join(folder, file), 'utf8')).split('\n');
  const line = lines.findLastIndex((text) => text.includes(below));
  if (line < 0) throw new Error(`${file} has no line with: ${below}`);
  return line + 1;
}
