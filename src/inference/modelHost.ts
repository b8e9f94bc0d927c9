import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type {
  BackendName,
  EventBody,
  ModelInfo,
  Quantization,
  RequestParams,
  Role,
} from '../protocol/engine.ts';
import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import type { CancelFlag } from './engine/cancelFlag.ts';
import type { Engine, LoadedModels } from './engine/engine.ts';
import type { Jobs } from './jobs.ts';
import type { ModelStore } from './modelStore.ts';

type Load = Omit<RequestParams<'load'>, 'memoryBytes'>;

export interface ModelHostOptions {
  readonly engine: Engine<CancelFlag>;
  readonly jobs: Jobs;
  readonly store: ModelStore;
  /** Checkpoint folder of the model that is used when none is named. */
  readonly embeddedModel: string;
  /** Folder for what is to outlive the process, where a load allows it. */
  readonly snapshots: string;
  /** What all models together may take when no load says so, in bytes. */
  readonly defaultMemory: number;
  readonly onProgress: (progress: EventBody<'progress'>) => void;
  readonly onModel: (role: Role, model: ModelInfo | null) => void;
}

/** An imported model and what runs it. */
interface Source {
  readonly folder: string;
  readonly backend: BackendName;
}

/** What is known of the model of one role. */
interface Place {
  model: ModelInfo | null;
  /** Of `model`, or of the one before. */
  source: Source | null;
  /** The latest load that worked. */
  loaded: Load | null;
  loading: { readonly load: Load; readonly promise: Promise<ModelInfo> } | null;
  /** By `performance.now()`. */
  usedAt: number;
}

const roles: readonly Role[] = ['completion', 'chat'];
const otherThan = { completion: 'chat', chat: 'completion' } as const;

