import * as vscode from 'vscode';
import type { Role } from '../../protocol/engine.ts';
import { type GemmaError, toGemmaError } from '../../protocol/errors.ts';
import type { TransferView } from '../../protocol/models.ts';
import { commands, modelCommands } from '../ids.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';
import { askForToken } from './askForToken.ts';
import type { DownloadEnd, Downloads } from './downloads.ts';
import { fractionDone } from './format.ts';
import type { Format } from './format.ts';
import type { Hub } from './hub.ts';
import { nameOf } from './modelRows.ts';
import type { Models } from './models.ts';
import { transferText } from './sentences.ts';
import type { WantedDownload } from './wantedDownloads.ts';

/** A licence is read in minutes; who is away longer begins anew. */
const LICENCE_LIMIT_MS = 30 * 60_000;
const LICENCE_INTERVAL_MS = 10_000;

export interface FlowParts {
  readonly models: Models;
  readonly downloads: Downloads;
  readonly hub: Hub;
  readonly settings: Settings;
  readonly log: Log;
  readonly format: Format;
}

/** A download as a person goes through it: progress, licence, token, what may go wrong, and what it is used for. */
export class DownloadFlow {
  readonly #parts: FlowParts;
  /** One conversation about each is enough. */
  readonly #running = new Set<string>();

  constructor(parts: FlowParts) {
    this.#parts = parts;
  }

