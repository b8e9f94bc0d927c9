import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend, LoadedModel } from '../backends/backend.ts';
import { computeThreads } from '../backends/threads.ts';
import { ChatFormat } from '../prompt/chatFormat.ts';
import { KvCache } from '../kv/kvCache.ts';
import { readManifest } from '../model/modelManifest.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import { Answers } from './answers.ts';
import type { ChatModel } from './generateText.ts';
import { createLineModel } from './lineModel.ts';
import type { CompletionModel } from './readByModel.ts';

/** Without a context length of its own training, a model gets one whose prefill a person can wait for. */
const DEFAULT_CONTEXT_TOKENS = 2_048;
/** For the keys and values of all documents together. */
export const KV_BUDGET_BYTES = 512 * 1024 * 1024;

export interface LoadedCompletionModel {
  readonly model: LoadedModel;
  readonly completion: CompletionModel;
  /** Null: not tuned for conversations. */
  readonly chat: ChatModel | null;
}

/** Loads the imported model in `folder` with all that completing lines and answering needs. */
export async function loadCompletionModel(folder: string, backend: Backend): Promise<LoadedCompletionModel> {
  const manifest = await readManifest(folder);
  const tokenizer = loadTokenizer(await readFile(join(folder, manifest.tokenizer.name)));
  const threads = computeThreads(backend.name, manifest.parameters);
  const model = await backend.load(folder, manifest, { threads });
  const contextTokens =
    manifest.completion?.contextTokens ??
    Math.min(DEFAULT_CONTEXT_TOKENS, manifest.architecture.maxPositions);
  const cache = new KvCache(model, { capacity: contextTokens, budgetBytes: KV_BUDGET_BYTES });
  const completion: CompletionModel = {
    ...createLineModel(manifest, tokenizer),
    backend: backend.name,
    cache,
    contextTokens,
    lastLine: [],
  };
  const chat =
    manifest.chat === null
      ? null
      : { ...completion, chat: new ChatFormat(manifest.chat, tokenizer), answers: new Answers() };
  return { model, completion, chat };
}
