import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type {
  BackendChoice,
  BackendName,
  CompleteParams,
  CompleteResult,
  ModelInfo,
  WarmUpParams,
  WarmUpResult,
} from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { Backend, LoadedModel } from '../backends/backend.ts';
import { probeBackends } from '../backends/probe.ts';
import { KvCache } from '../kv/kvCache.ts';
import { type ModelManifest, readManifest } from '../model/modelManifest.ts';
import { languageIds, languageTag } from '../prompt/languages.ts';
import { loadTokenizer } from '../tokenizer/loadTokenizer.ts';
import type { CancelFlag } from './cancelFlag.ts';
import { completeLine } from './completeLine.ts';
import type { Engine } from './engine.ts';
import { createLineModel } from './lineModel.ts';
import { type CompletionModel, promptFor } from './readByModel.ts';

/** Without a context length of its own training, a model gets one whose prefill a person can wait for. */
const DEFAULT_CONTEXT_TOKENS = 2_048;
/** For the keys and values of all documents together. */
const KV_BUDGET_BYTES = 512 * 1024 * 1024;

export function createEngine(): Engine {
  return new OnnxEngine();
}

interface Loaded {
  readonly model: LoadedModel;
  readonly completion: CompletionModel;
}

class OnnxEngine implements Engine {
  readonly #backends = new Map<BackendName, Backend>();
  #loaded: Loaded | null = null;

  get kvBytes(): number {
    return this.#loaded?.completion.cache.bytes ?? 0;
  }

  async probe(choice: BackendChoice): Promise<BackendName> {
    const known = choice === 'auto' ? undefined : this.#backends.get(choice);
    const backend = known ?? (await probeBackends(choice));
    this.#backends.set(backend.name, backend);
    return backend.name;
  }

  async load(folder: string, backend: BackendName): Promise<ModelInfo> {
    await this.unload();
    const start = performance.now();
    const manifest = await readManifest(folder);
    const tokenizer = loadTokenizer(await readFile(join(folder, manifest.tokenizer.name)));
    const model = await this.#loadModel(folder, manifest, backend);
    const contextTokens =
      manifest.completion?.contextTokens ??
      Math.min(DEFAULT_CONTEXT_TOKENS, manifest.architecture.maxPositions);
    const cache = new KvCache(model, { capacity: contextTokens, budgetBytes: KV_BUDGET_BYTES });
    const completion = { ...createLineModel(manifest, tokenizer), backend, cache, contextTokens };
    this.#loaded = { model, completion };
    return modelInfo(model, contextTokens, performance.now() - start);
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    loaded?.completion.cache.dispose();
    await loaded?.model.dispose();
  }

  async complete(params: CompleteParams, cancel: CancelFlag): Promise<CompleteResult> {
    return completeLine(params, this.#modelFor(params.languageId), cancel);
  }

  async warmUp(params: WarmUpParams, cancel: CancelFlag): Promise<WarmUpResult> {
    const model = this.#modelFor(params.languageId);
    if (model === null) return { promptTokens: 0, cachedTokens: 0 };
    const { tokens } = promptFor(model, params);
    const { cachedTokens } = await model.cache.prefill(tokens, cancel);
    return { promptTokens: tokens.length, cachedTokens };
  }

  async logits(
    folder: string,
    backend: BackendName,
    tokens: readonly number[],
    cancel: CancelFlag,
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
    const model = await this.#loadModel(folder, manifest, backend);
    const cache = new KvCache(model, { capacity: tokens.length, budgetBytes: KV_BUDGET_BYTES });
    try {
      return (await cache.prefill(tokens, cancel)).logits.slice();
    } finally {
      cache.dispose();
      await model.dispose();
    }
  }

  async #loadModel(folder: string, manifest: ModelManifest, name: BackendName): Promise<LoadedModel> {
    if (!this.#backends.has(name)) await this.probe(name);
    const backend = this.#backends.get(name);
    if (backend === undefined)
      throw new GemmaError('backend-unavailable', `The ${name} backend is not available.`);
    // One core stays free for the editor.
    return backend.load(folder, manifest, { threads: Math.max(1, availableParallelism() - 1) });
  }

  /** The loaded model when it can judge code of this language; null when copies must stand alone. */
  #modelFor(languageId: string): CompletionModel | null {
    if (this.#loaded === null) throw new GemmaError('no-model', 'No model is loaded.');
    const { completion } = this.#loaded;
    const training = completion.manifest.completion;
    return training === null || training.languages.includes(languageTag(languageId)) ? completion : null;
  }
}

function modelInfo(model: LoadedModel, contextTokens: number, loadMs: number): ModelInfo {
  const { manifest, backend, threads } = model;
  return {
    name: manifest.name,
    architecture: manifest.architecture.generation,
    parameters: manifest.parameters,
    quantization: manifest.quantization,
    backend,
    threads,
    contextTokens,
    languages: languageIds(manifest.completion?.languages ?? []),
    weightBytes: manifest.weights.reduce((sum, file) => sum + file.bytes, 0),
    loadMs,
  };
}
