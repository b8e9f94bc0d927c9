import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelInfo } from '../../protocol/engine.ts';
import type { Backend, LoadedModel } from '../backends/backend.ts';
import { computeThreads } from '../backends/threads.ts';
import { ChatFormat } from '../prompt/chatFormat.ts';
import { KvCache } from '../kv/kvCache.ts';
import type { KvMemory } from '../kv/kvMemory.ts';
import type { Architecture } from '../model/architecture.ts';
import { kvBytes } from '../model/graphInterface.ts';
import type { ModelManifest } from '../model/modelManifest.ts';
import { languageIds } from '../prompt/languages.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import { Answers } from './answers.ts';
import type { ChatModel } from './generateText.ts';
import { createLineModel } from './lineModel.ts';
import type { CompletionModel } from './readByModel.ts';

/** Without a context length of its own training, a model gets one whose prefill a person can wait for. */
const DEFAULT_CONTEXT_TOKENS = 2_048;

/** A model with all that completing lines and answering needs. */
export interface ReadyModel {
  readonly model: LoadedModel;
  readonly completion: CompletionModel;
  /** Null: not tuned for conversations. */
  readonly chat: ChatModel | null;
  readonly loadMs: number;
}

/** Loads the imported model in `folder`. @throws GemmaError as Backend.load */
export async function loadModel(
  folder: string,
  manifest: ModelManifest,
  backend: Backend,
  memory: KvMemory,
): Promise<ReadyModel> {
  const start = performance.now();
  const tokenizer = loadTokenizer(await readFile(join(folder, manifest.tokenizer.name)));
  const threads = computeThreads(backend.name, manifest.parameters);
  const model = await backend.load(folder, manifest, { threads });
  const contextTokens = contextOf(manifest);
  const completion: CompletionModel = {
    ...createLineModel(manifest, tokenizer),
    backend: backend.name,
    cache: new KvCache(model, { capacity: contextTokens, memory }),
    contextTokens,
    lastLine: [],
  };
  const chat =
    manifest.chat === null
      ? null
      : {
          ...completion,
          // The memory changes with what else is loaded.
          get contextTokens() {
            return Math.max(contextTokens, longestConversation(manifest.architecture, memory));
          },
          chat: new ChatFormat(manifest.chat, tokenizer),
          answers: new Answers(),
        };
  return { model, completion, chat, loadMs: performance.now() - start };
}

/** Tokens of the longest completion prompt. */
export function contextOf({ completion, architecture }: ModelManifest): number {
  return completion?.contextTokens ?? Math.min(DEFAULT_CONTEXT_TOKENS, architecture.maxPositions);
}

/** The model as clients know it, now. */
export function modelInfo({ model, completion, chat, loadMs }: ReadyModel): ModelInfo {
  const { manifest, backend, threads } = model;
  return {
    name: manifest.name,
    architecture: manifest.architecture.generation,
    parameters: manifest.parameters,
    quantization: manifest.quantization,
    backend,
    threads,
    contextTokens: completion.contextTokens,
    chat: chat !== null,
    chatContextTokens: chat?.contextTokens ?? 0,
    languages: languageIds(manifest.completion?.languages ?? []),
    weightBytes: manifest.weights.reduce((sum, file) => sum + file.bytes, 0),
    loadMs,
  };
}

/** Positions that the model has and the memory can hold. */
function longestConversation(architecture: Architecture, { budgetBytes }: KvMemory): number {
  return Math.min(architecture.maxPositions, Math.floor(budgetBytes / kvBytes(architecture, 1)));
}
