import { runInferenceProcess } from './inferenceProcess.ts';
import { readArguments } from './processArguments.ts';
import { StoreWorkerHost } from './store/storeWorkerHost.ts';

await runInferenceProcess(readArguments(process.argv.slice(2), import.meta.url), {
  engineWorker: new URL('./engineWorker.mjs', import.meta.url),
  openStore: (home) => new StoreWorkerHost(new URL('./storeWorker.mjs', import.meta.url), home),
});
