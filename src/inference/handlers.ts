import type { ChatParams, Role } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { readManifest } from './model/modelManifest.ts';
import type { OnText } from './engine/engine.ts';
import type { JobRequest } from './jobs.ts';
import type { Lifetime } from './lifetime.ts';
import { readMachine } from './machine/readMachine.ts';
import { createModelHandlers, type ModelHandlerParts } from './modelHandlers.ts';
import type { Client, Handlers } from './rpc.ts';

export interface HandlerParts extends ModelHandlerParts {
  readonly lifetime: Lifetime;
  /** Whatever a model answers counts as use of it, when it is asked and when it is answered. */
  readonly onUse: (role: Role) => void;
}

/** What the process answers to each request. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { engine, jobs, models, store, lifetime, onUse } = parts;
  const used = async <T>(role: Role, work: () => Promise<T>): Promise<T> => {
    onUse(role);
    try {
      return await work();
    } catch (error) {
      // The next request loads the model again, on what still works; a dead device may fail even here.
      if (error instanceof GemmaError && error.code === 'device-lost')
        await models.unloadAll().catch(() => undefined);
      throw error;
    } finally {
      onUse(role);
    }
  };
  /** Has the role's model do a job. */
  const ask = <T>(role: Role, request: Omit<JobRequest<T>, 'role'>, signal: AbortSignal): Promise<T> =>
    used(role, async () => {
      models.ensureModel(role);
      return jobs.submit({ ...request, role }, signal);
    });
  /** While the answer is being read. It fails silently: it is only a favour. */
  const prepareQuestion = (params: ChatParams, text: string): void => {
    const answered: ChatParams = { ...params, turns: [...params.turns, { role: 'model', text }] };
    jobs
      .submit({
        kind: 'warmUp',
        role: 'chat',
        run: (cancel) => engine.prepareQuestion(answered, cancel),
      })
      .catch(() => undefined);
  };
  return {
    ...createModelHandlers(parts),
    async machine(_params, _client, signal) {
      const backends = await jobs.submit(
        { kind: 'measure', run: (cancel) => engine.backends(cancel) },
        signal,
      );
      const { freeBytes } = await store.list();
      return readMachine(freeBytes, backends);
    },
    async measureMachine({ backend }, _client, signal) {
      const speeds = await jobs.submit(
        { kind: 'measure', run: (cancel) => engine.measure(backend, cancel) },
        signal,
      );
      return [...speeds];
    },
    load: (params) => used(params.role, () => models.load(params)),
    complete: (params, client, signal) =>
      ask(
        'completion',
        {
          kind: 'complete',
          document: documentKey(client, params.document),
          run: (cancel) => engine.complete(params, cancel),
        },
        signal,
      ),
    warmUp: (params, client, signal) =>
      ask(
        'completion',
        {
          kind: 'warmUp',
          document: documentKey(client, params.document),
          run: (cancel) => engine.warmUp(params, cancel),
        },
        signal,
      ),
    async chat(params, client, signal) {
      const { stream, purpose } = params;
      const onText: OnText = (part) => client.notify('chatText', { stream, ...part });
      const result = await ask(
        'chat',
        { kind: purpose, run: (cancel) => engine.chat(params, onText, cancel) },
        signal,
      );
      if (result.thought !== '') prepareQuestion(params, result.answer);
      return result;
    },
    async countTokens({ texts }, _client, signal) {
      const counts = await ask('chat', { kind: 'count', run: () => engine.countTokens(texts) }, signal);
      return { counts: [...counts] };
    },
    async countChat(params, _client, signal) {
      const tokens = await ask('chat', { kind: 'count', run: () => engine.countChat(params) }, signal);
      return { tokens };
    },
    import: (params, client, signal) =>
      store.import(
        params,
        (fraction) => client.notify('progress', { step: 'import', role: null, fraction }),
        signal,
      ),
    async logits({ model, backend: choice, quantization, tokens }, _client, signal) {
      const { folder, backend } = await models.prepare(null, model, choice, quantization);
      const manifest = await readManifest(folder);
      const logits = await jobs.submit(
        { kind: 'logits', run: (cancel) => engine.logits(folder, backend, tokens, cancel) },
        signal,
      );
      return { backend, quantization: manifest.quantization, logits: [...logits] };
    },
    async status() {
      return {
        pid: process.pid,
        clients: lifetime.clients,
        models: models.models,
        memory: models.memory,
        running: jobs.running,
        waiting: jobs.waiting,
        residentBytes: process.memoryUsage.rss(),
        kv: engine.kv,
      };
    },
  };
}

/** Two windows may show one file; each has its own newest request. */
function documentKey(client: Client, document: string): string {
  return `${client.id} ${document}`;
}
