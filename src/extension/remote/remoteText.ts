import * as vscode from 'vscode';
import type { ServerAddress } from '../../remote/serverAddress.ts';
import type { EngineStatus } from '../engine.ts';
import type { Settings } from '../settings.ts';
import { serverInUse } from './remoteSettings.ts';

/** One sentence: where text goes and who may read it on its way. */
export function whereTo({ host, loopback, encrypted }: ServerAddress): string {
  if (loopback) return vscode.l10n.t('Text goes to {0}, another program on this machine.', host);
  return encrypted
    ? vscode.l10n.t('Text leaves this machine: it goes to {0}, encrypted.', host)
    : vscode.l10n.t('Text leaves this machine: it goes to {0}, NOT encrypted.', host);
}

/** What is sent, as a person chose. */
export function whatIsSent(use: 'chat' | 'completion' | 'both'): string {
  const sentences = {
    chat: () =>
      vscode.l10n.t('Sent: questions with what is attached to them, and code that commands are run on.'),
    completion: () => vscode.l10n.t('Sent: the text around the cursor and other open files, while you type.'),
    both: () =>
      vscode.l10n.t(
        'Sent: questions with what is attached to them, code that commands are run on, and, while you type, the text around the cursor and other open files.',
      ),
  };
  return sentences[use]();
}

/** What the status bar adds while a server is used; null: none is. */
export interface RemoteMark {
  readonly label: string;
  readonly lines: readonly string[];
}

export function remoteMark(
  settings: Pick<Settings, 'get'>,
  statusOf: (role: 'completion' | 'chat') => EngineStatus,
): RemoteMark | null {
  const server = serverInUse(settings);
  if (server === null) return null;
  const use = settings.get('gemmaCode.remote.use');
  const chat = use === 'completion' ? null : statusOf('chat');
  const failure = chat?.name === 'failed' ? [chat.error.message] : [];
  return { label: `→ ${server.host}`, lines: [whereTo(server), whatIsSent(use), ...failure] };
}
