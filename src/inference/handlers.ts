import type { ChatParams } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { readManifest } from './model/modelManifest.ts';
import type { OnText } from './engine/engine.ts';
import type { Lifetime } from './lifetime.ts';
import { createModelHandlers, type ModelHandlerParts } from './modelHandlers.ts';
import type { Client, Handlers } from './rpc.ts';

export interface HandlerParts extends ModelHandlerParts {
  readonly lifetime: Lifetime;
  /** Every request that needs a model counts as use, when it comes and when it is answered. */
  readonly onUse: () => void;
}

/** What the process answers to each request. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { engine, jobs, models, store, lifetime, onUse } = parts;
  const used = async <T>(work: () => Promise<T>): Promise<T> => {
    onUse();
    try {
      return await work();
    } catch (error) {
      // The next request loads the model again, on what still works; a dead device may fail even here.
      if (error instanceof GemmaError && error.code === 'device-lost')
        await models.unload().catch(() => undefined);
      throw error;
    } finally {
      onUse();
    }
  };
  /** While the answer is being read. It fails silently: it is only a favour. */
  const prepareQuestion = (params: ChatParams, text: string): void => {
    const answered: ChatParams = { ...params, turns: [...params.turns, { role: 'model', text }] };
    jobs
      .submit({
        kind: 'warmUp',
        document: null,
        run: (cancel) => engine.prepareQuestion(answered, cancel),
      })
      .catch(() => undefined);
  };
  const missing = async (): Promise<never> => {
    throw new GemmaError('internal', 'This is being built.');
  };
  return {
    ...createModelHandlers(parts),
    machine: missing,
    measureMachine: missing,
    load: (params) => used(() => models.load(params)),
    complete: (params, client, signal) =>
      used(async () => {
        models.ensureModel();
        const document = documentKey(client, params.document);
        return jobs.submit(
          { kind: 'complete', document, run: (cancel) => engine.complete(params, cancel) },
          signal,
        );
      }),
    warmUp: (params, client, signal) =>
      used(async () => {
        models.ensureModel();
        const document = documentKey(client, params.document);
        return jobs.submit(
          { kind: 'warmUp', document, run: (cancel) => engine.warmUp(params, cancel) },
          signal,
        );
      }),
    chat: (params, client, signal) =>
      used(async () => {
        models.ensureModel();
        const { stream, purpose } = params;
        const onText: OnText = (part) => client.notify('chatText', { stream, ...part });
        const result = await jobs.submit(
          { kind: purpose, document: null, run: (cancel) => engine.chat(params, onText, cancel) },
          signal,
        );
        if (result.thought !== '') prepareQuestion(params, result.answer);
        return result;
      }),
    countTokens: ({ texts }, _client, signal) =>
      used(async () => {
        models.ensureModel();
        const counts = await jobs.submit(
          { kind: 'count', document: null, run: () => engine.countTokens(texts) },
          signal,
        );
        return { counts: [...counts] };
      }),
    countChat: (params, _client, signal) =>
      used(async () => {
        models.ensureModel();
        const tokens = await jobs.submit(
          { kind: 'count', document: null, run: () => engine.countChat(params) },
          signal,
        );
        return { tokens };
      }),
    import: (params, client, signal) =>
      used(() =>
        store.import(
          params,
          (fraction) => client.notify('progress', { step: 'import', role: null, fraction }),
          signal,
        ),
      ),
    logits: ({ model, backend: choice, quantization, tokens }, _client, signal) =>
      used(async () => {
        const { folder, backend } = await models.prepare(model, choice, quantization);
        const manifest = await readManifest(folder);
        const logits = await jobs.submit(
          { kind: 'logits', document: null, run: (cancel) => engine.logits(folder, backend, tokens, cancel) },
          signal,
        );
        return { backend, quantization: manifest.quantization, logits: [...logits] };
      }),
    async status() {
      return {
        pid: process.pid,
        clients: lifetime.clients,
        models: { completion: models.model, chat: models.model },
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
