import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import type { DownloadParams, ModelId, ModelList, TransferView } from '../protocol/models.ts';
import type { ModelStore } from './modelStore.ts';
import { Speed } from './speed.ts';

export interface TransfersOptions {
  readonly store: ModelStore;
  /** Called when one has gone on, at most four times a second. */
  readonly onChange: (transfers: readonly TransferView[]) => void;
  readonly onInstalled: () => void;
}

const TELL_INTERVAL_MS = 250;

interface Running {
  readonly stop: AbortController;
  readonly speed: Speed;
  /** Settles without an error when it has let go of its files. */
  readonly ended: Promise<void>;
}

/** All downloads of this process and what earlier ones left, each at most once, for all clients together. */
export class Transfers {
  readonly #options: TransfersOptions;
  readonly #views = new Map<ModelId, TransferView>();
  readonly #running = new Map<ModelId, Running>();
  readonly #starting = new Map<ModelId, Promise<TransferView>>();
  #told = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running.size + this.#starting.size > 0;
  }

  /** What the store says, with what is known here of those that run or failed. */
  async list(): Promise<ModelList> {
    const list = await this.#options.store.list();
    const stored = new Map(list.transfers.map((view) => [view.id, view]));
    for (const id of this.#views.keys()) {
      if (!stored.has(id) && !this.#running.has(id)) this.#views.delete(id);
    }
    for (const [id, view] of stored) {
      const known = this.#views.get(id);
      if (!this.#running.has(id)) this.#views.set(id, { ...view, ...failureOf(known) });
    }
    return { ...list, transfers: this.#list() };
  }

  /** Begins or goes on; one that runs goes on running. @throws GemmaError `bad-input` when the model is there already */
  start(params: DownloadParams): Promise<TransferView> {
    const { id } = params;
    const view = this.#views.get(id);
    if (this.#running.has(id) && view !== undefined) return Promise.resolve(this.#withSpeed(view));
    const starting = this.#starting.get(id) ?? this.#start(params);
    this.#starting.set(id, starting);
    return starting.finally(() => this.#starting.delete(id));
  }

  /** Returns when its files are at rest. */
  async pause(id: ModelId): Promise<void> {
    await this.#starting.get(id)?.catch(() => undefined);
    const running = this.#running.get(id);
    running?.stop.abort();
    await running?.ended;
  }

  /** Stops it and removes what was received. @throws GemmaError `bad-input` when another process downloads it */
  async cancel(id: ModelId): Promise<void> {
    await this.pause(id);
    await this.#options.store.discardDownload(id);
    this.#views.delete(id);
    this.#change();
  }

  async #start(params: DownloadParams): Promise<TransferView> {
    const { id, repository, quantization } = params;
    const { installed, transfers } = await this.list();
    if (installed.some((model) => model.id === id)) {
      throw new GemmaError('bad-input', `There is a model ${id} already: remove it first.`);
    }
    const { doneBytes = 0, totalBytes = 0 } = transfers.find((other) => other.id === id) ?? {};
    const view: TransferView = {
      id,
      repository,
      quantization,
      state: 'running',
      doneBytes,
      totalBytes,
      bytesPerSecond: 0,
      error: null,
    };
    const stop = new AbortController();
    const speed = new Speed();
    this.#become(view);
    this.#running.set(id, { stop, speed, ended: this.#run(params, stop.signal, speed) });
    return view;
  }

  async #run(params: DownloadParams, signal: AbortSignal, speed: Speed): Promise<void> {
    const { store, onInstalled } = this.#options;
    const { id } = params;
    const update = (change: Partial<TransferView>): void => {
      const view = this.#views.get(id);
      if (view !== undefined) this.#become({ ...view, ...change });
    };
    try {
      await store.download(
        params,
        (doneBytes, totalBytes) => {
          speed.add(doneBytes, performance.now());
          update({ doneBytes, totalBytes });
        },
        signal,
      );
      this.#views.delete(id);
      onInstalled();
    } catch (error) {
      const { code, message } = toGemmaError(error);
      if (code === 'cancelled') update({ state: 'paused' });
      else update({ state: 'failed', error: { code, message } });
    } finally {
      this.#running.delete(id);
      this.#change();
    }
  }

  #become(view: TransferView): void {
    this.#views.set(view.id, view);
    this.#change();
  }

  /** Tells soon, with all that changes until then. */
  #change(): void {
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#told + TELL_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#told = performance.now();
      this.#options.onChange(this.#list());
    }, wait);
  }

  #list(): TransferView[] {
    return [...this.#views.values()].map((view) => this.#withSpeed(view));
  }

  #withSpeed(view: TransferView): TransferView {
    const bytesPerSecond = this.#running.get(view.id)?.speed.at(performance.now()) ?? 0;
    return { ...view, bytesPerSecond };
  }
}

function failureOf(view: TransferView | undefined): Partial<TransferView> {
  return view?.state === 'failed' ? { state: 'failed', error: view.error } : {};
}
