import type {
  BackendChoice,
  BackendName,
  ChatParams,
  ChatResult,
  CompleteParams,
  CompleteResult,
  CountChatParams,
  KvStatistics,
  ModelInfo,
  WarmUpParams,
  WarmUpResult,
} from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { MachineSpeed } from '../../protocol/models.ts';
import type { Backend } from '../backends/backend.ts';
import { probeBackend, probeBackends } from '../backends/probe.ts';
import { computeThreads } from '../backends/threads.ts';
import { KvCache } from '../kv/kvCache.ts';
import { KvMemory } from '../kv/kvMemory.ts';
import { SnapshotStore } from '../kv/snapshotStore.ts';
import type { Turn } from '../kv/turn.ts';
import { measureBackends, measureSpeed } from '../machine/measureSpeed.ts';
import { usableBackends, worthMeasuring } from '../machine/usableBackends.ts';
import { readManifest } from '../model/modelManifest.ts';
import { languageIds, languageTag } from '../prompt/languages.ts';
import { completeLine } from './completeLine.ts';
import type { Engine, OnText } from './engine.ts';
import { type ChatModel, generateText, prepareQuestion, promptOf } from './generateText.ts';
import { type LoadedCompletionModel, loadCompletionModel } from './loadCompletionModel.ts';
import { type CompletionModel, promptFor } from './readByModel.ts';

/** For the keys and values of all documents and chats together. */
const KV_BUDGET_BYTES = 512 * 1024 * 1024;
/** Some hundred files of a small model, a dozen of a large one. */
const SNAPSHOT_DISK_BYTES = 1024 * 1024 * 1024;

export function createEngine(): Engine {
  return new OnnxEngine();
}

class OnnxEngine implements Engine {
  readonly #backends = new Map<BackendName, Backend>();
  readonly #memory = new KvMemory(KV_BUDGET_BYTES);
  #loaded: LoadedCompletionModel | null = null;

  get kv(): KvStatistics {
    return this.#memory.statistics;
  }

  async probe(choice: BackendChoice): Promise<BackendName> {
    // A GPU may be gone since it was last asked for.
    const isFixed = choice === 'native' || choice === 'wasm';
    const backend = isFixed ? await this.#backend(choice) : await probeBackends(choice);
    this.#backends.set(backend.name, backend);
    return backend.name;
  }

  async backends(turn: Turn): Promise<readonly BackendName[]> {
    return (await usableBackends(turn)).map(({ name }) => name);
  }

  async measure(choice: BackendChoice, turn: Turn): Promise<readonly MachineSpeed[]> {
    if (choice !== 'auto') return [await measureSpeed(await probeBackend(choice), turn)];
    return measureBackends(worthMeasuring(await usableBackends(turn)), turn);
  }

  async load(folder: string, backend: BackendName, snapshots: string | null): Promise<ModelInfo> {
    await this.unload();
    const start = performance.now();
    this.#loaded = await loadCompletionModel(
      folder,
      await this.#backend(backend),
      this.#memory,
      await openSnapshots(snapshots),
    );
    return modelInfo(this.#loaded, performance.now() - start);
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    loaded?.completion.cache.dispose();
    await loaded?.model.dispose();
  }

  async complete(params: CompleteParams, turn: Turn): Promise<CompleteResult> {
    return completeLine(params, this.#modelFor(params.languageId), turn);
  }

  async warmUp(params: WarmUpParams, turn: Turn): Promise<WarmUpResult> {
    const model = this.#modelFor(params.languageId);
    if (model === null) return { promptTokens: 0, cachedTokens: 0 };
    const { tokens } = promptFor(model, params);
    const { cachedTokens } = await model.cache.prefill(tokens, turn);
    return { promptTokens: tokens.length, cachedTokens };
  }

  async snapshot(turn: Turn): Promise<void> {
    await this.#loaded?.completion.cache.store(turn);
  }

  async chat(params: ChatParams, onText: OnText, turn: Turn): Promise<ChatResult> {
    return generateText(this.#chatModel(), params, onText, turn);
  }

  prepareQuestion(params: CountChatParams, turn: Turn): Promise<void> {
    return prepareQuestion(this.#chatModel(), params, turn);
  }

  async countTokens(texts: readonly string[]): Promise<readonly number[]> {
    if (this.#loaded === null) throw new GemmaError('no-model', 'No model is loaded.');
    const { tokenizer } = this.#loaded.completion;
    return texts.map((text) => tokenizer.encode(text).length);
  }

  async countChat(params: CountChatParams): Promise<number> {
    return promptOf(this.#chatModel(), params).tokens.length;
  }

  async logits(
    folder: string,
    backend: BackendName,
    tokens: readonly number[],
    turn: Turn,
  ): Promise<Float32Array> {
    const manifest = await readManifest(folder);
    const { vocabSize, maxPositions } = manifest.architecture;
    const unknown = tokens.find((token) => token >= vocabSize);
    if (unknown !== undefined) {
      throw new GemmaError('bad-input', `Token ${unknown} is outside the vocabulary of ${vocabSize}.`);
    }
    if (tokens.length > maxPositions) {
      throw new GemmaError(
        'bad-input',
        `${tokens.length} tokens are more than the model's ${maxPositions} positions.`,
      );
    }
    const threads = computeThreads(backend, manifest.parameters);
    const model = await (await this.#backend(backend)).load(folder, manifest, { threads });
    const cache = new KvCache(model, { capacity: tokens.length, memory: this.#memory });
    try {
      return (await cache.prefill(tokens, turn)).logits.slice();
    } finally {
      cache.dispose();
      await model.dispose();
    }
  }

  async #backend(name: BackendName): Promise<Backend> {
    const backend = this.#backends.get(name) ?? (await probeBackends(name));
    this.#backends.set(name, backend);
    return backend;
  }

  #chatModel(): ChatModel {
    if (this.#loaded === null) throw new GemmaError('no-model', 'No model is loaded.');
    const { chat, model } = this.#loaded;
    if (chat !== null) return chat;
    throw new GemmaError(
      'bad-input',
      `${model.manifest.name} was not trained for conversations; load an instruction-tuned model.`,
    );
  }

  /** The loaded model when it can judge code of this language; null when copies must stand alone. */
  #modelFor(languageId: string): CompletionModel | null {
    if (this.#loaded === null) throw new GemmaError('no-model', 'No model is loaded.');
    const { completion } = this.#loaded;
    const languages = completion.manifest.completion?.languages ?? null;
    return languages === null || languages.includes(languageTag(languageId)) ? completion : null;
  }
}

async function openSnapshots(folder: string | null): Promise<SnapshotStore | undefined> {
  if (folder === null) return undefined;
  // A folder that can't be used is no reason to do without the model.
  return SnapshotStore.open(folder, { diskBytes: SNAPSHOT_DISK_BYTES }).catch(() => undefined);
}

function modelInfo({ model, completion, chat }: LoadedCompletionModel, loadMs: number): ModelInfo {
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
