import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `use` with a new folder, and removes it. */
export async function withTemporaryHome(use: (home: string) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'gemma-code-bench-'));
  try {
    await use(home);
  } finally {
    // The inference process may still be closing its files.
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
}
