import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInferenceProcess } from '../../src/inference/inferenceProcess.ts';
import { readArguments } from '../../src/inference/processArguments.ts';

/** In the home folder: the bytes that the machine has left. */
const AVAILABLE_FILE = 'available';

// The real inference process around an engine that does what a test tells it.
const args = readArguments(process.argv.slice(2), import.meta.url);
await runInferenceProcess(args, {
  readAvailable: async () => {
    const text = await readFile(join(args.home, AVAILABLE_FILE), 'utf8').catch(() => null);
    return text === null ? null : Number(text);
  },
  engineWorker: new URL('./fakeEngineWorker.mjs', import.meta.url),
  openStore: () => ({
    ensureImported: async (model) => model,
    import: async () => ({ architecture: 'gemma3', parameters: 0, bytes: 0, milliseconds: 0 }),
  }),
});
