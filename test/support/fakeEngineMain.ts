import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInferenceProcess } from '../../src/inference/inferenceProcess.ts';
import { readArguments } from '../../src/inference/processArguments.ts';
import { isModelId } from '../../src/inference/store/installedModels.ts';
import { StoreWorkerHost } from '../../src/inference/store/storeWorkerHost.ts';

/** Looks after real models, and hands any other name to the engine. */
class NameStore extends StoreWorkerHost {
  override async ensureImported(...args: Parameters<StoreWorkerHost['ensureImported']>): Promise<string> {
    const [model] = args;
    const isInstalled = isModelId(model) && (await this.list()).installed.some(({ id }) => id === model);
    return isInstalled ? super.ensureImported(...args) : model;
  }

  override async import(): Promise<Awaited<ReturnType<StoreWorkerHost['import']>>> {
    return { architecture: 'gemma3', parameters: 0, bytes: 0, milliseconds: 0 };
  }
}

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
  openStore: (home) => new NameStore(new URL('./storeWorker.mjs', import.meta.url), home),
});
