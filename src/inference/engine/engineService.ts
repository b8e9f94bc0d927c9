import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { CancelFlag } from './cancelFlag.ts';
import type { Turn } from '../kv/turn.ts';
import type { Engine, OnText } from './engine.ts';
import type { EngineCall, EngineCalls, EngineEvent, EngineMethod, EngineReply } from './engineMessages.ts';
import { Scheduler, type Urgency } from './scheduler.ts';

/** Answers the calls that arrive on `port`, the most urgent first, in between the steps of others if need be. */
export function serveEngine(port: MessagePort, engine: Engine): void {
  const scheduler = new Scheduler(() => {
    for (;;) {
      const received: { message: EngineCall } | undefined = receiveMessageOnPort(port);
      if (received === undefined) return;
      serve(received.message);
    }
  });
  const serve = <M extends EngineMethod>({ id, method, args }: EngineCall<M>): void => {
    const send = (event: EngineEvent): void =>
      port.postMessage({ id, kv: engine.kv, ...event } satisfies EngineReply);
    const cancel = 'cancel' in args ? new CancelFlag(args.cancel) : new CancelFlag();
    const onText: OnText = (part) => send({ kind: 'text', part });
    scheduler
      .run(urgencyOf[method](args), cancel, (turn) => perform[method](engine, args, turn, onText))
      .then(
        (value) => send({ kind: 'value', value }),
        (error: unknown) => {
          const { code, message } = engineError(error);
          send({ kind: 'error', code, message });
        },
      );
  };
  port.on('message', serve);
}

const perform: {
  readonly [M in EngineMethod]: (
    engine: Engine,
    args: EngineCalls[M],
    turn: Turn,
    onText: OnText,
  ) => Promise<unknown>;
} = {
  probe: (engine, { choice }) => engine.probe(choice),
  backends: (engine, _args, turn) => engine.backends(turn),
  measure: (engine, { choice }, turn) => engine.measure(choice, turn),
  load: (engine, { role, plan }, turn) => engine.load(role, plan, turn),
  unload: (engine, { role }) => engine.unload(role),
  resize: (engine, { memoryBytes }) => engine.resize(memoryBytes),
  trim: (engine) => engine.trim(),
  complete: (engine, { params }, turn) => engine.complete(params, turn),
  warmUp: (engine, { params }, turn) => engine.warmUp(params, turn),
  snapshot: (engine, { role }, turn) => engine.snapshot(role, turn),
  chat: (engine, { params }, turn, onText) => engine.chat(params, onText, turn),
  prepareQuestion: (engine, { params }, turn) => engine.prepareQuestion(params, turn),
  countTokens: (engine, { texts }) => engine.countTokens(texts),
  countChat: (engine, { params }) => engine.countChat(params),
  logits: (engine, { folder, backend, tokens }, turn) => engine.logits(folder, backend, tokens, turn),
};

const urgencyOf: { readonly [M in EngineMethod]: (args: EngineCalls[M]) => Urgency } = {
  probe: () => 'model',
  load: () => 'model',
  unload: () => 'model',
  resize: () => 'model',
  trim: () => 'model',
  logits: () => 'model',
  countTokens: () => 'count',
  countChat: () => 'count',
  backends: () => 'count',
  complete: () => 'completion',
  chat: ({ params }) => params.purpose,
  warmUp: () => 'warmUp',
  prepareQuestion: () => 'warmUp',
  snapshot: () => 'warmUp',
  measure: () => 'warmUp',
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
