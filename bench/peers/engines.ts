import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { createNativeBackend } from '../../src/inference/backends/native.ts';
import { readManifest } from '../../src/inference/model/modelManifest.ts';

/** One model in one engine with one sequence of tokens. */
export interface PeerEngine {
  /** Computes `tokens` after the first `past` of the sequence, and the logits after the last one. */
  run(past: number, tokens: readonly number[]): Promise<void>;
}

export const engineNames = ['ours', 'llama.cpp'] as const;
export type EngineName = (typeof engineNames)[number];

/** @param path of the imported model, or of the GGUF file */
export function openEngine(
  name: EngineName,
  path: string,
  threads: number,
  positions: number,
): Promise<PeerEngine> {
  return name === 'ours' ? openOurs(path, threads, positions) : openLlamaCpp(path, threads, positions);
}

/** As a Sequence prefills. */
const CHUNK = 64;

async function openOurs(folder: string, threads: number, positions: number): Promise<PeerEngine> {
  const model = await createNativeBackend().load(folder, await readManifest(folder), { threads });
  const kv = model.createKvBuffer(positions);
  return {
    async run(past, tokens) {
      for (let start = 0; start < tokens.length; start += CHUNK)
        await model.forward(kv, past + start, tokens.slice(start, start + CHUNK), 1);
    },
  };
}

/** What of llama.cpp lies under the public interface, which samples a token after every run: that takes longer. */
interface LlamaCppContext {
  initBatch(size: number): void;
  addToBatch(sequence: number, first: number, tokens: Uint32Array, withLogits: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
}

function isLlamaCppContext(value: unknown): value is LlamaCppContext {
  return typeof value === 'object' && value !== null && 'decodeBatch' in value;
}

async function openLlamaCpp(modelPath: string, threads: number, positions: number): Promise<PeerEngine> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath });
  // Its fastest settings; the full cache lets Gemma 3 be rewound.
  const settings = { threads, flashAttention: true, swaFullCache: true, contextSize: positions };
  const context: unknown = Reflect.get(await model.createContext(settings), '_ctx');
  if (!isLlamaCppContext(context)) throw new TypeError('node-llama-cpp has another inside.');
  let length = 0;
  return {
    async run(past, tokens) {
      if (past < length) context.removeTokenCellsFromSequence(0, past, length);
      length = past + tokens.length;
      context.initBatch(tokens.length);
      context.addToBatch(0, past, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1));
      await context.decodeBatch();
    },
  };
}
