import type { MessagePort } from 'node:worker_threads';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { CancelFlag } from './cancelFlag.ts';
import type { Engine } from './engine.ts';
import type { EngineCall, EngineCalls, EngineMethod, EngineReply } from './engineMessages.ts';

/** Answers the calls that arrive on `port`, in order. */
export function serveEngine(port: MessagePort, engine: Engine): void {
  port.on('message', (call: EngineCall) => {
    void reply(engine, call).then((answer) => port.postMessage(answer));
  });
}

async function reply<M extends EngineMethod>(engine: Engine, call: EngineCall<M>): Promise<EngineReply> {
  try {
    const value = await perform[call.method](engine, call.args);
    return { ok: true, value, kvBytes: engine.kvBytes };
  } catch (error) {
    const { code, message } = engineError(error);
    return { ok: false, code, message, kvBytes: engine.kvBytes };
  }
}

const perform: { readonly [M in EngineMethod]: (engine: Engine, args: EngineCalls[M]) => Promise<unknown> } =
  {
    probe: (engine, { choice }) => engine.probe(choice),
    load: (engine, { folder, backend }) => engine.load(folder, backend),
    unload: (engine) => engine.unload(),
    complete: (engine, { params, cancel }) => engine.complete(params, new CancelFlag(cancel)),
    warmUp: (engine, { params, cancel }) => engine.warmUp(params, new CancelFlag(cancel)),
    logits: (engine, { folder, backend, tokens, cancel }) =>
      engine.logits(folder, backend, tokens, new CancelFlag(cancel)),
  };

/** V8, WebAssembly and ONNX Runtime say in their own words that memory is exhausted. */
const OUT_OF_MEMORY =
  /allocation failed|out of memory|bad_alloc|failed to allocate|could not allocate|memory\.grow/i;

function engineError(error: unknown): GemmaError {
  const known = toGemmaError(error);
  if (known.code !== 'internal' || !OUT_OF_MEMORY.test(known.message)) return known;
  return new GemmaError(
    'out-of-memory',
    'Not enough memory for the model; close something or choose a smaller one.',
  );
}
