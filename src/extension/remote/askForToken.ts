import * as vscode from 'vscode';
import type { ServerAddress } from '../../remote/serverAddress.ts';
import type { RemoteTokens } from './remoteTokens.ts';

/** What an HTTP header may hold. */
const TOKEN = /^[\x21-\x7E]{0,4096}$/u;

/** Asks for the token of a server and keeps it for that alone. @returns whether the person gave one or removed it */
export async function askForToken(tokens: RemoteTokens, { origin, host }: ServerAddress): Promise<boolean> {
  const token = await vscode.window.showInputBox({
    title: vscode.l10n.t('Token for {0}', host),
    prompt: vscode.l10n.t(
      'It is kept in VS Code’s secret storage and sent to {0} alone. Empty: none.',
      origin,
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      TOKEN.test(value.trim()) ? undefined : vscode.l10n.t('A token is one word without spaces.'),
  });
  if (token === undefined) return false;
  await tokens.set(origin, token.trim() === '' ? null : token.trim());
  return true;
}
