import * as vscode from 'vscode';
import type { Turns } from '../../chat/chatEngine.ts';
import { SYSTEM_TEXT } from '../../chat/instructions.ts';
import { Disposable } from '../disposable.ts';

const SCHEME = 'gemma-code-sent';

/** Shows in an editor what a model was given for an answer, to the letter. */
export class SentDocument extends Disposable implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();

  constructor() {
    super();
    this.own(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.own(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.#texts.delete(uri.toString());
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  async show(id: string, turns: Turns): Promise<void> {
    const title = vscode.l10n.t('What was sent');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.txt`, query: id });
    const parts = [{ role: 'system', text: SYSTEM_TEXT }, ...turns];
    this.#texts.set(uri.toString(), parts.map(({ role, text }) => `── ${role} ──\n${text}\n`).join('\n'));
    await vscode.window.showTextDocument(uri, { preview: true });
  }
}
