import * as vscode from 'vscode';
import { GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { RemoteEngine } from '../../remote/remoteEngine.ts';
import { readServerAddress } from '../../remote/serverAddress.ts';
import type { ServerAddress } from '../../remote/serverAddress.ts';
import type { Settings } from '../settings.ts';
import { askForToken } from './askForToken.ts';
import { whatIsSent, whereTo } from './remoteText.ts';
import type { RemoteTokens } from './remoteTokens.ts';

/** Where Ollama listens. */
const EXAMPLE = 'http://localhost:11434';

type Use = 'chat' | 'completion' | 'both';

/**
 * Has a server of the person's answer instead of this machine: asks which, says what that means before anything is sent,
 * and lets them choose among what the server has. Whatever they dismiss leaves everything as it was.
 *
 * @throws GemmaError `bad-input` in Restricted Mode; as RemoteEngine
 */
export async function useRemoteServer(settings: Settings, tokens: RemoteTokens): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    const sentence = vscode.l10n.t('In Restricted Mode no server can be set. Trust this folder first.');
    throw new GemmaError('bad-input', sentence);
  }
  const url = await askForAddress(settings.get('gemmaCode.remote.url') || EXAMPLE);
  if (url === undefined) return;
  const server = readServerAddress(url);
  if (!(await agrees(server))) return;
  const models = await ask(server, tokens, '', (engine, signal) => engine.models(signal));
  if (models === undefined) return;
  const model = await chooseModel(server, models, settings.get('gemmaCode.remote.model'));
  if (model === undefined) return;
  const fillIn = await ask(server, tokens, model, (engine, signal) => engine.fillIn(signal));
  if (fillIn === undefined) return;
  const use = await chooseUse(server, fillIn !== null);
  if (use === undefined) return;
  await settings.set('gemmaCode.remote.model', model);
  await settings.set('gemmaCode.remote.use', use);
  await settings.set('gemmaCode.remote.url', url);
}

async function askForAddress(value: string): Promise<string | undefined> {
  const url = await vscode.window.showInputBox({
    title: vscode.l10n.t('Use a remote server'),
    prompt: vscode.l10n.t(
      'Address of a server that speaks OpenAI’s protocol: vLLM, llama.cpp, Ollama, LM Studio and others.',
    ),
    value,
    ignoreFocusOut: true,
    validateInput: (text) => {
      try {
        readServerAddress(text);
        return undefined;
      } catch (error) {
        return toGemmaError(error).message;
      }
    },
  });
  return url?.trim();
}

async function agrees(server: ServerAddress): Promise<boolean> {
  const proceed = vscode.l10n.t('Continue');
  const detail = [
    whereTo(server),
    vscode.l10n.t(
      'With a server, questions, what is attached to them and code that commands are run on are sent to it; if you choose so, while you type, also the text around the cursor and other open files. Whoever runs the server can read all of it.',
    ),
    vscode.l10n.t('The status bar shows it as long as the server is used. You can stop at any time.'),
  ].join('\n\n');
  const question = vscode.l10n.t('Send text to {0}?', server.host);
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, proceed)) === proceed;
}

/** Asks the server, and the person for a token as long as it wants another; undefined: they gave none. */
async function ask<T>(
  server: ServerAddress,
  tokens: RemoteTokens,
  model: string,
  work: (engine: RemoteEngine, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    const engine = new RemoteEngine({ address: server, token: await tokens.of(server.origin) }, model);
    try {
      return await withProgress(server, (signal) => work(engine, signal));
    } catch (error) {
      const isLocked = error instanceof GemmaError && error.code === 'unauthorized';
      if (!isLocked) throw error;
      if (!(await askForToken(tokens, server))) return undefined;
    } finally {
      engine.dispose();
    }
  }
}

async function chooseModel(
  { host }: ServerAddress,
  models: readonly string[],
  current: string,
): Promise<string | undefined> {
  const chosen = await vscode.window.showQuickPick(
    models.map((name) => ({ label: `${name === current ? '$(check) ' : ''}${name}`, name })),
    { title: vscode.l10n.t('Models of {0}', host), ignoreFocusOut: true },
  );
  return chosen?.name;
}

async function chooseUse({ host }: ServerAddress, completes: boolean): Promise<Use | undefined> {
  const choice = (use: Use, label: string): vscode.QuickPickItem & { readonly use: Use } => ({
    label,
    detail: whatIsSent(use),
    use,
  });
  const chat = choice('chat', vscode.l10n.t('For the chat and commands'));
  const others = [
    choice('completion', vscode.l10n.t('For completion while I type')),
    choice('both', vscode.l10n.t('For both')),
  ];
  const chosen = await vscode.window.showQuickPick(completes ? [chat, ...others] : [chat], {
    title: completes
      ? vscode.l10n.t('What to use {0} for', host)
      : vscode.l10n.t('What to use {0} for (this model can’t complete at a cursor)', host),
    ignoreFocusOut: true,
  });
  return chosen?.use;
}

function withProgress<T>({ host }: ServerAddress, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Asking {0}…', host),
    cancellable: true,
  };
  return Promise.resolve(
    vscode.window.withProgress(options, (_progress, token) => {
      token.onCancellationRequested(() => stop.abort());
      return work(stop.signal);
    }),
  );
}
