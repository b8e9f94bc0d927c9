import * as vscode from 'vscode';
import { toGemmaError } from '../../protocol/errors.ts';
import { remoteCommands } from '../ids.ts';
import type { RemoteCommandId } from '../ids.ts';
import type { Settings } from '../settings.ts';
import { askForToken } from './askForToken.ts';
import { serverInUse } from './remoteSettings.ts';
import type { RemoteTokens } from './remoteTokens.ts';
import { useRemoteServer } from './useRemoteServer.ts';

export function registerRemoteCommands(settings: Settings, tokens: RemoteTokens): vscode.Disposable {
  const stop = (): Promise<void> => settings.set('gemmaCode.remote.url', '');
  const handlers: Record<RemoteCommandId, () => Promise<void>> = {
    [remoteCommands.use]: async () => {
      if (serverInUse(settings) === null) await useRemoteServer(settings, tokens);
      else await changeServer(settings, () => useRemoteServer(settings, tokens), stop);
    },
    [remoteCommands.setToken]: async () => {
      const server = serverInUse(settings);
      if (server === null) await useRemoteServer(settings, tokens);
      else await askForToken(tokens, server);
    },
    [remoteCommands.stop]: stop,
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) =>
      vscode.commands.registerCommand(id, () => handler().catch(tell)),
    ),
  );
}

async function changeServer(
  settings: Settings,
  another: () => Promise<void>,
  stop: () => Promise<void>,
): Promise<void> {
  const host = serverInUse(settings)?.host ?? '';
  const chosen = await vscode.window.showQuickPick(
    [
      { label: `$(edit) ${vscode.l10n.t('Choose another model or server…')}`, run: another },
      { label: `$(circle-slash) ${vscode.l10n.t('Stop sending text to {0}', host)}`, run: stop },
    ],
    { title: vscode.l10n.t('Remote server: {0}', host) },
  );
  await chosen?.run();
}

function tell(error: unknown): void {
  const { code, message } = toGemmaError(error);
  if (code !== 'cancelled') void vscode.window.showErrorMessage(message);
}
