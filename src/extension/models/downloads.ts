import type * as vscode from 'vscode';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { TransferView } from '../../protocol/models.ts';
import type { Engine } from '../engine.ts';
import type { Hub } from './hub.ts';
import type { Models } from './models.ts';
import type { WantedDownload, WantedDownloads } from './wantedDownloads.ts';

/** How a download ended without an error. */
export type DownloadEnd = 'done' | 'paused' | 'cancelled';

/** What is over with the next window or the next connection: the download is still wanted then. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'network',
  'cancelled',
  'engine-stopped',
  'engine-unavailable',
]);

export interface DownloadParts {
  readonly engine: Engine;
  readonly models: Models;
  readonly hub: Hub;
  readonly wanted: WantedDownloads;
}

/** Downloads as the process makes them, which lives shorter than they do: after its end they are asked for again. */
export class Downloads {
  readonly #parts: DownloadParts;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** Those that were running when the window was closed. */
  get wanted(): readonly WantedDownload[] {
    return this.#parts.wanted.all;
  }

  /**
   * Begins a download, or goes on with it, and resolves when nothing more happens.
   *
   * @throws GemmaError why it failed; what was received is kept
   */
  async run(download: WantedDownload, onProgress: (transfer: TransferView) => void): Promise<DownloadEnd> {
    const { models, wanted } = this.#parts;
    const held = models.hold();
    try {
      await wanted.add(download);
      const end = await this.#follow(download, onProgress);
      await wanted.remove(download.id);
      return end;
    } catch (error) {
      const failure = toGemmaError(error);
      if (!passing.has(failure.code)) await wanted.remove(download.id);
      throw failure;
    } finally {
      held.dispose();
    }
  }

  /** Nothing that was received is lost. */
  async pause(id: string): Promise<void> {
    await this.#parts.wanted.remove(id);
    await this.#parts.models.request('pauseDownload', { id });
  }

  /** Removes what was received. */
  async cancel(id: string): Promise<void> {
    await this.#parts.wanted.remove(id);
    await this.#parts.models.request('cancelDownload', { id });
  }

  async #follow(
    download: WantedDownload,
    onProgress: (transfer: TransferView) => void,
  ): Promise<DownloadEnd> {
    const { engine, models } = this.#parts;
    const listening: { dispose(): unknown }[] = [];
    try {
      return await new Promise<DownloadEnd>((resolve, reject) => {
        // What is said of a download before this process was asked for it is of an earlier one.
        let begun = false;
        const look = (): void => {
          const transfer = models.transfer(download.id);
          if (!begun) return;
          if (transfer === undefined) resolve(this.#whenGone(download.id));
          else if (transfer.state === 'running') onProgress(transfer);
          else if (transfer.state === 'paused') resolve('paused');
          else reject(failureOf(transfer));
        };
        const begin = async (): Promise<void> => {
          begun = false;
          try {
            await this.#begin(download);
            begun = true;
            look();
          } catch (error) {
            reject(toGemmaError(error));
          }
        };
        const restarted = engine.onConnected(() => {
          if (begun) void begin();
        });
        const changed: vscode.Disposable = models.onChange(look);
        listening.push(restarted, changed);
        void begin();
      });
    } finally {
      for (const subscription of listening) subscription.dispose();
    }
  }

  /** Resolves when the process that was asked for it is the one whose list was read. */
  async #begin({ roles: _roles, ...download }: WantedDownload): Promise<void> {
    const { engine, models, hub, wanted } = this.#parts;
    let pid: number | null;
    do {
      await models.request('download', { ...download, network: await hub.network() });
      ({ pid } = engine);
      await models.read();
      // Somebody may have paused it meanwhile.
    } while (engine.pid !== pid && wanted.all.some(({ id }) => id === download.id));
  }

  /** It is no longer on its way: because it is here, or because somebody cancelled it. */
  async #whenGone(id: string): Promise<DownloadEnd> {
    const { installed } = await this.#parts.models.request('listModels', {});
    return installed.some((model) => model.id === id) ? 'done' : 'cancelled';
  }
}

function failureOf({ error }: TransferView): GemmaError {
  return new GemmaError(error?.code ?? 'internal', error?.message ?? '');
}
