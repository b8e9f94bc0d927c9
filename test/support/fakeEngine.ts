import type {
  ChatResult,
  CompleteParams,
  CompleteResult,
  ModelInfo,
  Role,
} from '../../src/protocol/engine.ts';
import type { MachineSpeed } from '../../src/protocol/models.ts';
import type { Engine, LoadedModels } from '../../src/inference/engine/engine.ts';
import { GemmaError } from '../../src/protocol/errors.ts';
import type { Turn } from '../../src/inference/kv/turn.ts';

/**
 * An engine that computes nothing and obeys its input, so that a test can put the process into any state:
 * words of a completion's `prefix` (or of a model's folder name) say what to do.
 *
 * - `work 500`: blocks the thread for 500 ms in steps of 10 ms that look at the flag, as prefill does
 * - `stubborn 500`: blocks the thread for 500 ms in one go, as a long native call does
 * - `crash`: ends the process as a segmentation fault would
 * - `oom`: fails as V8 does when memory is exhausted
 * - `size 500`: only for models: takes 500 bytes of memory, otherwise 1
 * - `lost`: fails as a GPU that is gone; from then on `webgpu` is replaced by `native`
 */
export function createFakeEngine(): Engine {
  let loads = 0;
  let isLost = false;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const block = (ms: number): unknown => Atomics.wait(cell, 0, 0, ms);

  async function obey(script: string, turn?: Turn): Promise<void> {
    const [, verb, amount] = /(work|stubborn|crash|oom|lost)(?: (\d+))?/.exec(script) ?? [];
    if (verb === 'crash') process.kill(process.pid, 'SIGKILL');
    if (verb === 'crash') block(10_000);
    if (verb === 'oom') throw new RangeError('Array buffer allocation failed');
    if (verb === 'lost') {
      isLost = true;
      throw new GemmaError('device-lost', 'The GPU is gone.');
    }
    if (verb === 'stubborn') block(Number(amount));
    const end = performance.now() + (verb === 'work' ? Number(amount) : 0);
    while (performance.now() < end) {
      await turn?.step();
      block(10);
    }
  }

  const models: Record<Role, ModelInfo | null> = { completion: null, chat: null };
  const distinct = (): ModelInfo[] => [...new Set(Object.values(models))].filter((model) => model !== null);
  const loaded = (): LoadedModels => ({
    models: { ...models },
    weightBytes: distinct().reduce((sum, { weightBytes }) => sum + weightBytes, 0),
  });

  return {
    kv: null,
    probe: async (choice) => (choice === 'auto' || (choice === 'webgpu' && isLost) ? 'native' : choice),
    backends: async () => ['native', 'wasm'],
    async measure(choice, turn) {
      await obey(choice === 'wasm' ? 'work 500' : '', turn);
      return [fakeSpeed];
    },
    async load(role, { folder, backend, memoryBytes }) {
      models[role] = null;
      const known = distinct().find((model) => model.name === folder && model.backend === backend);
      const model = known ?? modelInfo(folder, backend, loads + 1);
      const others = distinct().filter((other) => other !== model);
      const needed = [model, ...others].reduce((sum, { weightBytes }) => sum + weightBytes, 0);
      if (needed > memoryBytes && others.length > 0) return null;
      if (needed > memoryBytes) throw new GemmaError('out-of-memory', `${folder} doesn't fit.`);
      if (known === undefined) await obey(folder);
      if (known === undefined) loads += 1;
      models[role] = model;
      return loaded();
    },
    async unload(role) {
      models[role] = null;
      return loaded();
    },
    resize: async (memoryBytes) => (loaded().weightBytes > memoryBytes ? null : loaded()),
    trim: async () => undefined,
    async complete(params, turn) {
      await obey(params.prefix, turn);
      return completion(params);
    },
    async warmUp(params, turn) {
      await obey(params.prefix, turn);
      return { promptTokens: 1, cachedTokens: 0 };
    },
    snapshot: async () => undefined,
    prepareQuestion: async () => undefined,
    async chat({ turns }, onText, turn) {
      const text = turns.at(-1)!.text;
      await obey(text, turn);
      onText({ thought: '', answer: text });
      return answer(text);
    },
    countTokens: async (texts) => texts.map(words),
    countChat: async ({ system, turns, prefill }) =>
      [system, ...turns.map(({ text }) => text), prefill].reduce((sum, text) => sum + words(text), 0),
    logits: async () => new Float32Array([1, 2, 3]),
  };
}

export const fakeSpeed: MachineSpeed = {
  backend: 'native',
  quantization: 'q4',
  threads: 1,
  decodeBytesPerSecond: 10e9,
  prefillWeightsPerSecond: 100e9,
};

function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** `parameters` tells how many loads the process has made. */
function modelInfo(folder: string, backend: ModelInfo['backend'], loads: number): ModelInfo {
  return {
    name: folder,
    architecture: 'gemma3',
    parameters: loads,
    quantization: 'q4',
    backend,
    threads: 1,
    contextTokens: 256,
    chat: true,
    chatContextTokens: 4_096,
    languages: [],
    weightBytes: Number(/size (\d+)/.exec(folder)?.[1] ?? 1),
    loadMs: 1,
  };
}

/** The prefix itself, so that a test can tell whose answer it has. */
function completion(params: CompleteParams): CompleteResult {
  return {
    text: params.prefix,
    reason: null,
    source: 'model',
    confidence: 1,
    model: 'fake',
    backend: 'native',
    promptTokens: 1,
    cachedTokens: 0,
    prefillMs: 0,
    decodeMs: 0,
    tokens: 1,
  };
}

function answer(text: string): ChatResult {
  return {
    answer: text,
    thought: '',
    ended: 'stop',
    model: 'fake',
    backend: 'native',
    promptTokens: 1,
    cachedTokens: 0,
    tokens: 1,
    forwards: 1,
    prefillMs: 0,
    decodeMs: 0,
  };
}
