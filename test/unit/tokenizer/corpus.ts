import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

/** Installed packages with readable code and prose, all pinned by the lock file. */
const packages = [
  'preact',
  'valibot',
  'vscode-jsonrpc',
  'fast-check',
  'mocha',
  '@types/node',
  '@types/vscode',
];

/** Scripts that code seldom shows: most of their characters have no piece of their own. */
export const multilingual = [
  'Größe, naïve façade, Straße — “quoted” … €5',
  'Привет, мир! Это комментарий в коде.',
  '日本語のコメント：変数を初期化する。中文註釋與简体字',
  '한국어 주석입니다. مرحبا بالعالم שלום עולם',
  'नमस्ते दुनिया, ไทยไม่มีช่องว่าง',
  '👋🏽 👩‍👩‍👧‍👦 🇩🇪 🏳️‍🌈 𝒳 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10ffff} \ufeff \u200b',
  'e\u0301 vs \u00e9, \u00a0 no-break, \u2028 line separator, \u0000 nul, \u007f',
];

/** Texts of source files, in a fixed order. */
export function sourceFiles(maxFileBytes = 200_000): string[] {
  const texts = packages.flatMap((name) => filesUnder(path.join(root, 'node_modules', name)));
  const own = ['src', 'test'].flatMap((name) => filesUnder(path.join(root, name)));
  return [...texts, ...own]
    .filter((file) => /\.(?:ts|js|mjs|cjs|md|json)$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .filter((text) => text.length <= maxFileBytes);
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