/**
 * Keeps a model for each role, for all clients: the same model asked for twice is loaded once, and one that was given
 * back comes again when somebody asks. Models that have no room side by side take turns.
 */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #places: { readonly [R in Role]: Place } = { completion: emptyPlace(), chat: emptyPlace() };
  #memoryBytes: number;
  #weightBytes = 0;
  /** Plans are made one after the other: two at once might both find the same room. */
  #planning: Promise<unknown> = Promise.resolve();

  constructor(options: ModelHostOptions) {
    this.#options = options;
    this.#memoryBytes = options.defaultMemory;
  }

  get models(): { readonly [R in Role]: ModelInfo | null } {
    return { completion: this.#places.completion.model, chat: this.#places.chat.model };
  }

  /** Of the models that are loaded: their files are in use. */
  get folders(): readonly string[] {
    return roles.map((role) => this.#folderOf(role)).filter((folder) => folder !== null);
  }

  /** What the models may take, and what their weights take; in bytes. */
  get memory(): { readonly budgetBytes: number; readonly weightBytes: number } {
    return { budgetBytes: this.#memoryBytes, weightBytes: this.#weightBytes };
  }

  load({ memoryBytes, ...asked }: RequestParams<'load'>): Promise<ModelInfo> {
    this.#allow(memoryBytes);
    const place = this.#places[asked.role];
    const load: Load = { ...asked, snapshots: asked.snapshots ?? this.#snapshotsOf(asked) };
    if (place.loading !== null && isSame(place.loading.load, load)) return place.loading.promise;
    if (
      place.loading === null &&
      place.model !== null &&
      place.loaded !== null &&
      isSame(place.loaded, load)
    ) {
      return Promise.resolve(place.model);
    }
    const earlier = place.loading?.promise.catch(() => undefined);
    const loading = { load, promise: this.#run(load, earlier) };
    place.loading = loading;
    loading.promise.then(
      () => this.#settle(loading, null),
      (error: unknown) => this.#settle(loading, toGemmaError(error)),
    );
    return loading.promise;
  }

  /** @throws GemmaError `no-model` when none is loaded, being loaded, or to be loaded again */
  ensureModel(role: Role): void {
    const { model, loaded, loading } = this.#places[role];
    if (model !== null || loading !== null) return;
    if (loaded === null) throw new GemmaError('no-model', 'No model is loaded; load one first.');
    void this.load(loaded).catch(() => undefined);
  }

  /** Somebody asks something of the role's model, or was answered. */
  use(role: Role): void {
    this.#places[role].usedAt = performance.now();
  }

  /** Gives the memory back until somebody asks again, unless somebody does now. */
  async unload(role: Role): Promise<void> {
    if (this.#isIdle(role)) await this.#giveBack(role);
  }

  /** Gives everything back, whatever runs: it can't be used any more. */
  unloadAll(): Promise<void> {
    return this.unloadFrom(() => true);
  }

  /** Gives back what lies in such folders, whatever runs. */
  async unloadFrom(isMeant: (folder: string) => boolean): Promise<void> {
    for (const role of roles) {
      const folder = this.#folderOf(role);
      if (folder !== null && isMeant(folder)) await this.#giveBack(role);
    }
  }

  /** Gives back the model that was used least recently, of those that nothing has used for `idleMs`. */
  async unloadOne(idleMs: number): Promise<void> {
    const since = (role: Role): number => performance.now() - this.#places[role].usedAt;
    const groups = this.#shared() ? [roles] : roles.map((role) => [role]);
    const [longest] = groups
      .map((group) => ({ group, idleFor: Math.min(...group.map(since)) }))
      .filter(({ group, idleFor }) => idleFor >= idleMs && group.every((role) => this.#isIdle(role)))
      .toSorted((a, b) => b.idleFor - a.idleFor);
    for (const role of longest?.group ?? []) await this.unload(role);
  }

  /** Ends keys and values that nothing uses now. @returns whether there were any */
  async trim(): Promise<boolean> {
    const { engine, jobs } = this.#options;
    const { kv } = engine;
    if (kv === null || kv.bytes <= kv.pinnedBytes) return false;
    await jobs.submit({ kind: 'trim', run: () => engine.trim() });
    return true;
  }

  /** Writes to disk what it would take long to compute again after a restart. */
  async snapshot(): Promise<void> {
    const { engine, jobs } = this.#options;
    const kept = roles.filter((role) => {
      const { model, loaded } = this.#places[role];
      return model !== null && loaded?.snapshots === true;
    });
    for (const role of this.#shared() ? kept.slice(0, 1) : kept) {
      await jobs.submit({
        kind: 'snapshot',
        role,
        document: role,
        run: (cancel) => engine.snapshot(role, cancel),
      });
    }
  }

  /**
   * The backend for `choice`, and the imported form of `model` for it.
   *
   * @param role what it is for; null: neither
   */
  async prepare(
    role: Role | null,
    model: string,
    choice: Load['backend'],
    quantization?: Quantization,
  ): Promise<Source> {
    const { engine, jobs, store, onProgress } = this.#options;
    const backend = await jobs.submit({ kind: 'probe', run: () => engine.probe(choice) });
    const folder = await store.ensureImported(model, quantization ?? { bestFor: backend }, (fraction) =>
      onProgress({ step: 'import', role, fraction }),
    );
    return { folder, backend };
  }

  /** Of the role's model; null: none is loaded. */
  #folderOf(role: Role): string | null {
    const { model, source } = this.#places[role];
    return model === null || source === null ? null : source.folder;
  }

  async #run(load: Load, earlier: Promise<unknown> | undefined): Promise<ModelInfo> {
    await earlier;
    const source = await this.prepare(load.role, load.model ?? this.#options.embeddedModel, load.backend);
    return this.#plan(async () => {
      for (;;) {
        const model = await this.#put(load, source);
        if (model !== null) return model;
        await this.#giveBack(otherThan[load.role]);
      }
    });
  }

  /** @returns null when there is no room beside the other role's model */
  #put(load: Load, source: Source): Promise<ModelInfo | null> {
    const { engine, jobs, snapshots, onProgress } = this.#options;
    const { role } = load;
    return jobs.submit({
      kind: 'load',
      role,
      run: async (cancel) => {
        onProgress({ step: 'load', role, fraction: 0 });
        this.#become(role, null);
        if (load.snapshots === false) await rm(snapshots, { recursive: true, force: true });
        const loaded = await engine.load(
          role,
          {
            ...source,
            snapshots: load.snapshots === true ? snapshots : null,
            memoryBytes: this.#memoryBytes,
          },
          cancel,
        );
        if (loaded === null) return null;
        const place = this.#places[role];
        place.loaded = load;
        place.source = source;
        this.use(role);
        this.#note(loaded);
        onProgress({ step: 'load', role, fraction: 1 });
        return place.model;
      },
    });
  }

  /** When what runs on it is answered. What comes meanwhile has it loaded again. */
  async #giveBack(role: Role): Promise<void> {
    const { engine, jobs } = this.#options;
    await jobs.submit({
      kind: 'unload',
      role,
      run: async () => {
        this.#become(role, null);
        this.#note(await engine.unload(role));
      },
    });
    if (jobs.waitsFor(role)) this.ensureModel(role);
  }

  /** @param bytes as in LoadParams */
  #allow(bytes: number | undefined): void {
    const { defaultMemory, engine, jobs } = this.#options;
    const memoryBytes = bytes === 0 ? defaultMemory : (bytes ?? this.#memoryBytes);
    if (memoryBytes === this.#memoryBytes) return;
    this.#memoryBytes = memoryBytes;
    const shrink = async (): Promise<void> => {
      for (;;) {
        const loaded = await jobs.submit({ kind: 'trim', run: () => engine.resize(memoryBytes) });
        if (loaded !== null) return this.#note(loaded);
        const [longest] = roles
          .filter((role) => this.#places[role].model !== null)
          .toSorted((a, b) => this.#places[a].usedAt - this.#places[b].usedAt);
        if (longest === undefined) return;
        await this.#giveBack(longest);
      }
    };
    // Whoever loads next hears what is wrong.
    if (this.#weightBytes > 0) this.#plan(shrink).catch(() => undefined);
  }

  #plan<T>(work: () => Promise<T>): Promise<T> {
    const planned = this.#planning.then(work);
    this.#planning = planned.catch(() => undefined);
    return planned;
  }

  #isIdle(role: Role): boolean {
    const { jobs } = this.#options;
    const { model, loading } = this.#places[role];
    return model !== null && loading === null && !jobs.runsOn(role) && !jobs.waitsFor(role);
  }

  /** Whether one model has both roles. */
  #shared(): boolean {
    const { completion, chat } = this.#places;
    return (
      completion.model !== null && chat.model !== null && isDeepStrictEqual(completion.source, chat.source)
    );
  }

  /** A client without an opinion about snapshots shares the model of those that have one. */
  #snapshotsOf({ role, model }: Load): boolean | undefined {
    const loads = [role, otherThan[role]].flatMap((one) => {
      const { loading, loaded } = this.#places[one];
      return [loading?.load, loaded];
    });
    return loads.find((load) => load?.model === model && load?.snapshots !== undefined)?.snapshots;
  }

  #note({ models, weightBytes }: LoadedModels): void {
    this.#weightBytes = weightBytes;
    for (const role of roles) this.#become(role, models[role]);
  }

  #become(role: Role, model: ModelInfo | null): void {
    const place = this.#places[role];
    const changed = !isDeepStrictEqual(place.model, model);
    place.model = model;
    this.#options.jobs.setReady(role, model !== null);
    if (changed) this.#options.onModel(role, model);
  }

  #settle(loading: { readonly load: Load }, error: GemmaError | null): void {
    const { role } = loading.load;
    const place = this.#places[role];
    if (place.loading !== loading) return;
    place.loading = null;
    if (error !== null && place.model === null) this.#options.jobs.failWaitingFor(role, error);
  }
}

function emptyPlace(): Place {
  return { model: null, source: null, loaded: null, loading: null, usedAt: 0 };
}

function isSame(one: Load, other: Load): boolean {
  return one.model === other.model && one.backend === other.backend && one.snapshots === other.snapshots;
}
