import { rm } from 'node:fs/promises';
import type { BackendName, EventBody, ModelInfo, Quantization, RequestParams } from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import type { CancelFlag } from './engine/cancelFlag.ts';
import type { Engine } from './engine/engine.ts';
import type { Jobs } from './jobs.ts';
import type { ModelStore } from './modelStore.ts';

type Load = RequestParams<'load'>;

export interface ModelHostOptions {
  readonly engine: Engine<CancelFlag>;
  readonly jobs: Jobs;
  readonly store: ModelStore;
  /** Checkpoint folder of the model that is used when none is named. */
  readonly embeddedModel: string;
  /** Folder for what is to outlive the process, where a load allows it. */
  readonly snapshots: string;
  readonly onProgress: (progress: EventBody<'progress'>) => void;
  readonly onModel: (model: ModelInfo | null) => void;
}

/** Keeps one model for all clients: the same model asked for twice is loaded once, a given-back one is reloaded. */
export class ModelHost {
  readonly #options: ModelHostOptions;
  #model: ModelInfo | null = null;
  /** Of the model. */
  #folder: string | null = null;
  /** The latest load that worked. */
  #loaded: Load | null = null;
  #loading: { readonly load: Load; readonly promise: Promise<ModelInfo> } | null = null;

  constructor(options: ModelHostOptions) {
    this.#options = options;
  }

  get model(): ModelInfo | null {
    return this.#model;
  }

  /** Of the models that are loaded: their files are in use. */
  get folders(): readonly string[] {
    return this.#model === null || this.#folder === null ? [] : [this.#folder];
  }

  load(asked: Load): Promise<ModelInfo> {
    // A client without an opinion about snapshots shares the model of those that have one.
    const { snapshots } = this.#loading?.load ?? this.#loaded ?? {};
    const load = { ...asked, snapshots: asked.snapshots ?? snapshots };
    if (this.#loading !== null && isSame(this.#loading.load, load)) return this.#loading.promise;
    if (
      this.#loading === null &&
      this.#model !== null &&
      this.#loaded !== null &&
      isSame(this.#loaded, load)
    ) {
      return Promise.resolve(this.#model);
    }
    const earlier = this.#loading?.promise.catch(() => undefined);
    const loading = { load, promise: this.#run(load, earlier) };
    this.#loading = loading;
    loading.promise.then(
      () => this.#settle(loading, null),
      (error: unknown) => this.#settle(loading, toGemmaError(error)),
    );
    return loading.promise;
  }

  /** @throws GemmaError `no-model` when none is loaded, being loaded, or to be loaded again */
  ensureModel(): void {
    if (this.#model !== null || this.#loading !== null) return;
    if (this.#loaded === null) throw new GemmaError('no-model', 'No model is loaded; load one first.');
    void this.load(this.#loaded).catch(() => undefined);
  }

  /** Gives the memory back until somebody asks again. */
  async unload(): Promise<void> {
    if (this.#model === null || this.#loading !== null) return;
    const { engine, jobs } = this.#options;
    await jobs.submit({
      kind: 'model',
      document: null,
      run: async () => {
        this.#become(null);
        await engine.unload();
      },
    });
  }

  /** Writes to disk what it would take long to compute again after a restart. */
  async snapshot(): Promise<void> {
    if (this.#model === null || this.#loaded?.snapshots !== true) return;
    const { engine, jobs } = this.#options;
    await jobs.submit({
      kind: 'snapshot',
      document: 'all',
      run: (cancel) => engine.snapshot(cancel),
    });
  }

  /** The backend for `choice`, and the imported form of `model` for it. */
  async prepare(
    model: string,
    choice: Load['backend'],
    quantization?: Quantization,
  ): Promise<{ readonly folder: string; readonly backend: BackendName }> {
    const { engine, jobs, store, onProgress } = this.#options;
    const backend = await jobs.submit({ kind: 'model', document: null, run: () => engine.probe(choice) });
    const folder = await store.ensureImported(model, quantization ?? { bestFor: backend }, (fraction) =>
      onProgress({ step: 'import', role: 'completion', fraction }),
    );
    return { folder, backend };
  }

  async #run(load: Load, earlier: Promise<unknown> | undefined): Promise<ModelInfo> {
    await earlier;
    const { engine, jobs, embeddedModel, snapshots, onProgress } = this.#options;
    const { folder, backend } = await this.prepare(load.model ?? embeddedModel, load.backend);
    return jobs.submit({
      kind: 'model',
      document: null,
      run: async () => {
        onProgress({ step: 'load', role: 'completion', fraction: 0 });
        this.#become(null);
        if (load.snapshots === false) await rm(snapshots, { recursive: true, force: true });
        const model = await engine.load(folder, backend, load.snapshots === true ? snapshots : null);
        this.#loaded = load;
        this.#folder = folder;
        this.#become(model);
        onProgress({ step: 'load', role: 'completion', fraction: 1 });
        return model;
      },
    });
  }

  #become(model: ModelInfo | null): void {
    const changed = this.#model !== null || model !== null;
    this.#model = model;
    this.#options.jobs.modelReady = model !== null;
    if (changed) this.#options.onModel(model);
  }

  #settle(loading: { readonly load: Load }, error: GemmaError | null): void {
    if (this.#loading !== loading) return;
    this.#loading = null;
    if (error !== null && this.#model === null) this.#options.jobs.failWaitingForModel(error);
  }
}

function isSame(one: Load, other: Load): boolean {
  return one.model === other.model && one.backend === other.backend && one.snapshots === other.snapshots;
}