  /** Resolves when it is over, however it ends. */
  async start(download: WantedDownload, location = vscode.ProgressLocation.Notification): Promise<void> {
    if (this.#running.has(download.id)) return;
    this.#running.add(download.id);
    try {
      await this.#run(download, location);
    } finally {
      this.#running.delete(download.id);
    }
  }

  /** Goes on with what was running when the window was closed. */
  resume(): void {
    for (const download of this.#parts.downloads.wanted) {
      void this.start(download, vscode.ProgressLocation.Window);
    }
  }

  async #run(download: WantedDownload, location: vscode.ProgressLocation): Promise<void> {
    // Nothing is said in a window that nobody looks at: the models view says it in all of them.
    const isWatched = (): boolean =>
      location === vscode.ProgressLocation.Notification || vscode.window.state.focused;
    for (;;) {
      try {
        const end = await this.#transfer(download, location);
        if (end === 'done') await this.#use(download);
        if (end === 'done' && isWatched()) await this.#tellReady(download);
        return;
      } catch (error) {
        const failure = toGemmaError(error);
        if (failure.code === 'cancelled') return;
        // Its sentence may name a folder of the person's.
        this.#parts.log.info('download', { failed: failure.code });
        if (!isWatched() || !(await this.#settle(download, failure))) return;
      }
    }
  }

  #transfer(download: WantedDownload, location: vscode.ProgressLocation): Thenable<DownloadEnd> {
    const { downloads, format } = this.#parts;
    const title = vscode.l10n.t('Downloading {0}', nameOf(download));
    // The button of a notification ends it; what was received is kept.
    return vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
      const pausing = token.onCancellationRequested(() => {
        void downloads.pause(download.id).catch(() => undefined);
      });
      let shown = 0;
      const show = (transfer: TransferView): void => {
        const percent = fractionDone(transfer) * 100;
        progress.report({ message: transferText(transfer, format), increment: percent - shown });
        shown = percent;
      };
      try {
        return await downloads.run(download, show);
      } finally {
        pausing.dispose();
      }
    });
  }

  /** What a person can do about a failure. True: to be tried again. */
  async #settle(download: WantedDownload, failure: GemmaError): Promise<boolean> {
    if (failure.code === 'unauthorized') return this.#identify(download, failure);
    if (failure.code === 'licence') return this.#acceptLicence(download);
    const [other, command] =
      failure.code === 'disk-full'
        ? [vscode.l10n.t('Free Space'), modelCommands.showModels]
        : [vscode.l10n.t('Show the log'), commands.showLog];
    const retry = vscode.l10n.t('Retry');
    const chosen = await vscode.window.showErrorMessage(failure.message, retry, other);
    if (chosen === other) await vscode.commands.executeCommand(command);
    return chosen === retry;
  }

  /** The hub wants to know who asks. */
  async #identify(download: WantedDownload, failure: GemmaError): Promise<boolean> {
    const { hub } = this.#parts;
    const page = vscode.l10n.t('Open Licence Page');
    const enter = vscode.l10n.t('Enter Token');
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t('{0} wants to know who downloads {1}', hub.host, nameOf(download)),
      {
        modal: true,
        detail: failure.message,
      },
      enter,
      page,
    );
    if (chosen === page) await hub.openPage(download.repository);
    return chosen === undefined ? false : askForToken(hub);
  }

  /** The hub knows who asks, and that they haven't accepted the licence yet. */
  async #acceptLicence(download: WantedDownload): Promise<boolean> {
    const { hub } = this.#parts;
    const page = vscode.l10n.t('Open Licence Page');
    const other = vscode.l10n.t('Enter Another Token');
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t('The licence of {0} is not accepted yet', nameOf(download)),
      {
        modal: true,
        detail: vscode.l10n.t(
          'Accept it on the model’s page, with the account that the token is from. The download begins by itself then.',
        ),
      },
      page,
      other,
    );
    if (chosen === other) return askForToken(hub);
    if (chosen !== page) return false;
    await hub.openPage(download.repository);
    return this.#licenceAccepted(download);
  }

  /** Asks the hub again and again, until it gives the model or another answer than before. */
  #licenceAccepted(download: WantedDownload): Thenable<boolean> {
    const title = vscode.l10n.t('Waiting until the licence of {0} is accepted…', nameOf(download));
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return vscode.window.withProgress(options, async (_progress, token) => {
      const end = Date.now() + LICENCE_LIMIT_MS;
      while (Date.now() < end && !token.isCancellationRequested) {
        await nextLook(token);
        if (token.isCancellationRequested) return false;
        if (await this.#isOpen(download)) return true;
      }
      return false;
    });
  }

  /** Whether the hub says anything else than that the licence isn't accepted; if so, the download runs already. */
  #isOpen(download: WantedDownload): Promise<boolean> {
    return new Promise((resolve) => {
      const onProgress = ({ totalBytes }: TransferView): void => {
        if (totalBytes > 0) resolve(true);
      };
      this.#parts.downloads.run(download, onProgress).then(
        () => resolve(true),
        (error: unknown) => resolve(toGemmaError(error).code !== 'licence'),
      );
    });
  }

  async #use({ id, roles }: WantedDownload): Promise<void> {
    for (const role of roles) await this.#parts.settings.set(`gemmaCode.${role}.model`, id);
  }

  /** Where it isn't used for anything yet, that is offered. */
  async #tellReady({ id, roles, ...download }: WantedDownload): Promise<void> {
    const { settings, models } = this.#parts;
    const name = nameOf({ id, ...download });
    const [role] = roles;
    if (role !== undefined) {
      void vscode.window.showInformationMessage(
        role === 'chat'
          ? vscode.l10n.t('{0} is ready, and used for chat.', name)
          : vscode.l10n.t('{0} is ready, and used for completion.', name),
      );
      return;
    }
    const model = models.list?.installed.find((installed) => installed.id === id);
    const offered: readonly (readonly [string, Role])[] = [
      ...(model?.chat === true ? [[vscode.l10n.t('Use for Chat'), 'chat'] as const] : []),
      [vscode.l10n.t('Use for Completion'), 'completion'],
    ];
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t('{0} is ready.', name),
      ...offered.map(([label]) => label),
    );
    const use = offered.find(([label]) => label === chosen);
    if (use !== undefined) await settings.set(`gemmaCode.${use[1]}.model`, id);
  }
}

/** When the person comes back to the window, and now and then besides. */
function nextLook(token: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      focus.dispose();
      cancelled.dispose();
      resolve();
    };
    const timer = setTimeout(done, LICENCE_INTERVAL_MS);
    const focus = vscode.window.onDidChangeWindowState(({ focused }) => focused && done());
    const cancelled = token.onCancellationRequested(done);
  });
}
