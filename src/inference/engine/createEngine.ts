import type {
  BackendChoice,
  BackendName,
  ChatParams,
  ChatResult,
  CompleteParams,
  CompleteResult,
  CountChatParams,
  KvStatistics,
  Role,
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
import { availableMemory } from '../machineMemory.ts';
import type { Turn } from '../kv/turn.ts';
import { measureBackends, measureSpeed } from '../machine/measureSpeed.ts';
import { usableBackends, worthMeasuring } from '../machine/usableBackends.ts';
import { readManifest } from '../model/modelManifest.ts';
import { languageTag } from '../prompt/languages.ts';
import { completeLine } from './completeLine.ts';
import type { Engine, LoadedModels, LoadPlan, OnText } from './engine.ts';
import { type ChatModel, generateText, prepareQuestion, promptOf } from './generateText.ts';
import { kvBudget } from './memoryPlan.ts';
import { ModelSlots } from './modelSlots.ts';
import { type CompletionModel, promptFor } from './readByModel.ts';

export function createEngine(): Engine {
  return new OnnxEngine();
}

class OnnxEngine implements Engine {
  readonly #backends = new Map<BackendName, Backend>();
  readonly #memory = new KvMemory(kvBudget([], Infinity));
  readonly #slots = new ModelSlots(this.#memory, (name) => this.#backend(name), availableMemory);
  #usable: readonly Backend[] | null = null;

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
    return (await this.#usableBackends(turn)).map(({ name }) => name);
  }

  async measure(choice: BackendChoice, turn: Turn): Promise<readonly MachineSpeed[]> {
    if (choice !== 'auto') return [await measureSpeed(await probeBackend(choice), turn)];
    return measureBackends(worthMeasuring(await this.#usableBackends(turn)), turn);
  }

  load(role: Role, plan: LoadPlan, turn: Turn): Promise<LoadedModels | null> {
    return this.#slots.load(role, plan, turn);
  }

  unload(role: Role): Promise<LoadedModels> {
    return this.#slots.unload(role);
  }

  async resize(memoryBytes: number): Promise<LoadedModels | null> {
    return this.#slots.resize(memoryBytes);
  }

  async trim(): Promise<void> {
    this.#memory.live.trim(0);
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

  snapshot(role: Role, turn: Turn): Promise<void> {
    return this.#slots.of(role).completion.cache.store(turn);
  }

  async chat(params: ChatParams, onText: OnText, turn: Turn): Promise<ChatResult> {
    return generateText(this.#chatModel(), params, onText, turn);
  }

  prepareQuestion(params: CountChatParams, turn: Turn): Promise<void> {
    return prepareQuestion(this.#chatModel(), params, turn);
  }

  async countTokens(texts: readonly string[]): Promise<readonly number[]> {
    const { tokenizer } = this.#slots.of('chat').completion;
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

  /** Found once: a GPU that is lost later is missed when it is used. */
  async #usableBackends(turn: Turn): Promise<readonly Backend[]> {
    this.#usable ??= await usableBackends(turn);
    return this.#usable;
  }

  #chatModel(): ChatModel {
    const { chat, model } = this.#slots.of('chat');
    if (chat !== null) return chat;
    throw new GemmaError(
      'bad-input',
      `${model.manifest.name} was not trained for conversations; load an instruction-tuned model.`,
    );
  }

  /** The loaded model when it can judge code of this language; null when copies must stand alone. */
  #modelFor(languageId: string): CompletionModel | null {
    const { completion } = this.#slots.of('completion');
    const languages = completion.manifest.completion?.languages ?? null;
    return languages === null || languages.includes(languageTag(languageId)) ? completion : null;
  }
}
