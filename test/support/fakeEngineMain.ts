import { runInferenceProcess } from '../../src/inference/inferenceProcess.ts';
import { readArguments } from '../../src/inference/processArguments.ts';

// The real inference process around an engine that does what a test tells it.
await runInferenceProcess(readArguments(process.argv.slice(2), import.meta.url), {
  engineWorker: new URL('./fakeEngineWorker.mjs', import.meta.url),
  openStore: () => ({
    ensureImported: async (model) => model,
    import: async () => ({ architecture: 'gemma3', parameters: 0, bytes: 0, milliseconds: 0 }),
  }),
});
