import type { EngineClient } from '../../client/engineClient.ts';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import type { DownloadParams, InstalledModel, TransferView } from '../../protocol/models.ts';

/** Events may be lost with the process that sent them. */
const LOOK_MS = 5_000;

/**
 * Begins a download, or goes on with it, and watches it to its end. The process does the work, and does it over again
 * from where it was when it crashed.
 *
 * @param pause has the download pause when it aborts
 * @returns the installed model; null: it was paused, here or elsewhere
 * @throws GemmaError why it failed; `cancelled` when it was given up elsewhere
 */
export function runDownload(
  client: Pick<EngineClient, 'call' | 'onEvent' | 'onState'>,
  params: DownloadParams,
  onProgress: (transfer: TransferView) => void,
  pause: AbortSignal,
): Promise<InstalledModel | null> {
  const { id } = params;
  const ended = new AbortController();
  const watched = new Promise<InstalledModel | null>((resolve, reject) => {
    /** False while the process is asked to begin: what it tells before it has is of an earlier attempt. */
    let isBegun = false;
    let attempts = 0;
    const fail = (error: unknown): void => reject(toGemmaError(error));
    const follow = (transfer: TransferView): void => {
      onProgress(transfer);
      if (transfer.state === 'paused') resolve(null);
      if (transfer.state === 'failed') {
        reject(new GemmaError(transfer.error?.code ?? 'internal', transfer.error?.message ?? 'It failed.'));
      }
    };
    const begin = async (): Promise<void> => {
      isBegun = false;
      attempts += 1;
      const transfer = await client.call('download', params);
      isBegun = true;
      follow(transfer);
    };
    const look = async (): Promise<void> => {
      const attempt = attempts;
      const { installed, transfers } = await client.call('listModels', {});
      if (!isBegun || attempt !== attempts) return;
      const transfer = transfers.find((other) => other.id === id);
      const model = installed.find((other) => other.id === id);
      if (transfer !== undefined) follow(transfer);
      else if (model !== undefined) resolve(model);
      else reject(new GemmaError('cancelled', `The download of ${id} was cancelled.`));
    };

    const subscriptions = [
      client.onEvent('transfers', ({ transfers }) => {
        const transfer = transfers.find((other) => other.id === id);
        if (!isBegun) return;
        if (transfer === undefined) look().catch(fail);
        else follow(transfer);
      }),
      client.onState(({ name }) => {
        if (name === 'connected' && isBegun) begin().catch(fail);
      }),
    ];
    const timer = setInterval(() => {
      if (isBegun) look().catch(fail);
    }, LOOK_MS);
    const onPause = (): void => {
      client.call('pauseDownload', { id }).then(() => resolve(null), fail);
    };
    pause.addEventListener('abort', onPause, { once: true });
    ended.signal.addEventListener('abort', () => {
      clearInterval(timer);
      pause.removeEventListener('abort', onPause);
      for (const subscription of subscriptions) subscription.dispose();
    });
    begin().catch(fail);
  });
  return watched.finally(() => ended.abort());
}
