import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { RequestParams, RequestResult } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { CancelFlag } from '../engine/cancelFlag.ts';
import type { InstalledModel, ModelId, ModelList } from '../../protocol/models.ts';
import type { ModelStore, OnBytes, OnFraction } from '../modelStore.ts';
import {
  type StoreMethod,
  storeMethods,
  type StoreParams,
  StoreReply,
  type StoreResult,
} from './storeMessages.ts';
import type { WeightFormat } from './weightFormat.ts';

interface CallListener {
  readonly onFraction?: OnFraction;
  readonly onBytes?: OnBytes;
}

interface OpenCall {
  readonly cancel: CancelFlag;
  readonly listener: CallListener;
  resolve(result: unknown): void;
  reject(error: GemmaError): void;
}

/** How long what runs may take to clean up after itself when the process ends. */
const DISPOSE_MS = 2_000;

/** Models on disk, looked after in a thread of its own that lives as long as there is something to do. */
export class StoreWorkerHost implements ModelStore {
  readonly #entry: URL;
  readonly #home: string;
  readonly #calls = new Map<number, OpenCall>();
  #worker: Worker | null = null;
  #lastId = 0;
  #idle: (() => void) | null = null;

  /**
   * @param entry module of the thread: `worker.ts`, or its bundle
   * @param home of it is the models folder, unless a person has moved that
   */
  constructor(entry: URL, home: string) {
    this.#entry = entry;
    this.#home = home;
  }

  ensureImported(source: string, format: WeightFormat, onFraction: OnFraction): Promise<string> {
    return this.#call('ensureImported', { source, home: this.#home, format }, { onFraction });
  }

  list(): Promise<ModelList> {
    return this.#call('list', { home: this.#home });
  }

  install(
    source: string,
    format: WeightFormat,
    onFraction: OnFraction,
    signal: AbortSignal,
  ): Promise<InstalledModel> {
    return this.#call('install', { source, home: this.#home, format }, { onFraction }, signal);
  }

  remove(id: ModelId): Promise<void> {
    return this.#call('remove', { home: this.#home, id });
  }

  move(folder: string, onFraction: OnFraction, signal: AbortSignal): Promise<void> {
    return this.#call('move', { home: this.#home, folder }, { onFraction }, signal);
  }

  download(
    { network, ...request }: RequestParams<'download'>,
    onBytes: OnBytes,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#call('download', { home: this.#home, request, network }, { onBytes }, signal);
  }

  discardDownload(id: ModelId): Promise<void> {
    return this.#call('discard', { home: this.#home, id });
  }

  import(
    params: RequestParams<'import'>,
    onFraction: OnFraction,
    signal?: AbortSignal,
  ): Promise<RequestResult<'import'>> {
    return this.#call('importModel', params, { onFraction }, signal);
  }

  /** Cancels what runs, waits shortly until it has cleaned up, and ends the thread. */
  async dispose(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    for (const { cancel } of this.#calls.values()) cancel.cancel();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, DISPOSE_MS);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await worker.terminate();
    this.#fail(worker, new GemmaError('engine-stopped', 'The process ended meanwhile.'));
  }

  async #call<M extends StoreMethod>(
    method: M,
    params: StoreParams<M>,
    listener: CallListener = {},
    signal?: AbortSignal,
  ): Promise<StoreResult<M>> {
    const cancel = new CancelFlag();
    const onAbort = (): void => cancel.cancel();
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort);
    try {
      const id = ++this.#lastId;
      const result = await new Promise<unknown>((resolve, reject) => {
        this.#calls.set(id, { cancel, listener, resolve, reject });
        this.#worker ??= this.#start();
        this.#worker.postMessage({ method, id, cancel: cancel.buffer, params }, []);
      });
      return v.parse(storeMethods[method].result, result) as StoreResult<M>;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, { name: 'store', stdin: false });
    worker.on('message', (message: unknown) => this.#answer(worker, message));
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#fail(
        worker,
        outOfMemory
          ? new GemmaError('out-of-memory', 'There is not enough memory to import the model.')
          : new GemmaError('internal', `Looking after the models failed: ${error.message}`),
      );
    });
    return worker;
  }

  #answer(worker: Worker, message: unknown): void {
    const reply = v.parse(StoreReply, message);
    const call = this.#calls.get(reply.id);
    if (call === undefined) return;
    if (reply.type === 'progress') {
      call.listener.onFraction?.(reply.fraction);
      return;
    }
    if (reply.type === 'bytes') {
      call.listener.onBytes?.(reply.doneBytes, reply.totalBytes);
      return;
    }
    this.#calls.delete(reply.id);
    if (reply.type === 'done') call.resolve(reply.result);
    else call.reject(new GemmaError(reply.code, reply.message));
    if (this.#calls.size > 0) return;
    // Importing leaves hundreds of megabytes of garbage; the thread takes it along.
    if (this.#worker === worker) this.#worker = null;
    void worker.terminate();
    this.#idle?.();
  }

  #fail(worker: Worker, error: GemmaError): void {
    if (this.#worker === worker) this.#worker = null;
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
    this.#idle?.();
  }
}
