import type { ModelStore } from '../../src/inference/modelStore.ts';

const notAsked = (): Promise<never> => Promise.reject(new Error('not asked for'));

/** No models on disk: any name is handed to the engine. */
export const nameStore: ModelStore = {
  ensureImported: async (model) => model,
  import: async () => ({ architecture: 'gemma3', parameters: 0, bytes: 0, milliseconds: 0 }),
  list: async () => ({ folder: '/nowhere', freeBytes: 0, installed: [], transfers: [] }),
  install: notAsked,
  remove: notAsked,
  move: notAsked,
  download: notAsked,
  discardDownload: notAsked,
};
