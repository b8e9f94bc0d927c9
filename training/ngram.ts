import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What an n-gram model of the training text would write; null where that text isn't there. */
export function nGramLines(cases: readonly Case[]): Map<Case, string> | null {
  if (!existsSync(file('work/train.jsonl'))) return null;
  const input = cases.map(({ request: { prefix } }) => JSON.stringify({ prefix })).join('\n');
  // Debian's own interpreter has the packages that training installs.
  const { stdout, status } = spawnSync('/usr/bin/python3', [file('ngram.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (status !== 0) return null;
  const lines = stdout.trimEnd().split('\n');
  return new Map(cases.map((example, i) => [example, String(JSON.parse(lines[i] ?? '""'))]));
}
