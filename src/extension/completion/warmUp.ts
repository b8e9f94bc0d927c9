import * as vscode from 'vscode';
import { documentSchemes, skipReason } from '../../completion/policy.ts';
import type { CompletionSwitches } from '../../completion/policy.ts';
import { windowAround } from '../../completion/windows.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import { editedText } from './documentLines.ts';
import { identityOf } from './identity.ts';

/** Time without moving the cursor after which a file counts as looked at. */
const IDLE_MS = 400;

/** Prefills a file's prompt while the person still looks at it, so that the first suggestion is as quick as the next. */
export class WarmUp extends Disposable {
  readonly #engine: Engine;
  readonly #switches: () => CompletionSwitches;
  #timer: NodeJS.Timeout | undefined;
  #running: AbortController | null = null;
  #warmed: { document: vscode.TextDocument; version: number } | null = null;

  constructor(engine: Engine, switches: () => CompletionSwitches) {
    super();
    this.#engine = engine;
    this.#switches = switches;
    const later = (): void => this.#later();
    this.own(vscode.window.onDidChangeActiveTextEditor(later));
    this.own(vscode.window.onDidChangeTextEditorSelection(later));
    this.own(
      engine.onStatus(({ name }, role) => {
        if (role !== 'completion') return;
        if (name === 'loading') this.#forget();
        if (name === 'ready') later();
      }),
    );
    this.own({ dispose: () => this.#cancel() });
  }

  #later(): void {
    this.#cancel();
    const document = vscode.window.activeTextEditor?.document;
    const done = this.#warmed?.document === document && this.#warmed?.version === document?.version;
    if (!done) this.#timer = setTimeout(() => void this.#run(), IDLE_MS);
  }

  async #run(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || this.#engine.statusOf('completion').name !== 'ready') return;
    const { document, selection } = editor;
    const line = document.lineAt(selection.active).text;
    const skip = skipReason(this.#switches(), {
      trigger: 'automatic',
      languageId: document.languageId,
      lineCount: document.lineCount,
      linePrefix: line,
      lineSuffix: '',
      cursors: 1,
      selecting: false,
    });
    if (skip !== null || !documentSchemes.some((scheme) => scheme === document.uri.scheme)) return;
    this.#warmed = { document, version: document.version };
    const abort = new AbortController();
    this.#running = abort;
    const { lines, cursor } = editedText(document, selection.active);
    await this.#engine.warmUp({ ...identityOf(document), ...windowAround(lines, cursor) }, abort.signal);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  #forget(): void {
    this.#warmed = null;
  }
}
