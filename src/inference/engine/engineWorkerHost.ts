import { Worker } from 'node:worker_threads';
import type { KvStatistics, Role } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { CancelFlag } from './cancelFlag.ts';
import type { Engine, LoadPlan, OnText } from './engine.ts';
import type { EngineAnswer, EngineCalls, EngineMethod, EngineReply } from './engineMessages.ts';

interface OpenCall {
  resolve(value: unknown): void;
  reject(error: GemmaError): void;
  readonly onText: OnText | null;
}

/** The engine in its own thread, seen from the main thread. */
export class EngineWorkerHost implements Engine<CancelFlag> {
  readonly #worker: Worker;
  readonly #open = new Map<number, OpenCall>();
  #ids = 0;
  #kv: KvStatistics | null = null;

  /** @param onEnd the thread died; the open calls were answered */
  constructor(entry: URL, onEnd: (error: GemmaError) => void) {
    this.#worker = new Worker(entry, { name: 'engine', stdin: false });
    this.#worker.on('message', (reply: EngineReply) => this.#answer(reply));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const failure = outOfMemory
        ? new GemmaError('out-of-memory', 'The engine ran out of memory.')
        : new GemmaError('internal', `The engine failed: ${error.message}`);
      for (const call of this.#open.values()) call.reject(failure);
      this.#open.clear();
      onEnd(failure);
    });
  }

  get kv(): KvStatistics | null {
    return this.#kv;
  }

  probe(choice: EngineCalls['probe']['choice']): Promise<EngineAnswer<'probe'>> {
    return this.#call('probe', { choice });
  }

  backends(cancel: CancelFlag): Promise<EngineAnswer<'backends'>> {
    return this.#call('backends', { cancel: cancel.buffer });
  }

  measure(choice: EngineCalls['measure']['choice'], cancel: CancelFlag): Promise<EngineAnswer<'measure'>> {
    return this.#call('measure', { choice, cancel: cancel.buffer });
  }

  load(role: Role, plan: LoadPlan): Promise<EngineAnswer<'load'>> {
    return this.#call('load', { role, plan });
  }

  unload(role: Role): Promise<EngineAnswer<'unload'>> {
    return this.#call('unload', { role });
  }

  resize(memoryBytes: number): Promise<EngineAnswer<'resize'>> {
    return this.#call('resize', { memoryBytes });
  }

  trim(): Promise<void> {
    return this.#call('trim', {});
  }

  complete(params: EngineCalls['complete']['params'], cancel: CancelFlag): Promise<EngineAnswer<'complete'>> {
    return this.#call('complete', { params, cancel: cancel.buffer });
  }

  warmUp(params: EngineCalls['warmUp']['params'], cancel: CancelFlag): Promise<EngineAnswer<'warmUp'>> {
    return this.#call('warmUp', { params, cancel: cancel.buffer });
  }

  snapshot(role: Role, cancel: CancelFlag): Promise<void> {
    return this.#call('snapshot', { role, cancel: cancel.buffer });
  }

  chat(
    params: EngineCalls['chat']['params'],
    onText: OnText,
    cancel: CancelFlag,
  ): Promise<EngineAnswer<'chat'>> {
    return this.#call('chat', { params, cancel: cancel.buffer }, onText);
  }

  prepareQuestion(params: EngineCalls['prepareQuestion']['params'], cancel: CancelFlag): Promise<void> {
    return this.#call('prepareQuestion', { params, cancel: cancel.buffer });
  }

  countTokens(texts: readonly string[]): Promise<EngineAnswer<'countTokens'>> {
    return this.#call('countTokens', { texts });
  }

  countChat(params: EngineCalls['countChat']['params']): Promise<EngineAnswer<'countChat'>> {
    return this.#call('countChat', { params });
  }

  logits(
    folder: string,
    backend: EngineCalls['logits']['backend'],
    tokens: readonly number[],
    cancel: CancelFlag,
  ): Promise<EngineAnswer<'logits'>> {
    return this.#call('logits', { folder, backend, tokens, cancel: cancel.buffer });
  }

  #call<M extends EngineMethod>(
    method: M,
    args: EngineCalls[M],
    onText: OnText | null = null,
  ): Promise<EngineAnswer<M>> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject, onText });
      this.#worker.postMessage({ id, method, args }, []);
    });
  }

  #answer(reply: EngineReply): void {
    this.#kv = reply.kv;
    const call = this.#open.get(reply.id);
    if (reply.kind === 'text') {
      call?.onText?.(reply.part);
      return;
    }
    this.#open.delete(reply.id);
    if (reply.kind === 'value') call?.resolve(reply.value);
    else call?.reject(new GemmaError(reply.code, reply.message));
  }
}
