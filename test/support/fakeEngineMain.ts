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

// The real inference process around an engine that does what a test tells it.
await runInferenceProcess(readArguments(process.argv.slice(2), import.meta.url), {
  engineWorker: new URL('./fakeEngineWorker.mjs', import.meta.url),
  openStore: (home) => new NameStore(new URL('./storeWorker.mjs', import.meta.url), home),
});
