import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread, parentPort } from 'node:worker_threads';
import * as v from 'valibot';
import { serveEngine } from '../../../src/inference/engine/engineService.ts';
import { runInferenceProcess } from '../../../src/inference/inferenceProcess.ts';
import { readArguments } from '../../../src/inference/processArguments.ts';
import { nameStore } from '../nameStore.ts';
import { createScriptedEngine } from './scriptedEngine.ts';
import { RECEIVED_FILE, Script, SCRIPT_FILE } from './script.ts';

// The real inference process around a scripted engine, in one file that is both the process and its engine's thread.
if (isMainThread) {
  await runInferenceProcess(readArguments(process.argv.slice(2), import.meta.url), {
    engineWorker: new URL(import.meta.url),
    openStore: () => nameStore,
  });
} else if (parentPort !== null) {
  const script = v.parse(Script, JSON.parse(readFileSync(new URL(SCRIPT_FILE, import.meta.url), 'utf8')));
  const received = new URL(RECEIVED_FILE, import.meta.url);
  const engine = createScriptedEngine(script, (params) => {
    appendFileSync(received, `${JSON.stringify(params)}\n`);
  });
  serveEngine(parentPort, engine);
}
