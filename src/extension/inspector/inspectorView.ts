import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SkipReason } from '../../completion/policy.ts';
import { FromInspector } from '../../protocol/inspector.ts';
import type { EngineView, ToInspector } from '../../protocol/inspector.ts';
import type { Completion } from '../completion/completion.ts';
import { Disposable } from '../disposable.ts';
import { inspectorView } from '../ids.ts';
import { explainState, modelName, onStatusChange, statusNow } from '../statusText.ts';
import type { StatusParts } from '../statusText.ts';
import { pageHtml } from '../page.ts';
import { Records } from './records.ts';
import { inspectorStrings, skipSentence } from './strings.ts';
import { Throttle } from '../throttle.ts';
import { engineView, recordView } from './views.ts';

/** At most two messages each. */
const POST_INTERVAL_MS = 200;

/** The view in the sidebar: what the engine does, and why a suggestion was made or not. */
export class InspectorView extends Disposable implements vscode.WebviewViewProvider {
  readonly #extension: vscode.Uri;
  readonly #parts: StatusParts;
  readonly #records = new Records();
  readonly #posting = this.own(new Throttle(() => this.#post(), POST_INTERVAL_MS));
  #view: vscode.WebviewView | null = null;
  #recordsPosted = true;
  #skipped: string | null = null;

  constructor(extension: vscode.Uri, parts: StatusParts, completion: Completion) {
    super();
    this.#extension = extension;
    this.#parts = parts;
    this.own(vscode.window.registerWebviewViewProvider(inspectorView, this));
    this.own(onStatusChange(parts, () => this.#posting.request()));
    this.own(completion.onRequest((skipped) => this.#noteSkipped(skipped)));
    this.own(
      completion.onCompleted((record) => {
        this.#records.add(record);
        this.#recordsPosted = false;
        this.#posting.request();
      }),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    const dist = vscode.Uri.joinPath(this.#extension, 'dist');
    const address = (file: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    webview.onDidReceiveMessage((message) => this.#receive(message));
    view.onDidChangeVisibility(() => this.#posting.request());
    view.onDidDispose(() => {
      if (this.#view === view) this.#view = null;
    });
    webview.html = pageHtml({
      nonce: randomBytes(16).toString('base64url'),
      styleSource: webview.cspSource,
      script: address('inspector.js'),
      style: address('inspector.css'),
    });
  }

  #receive(received: unknown): void {
    const { success, output } = v.safeParse(FromInspector, received);
    if (!success) return;
    switch (output.type) {
      case 'ready':
        this.#send({ type: 'strings', language: vscode.env.language, strings: inspectorStrings() });
        this.#recordsPosted = false;
        this.#posting.request();
        return;
      case 'restartEngine':
        this.#parts.engine.restart();
        return;
      case 'setAutomatic':
        void this.#parts.settings.set('gemmaCode.completion.automatic', output.automatic);
    }
  }

  #noteSkipped(reason: SkipReason | null): void {
    const skipped = reason === null ? null : skipSentence(reason);
    if (skipped === this.#skipped) return;
    this.#skipped = skipped;
    this.#recordsPosted = false;
    this.#posting.request();
  }

  #post(): void {
    if (this.#view?.visible !== true) return;
    this.#send({ type: 'engine', engine: this.#engineView() });
    if (this.#recordsPosted) return;
    this.#recordsPosted = true;
    this.#send({ type: 'records', skipped: this.#skipped, records: this.#records.all.map(recordView) });
  }

  #engineView(): EngineView {
    const now = statusNow(this.#parts);
    const { settings } = this.#parts;
    return engineView({
      name: now.name,
      status: now.engine,
      sentence: explainState(now),
      modelName: 'model' in now.engine ? modelName(now.engine.model, now.builtIn) : '',
      enabled: settings.get('gemmaCode.completion.enabled'),
      automatic: settings.get('gemmaCode.completion.automatic'),
    });
  }

  #send(message: ToInspector): void {
    void this.#view?.webview.postMessage(message);
  }
}
