import { basename, dirname } from 'node:path';
import type { EventBody } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import type { InstalledModel, ModelId, ModelList } from '../protocol/models.ts';
import type { Engine } from './engine/engine.ts';
import type { CancelFlag } from './engine/cancelFlag.ts';
import type { Jobs } from './jobs.ts';
import type { ModelHost } from './modelHost.ts';
import type { ModelStore } from './modelStore.ts';
import type { Handlers } from './rpc.ts';
import { modelIdOf } from './store/installedModels.ts';
import type { Transfers } from './transfers.ts';

export interface ModelHandlerParts {
  readonly engine: Engine<CancelFlag>;
  readonly jobs: Jobs;
  readonly models: ModelHost;
  readonly store: ModelStore;
  readonly transfers: Transfers;
  /** To all clients. */
  readonly onProgress: (progress: EventBody<'progress'>) => void;
  readonly onInstalled: () => void;
}

type ModelHandlers = Pick<
  Handlers,
  | 'listModels'
  | 'download'
  | 'pauseDownload'
  | 'cancelDownload'
  | 'installModel'
  | 'removeModel'
  | 'moveModels'
>;

/** What the process answers to requests about models on disk and on their way there. */
export function createModelHandlers(parts: ModelHandlerParts): ModelHandlers {
  const { engine, jobs, models, store, transfers, onProgress, onInstalled } = parts;
  const list = async (): Promise<ModelList> => {
    const found = await transfers.list();
    return { ...found, installed: found.installed.map((model) => withUse(model, found.folder)) };
  };
  const withUse = (model: InstalledModel, folder: string): InstalledModel => ({
    ...model,
    loaded: models.folders.some((used) => isModelIn(folder, model.id, used)),
  });
  return {
    listModels: list,
    download: (params) => transfers.start(params),
    async pauseDownload({ id }) {
      await transfers.pause(id);
      return {};
    },
    async cancelDownload({ id }) {
      await transfers.cancel(id);
      return {};
    },
    async installModel({ source, quantization }, client, signal) {
      const probe = { kind: 'probe', run: () => engine.probe('auto') } as const;
      const format = quantization ?? { bestFor: await jobs.submit(probe, signal) };
      const installed = await store.install(
        source,
        format,
        (fraction) => client.notify('progress', { step: 'import', role: null, fraction }),
        signal,
      );
      onInstalled();
      return installed;
    },
    async removeModel({ id }) {
      const { folder } = await list();
      await models.unloadFrom((used) => isModelIn(folder, id, used));
      await store.remove(id);
      onInstalled();
      return {};
    },
    async moveModels({ folder }, _client, signal) {
      if (transfers.isRunning) {
        throw new GemmaError('bad-input', 'A download is running: pause it before the models are moved.');
      }
      await models.unloadAll();
      await store.move(folder, (fraction) => onProgress({ step: 'move', role: null, fraction }), signal);
      onInstalled();
      return list();
    },
  };
}

/** Whether `used` is the folder of model `id` among those in `folder`. */
function isModelIn(folder: string, id: ModelId, used: string): boolean {
  return dirname(used) === folder && modelIdOf(basename(used)) === id;
}
