import { Worker } from 'node:worker_threads';
import { GemmaError } from '../../protocol/errors.ts';
import type { CancelFlag } from './cancelFlag.ts';
import type { Engine } from './engine.ts';
import type { EngineAnswer, EngineCall, EngineCalls, EngineMethod, EngineReply } from './engineMessages.ts';

interface OpenCall {
  resolve(value: unknown): void;
  reject(error: GemmaError): void;
}

/** The engine in its own thread, seen from the main thread. One call at a time, as Engine demands. */
export class EngineWorkerHost implements Engine {
  readonly #worker: Worker;
  #open: OpenCall | null = null;
  #kvBytes = 0;

  /** @param onEnd the thread died; the open call was answered */
  constructor(entry: URL, onEnd: (error: GemmaError) => void) {
    this.#worker = new Worker(entry, { name: 'engine', stdin: false });
    this.#worker.on('message', (reply: EngineReply) => this.#answer(reply));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const failure = outOfMemory
        ? new GemmaError('out-of-memory', 'The engine ran out of memory.')
        : new GemmaError('internal', `The engine failed: ${error.message}`);
      this.#open?.reject(failure);
      this.#open = null;
      onEnd(failure);
    });
  }

  get kvBytes(): number {
    return this.#kvBytes;
  }

  probe(choice: EngineCalls['probe']['choice']): Promise<EngineAnswer<'probe'>> {
    return this.#call({ method: 'probe', args: { choice } });
  }

  load(folder: string, backend: EngineCalls['load']['backend']): Promise<EngineAnswer<'load'>> {
    return this.#call({ method: 'load', args: { folder, backend } });
  }

  unload(): Promise<void> {
    return this.#call({ method: 'unload', args: null });
  }

  complete(params: EngineCalls['complete']['params'], cancel: CancelFlag): Promise<EngineAnswer<'complete'>> {
    return this.#call({ method: 'complete', args: { params, cancel: cancel.buffer } });
  }

  warmUp(params: EngineCalls['warmUp']['params'], cancel: CancelFlag): Promise<EngineAnswer<'warmUp'>> {
    return this.#call({ method: 'warmUp', args: { params, cancel: cancel.buffer } });
  }

  logits(
    folder: string,
    backend: EngineCalls['logits']['backend'],
    tokens: readonly number[],
    cancel: CancelFlag,
  ): Promise<EngineAnswer<'logits'>> {
    return this.#call({ method: 'logits', args: { folder, backend, tokens, cancel: cancel.buffer } });
  }

  #call<M extends EngineMethod>(call: EngineCall<M>): Promise<EngineAnswer<M>> {
    if (this.#open !== null) return Promise.reject(new GemmaError('internal', 'The engine is busy.'));
    return new Promise((resolve, reject) => {
      this.#open = { resolve, reject };
      this.#worker.postMessage(call, []);
    });
  }

  #answer(reply: EngineReply): void {
    this.#kvBytes = reply.kvBytes;
    const open = this.#open;
    this.#open = null;
    if (reply.ok) open?.resolve(reply.value);
    else open?.reject(new GemmaError(reply.code, reply.message));
  }
}
