import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend, LoadedModel } from '../backends/backend.ts';
import { computeThreads } from '../backends/threads.ts';
import { ChatFormat } from '../prompt/chatFormat.ts';
import { KvCache } from '../kv/kvCache.ts';
import type { KvMemory } from '../kv/kvMemory.ts';
import type { SnapshotStore } from '../kv/snapshotStore.ts';
import type { Architecture } from '../model/architecture.ts';
import { kvBytes } from '../model/graphInterface.ts';
import { readManifest } from '../model/modelManifest.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import { Answers } from './answers.ts';
import type { ChatModel } from './generateText.ts';
import { createLineModel } from './lineModel.ts';
import type { CompletionModel } from './readByModel.ts';

/** Without a context length of its own training, a model gets one whose prefill a person can wait for. */
const DEFAULT_CONTEXT_TOKENS = 2_048;

export interface LoadedCompletionModel {
  readonly model: LoadedModel;
  readonly completion: CompletionModel;
  /** Null: not tuned for conversations. */
  readonly chat: ChatModel | null;
}

/** Loads the imported model in `folder` with all that completing lines and answering needs. */
export async function loadCompletionModel(
  folder: string,
  backend: Backend,
  memory: KvMemory,
  snapshots?: SnapshotStore,
): Promise<LoadedCompletionModel> {
  const manifest = await readManifest(folder);
  const tokenizer = loadTokenizer(await readFile(join(folder, manifest.tokenizer.name)));
  const threads = computeThreads(backend.name, manifest.parameters);
  const model = await backend.load(folder, manifest, { threads });
  const contextTokens =
    manifest.completion?.contextTokens ??
    Math.min(DEFAULT_CONTEXT_TOKENS, manifest.architecture.maxPositions);
  const cache = new KvCache(model, { capacity: contextTokens, memory, snapshots });
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
      : {
          ...completion,
          contextTokens: Math.max(contextTokens, longestConversation(manifest.architecture, memory)),
          chat: new ChatFormat(manifest.chat, tokenizer),
          answers: new Answers(),
        };
  return { model, completion, chat };
}

/** Positions that the model has and the memory can hold. */
function longestConversation(architecture: Architecture, { budgetBytes }: KvMemory): number {
  return Math.min(architecture.maxPositions, Math.floor(budgetBytes / kvBytes(architecture, 1)));
}
