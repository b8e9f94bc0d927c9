import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { FromChat } from '../../protocol/chat.ts';
import type { ToChat } from '../../protocol/chat.ts';
import { Disposable } from '../disposable.ts';
import { chatPanel, chatView } from '../ids.ts';
import { pageHtml } from '../page.ts';

/** Messages of a page, and how to answer that page alone. */
export type OnAsked = (message: FromChat, answer: (message: ToChat) => void) => void;

/** The chat as a view and as an editor tab: pages that all show the same. */
export class ChatPages extends Disposable implements vscode.WebviewViewProvider {
  readonly #extension: vscode.Uri;
  readonly #onAsked: OnAsked;
  readonly #webviews = new Set<vscode.Webview>();
  readonly #visible = new Set<vscode.Webview>();
  readonly #visibility = this.own(new vscode.EventEmitter<void>());
  /** A page is shown, or none is any more. */
  readonly onVisibility = this.#visibility.event;
  #panel: vscode.WebviewPanel | null = null;

  constructor(extension: vscode.Uri, onAsked: OnAsked) {
    super();
    this.#extension = extension;
    this.#onAsked = onAsked;
    this.own(vscode.window.registerWebviewViewProvider(chatView, this));
    this.own({ dispose: () => this.#panel?.dispose() });
  }

  get isVisible(): boolean {
    return this.#visible.size > 0;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#host(view.webview);
    const noteVisible = (): void => this.#noteVisible(view.webview, view.visible);
    view.onDidChangeVisibility(noteVisible);
    view.onDidDispose(() => this.#forget(view.webview));
    noteVisible();
  }

  /** Shows the view and puts the keyboard into it. */
  async focus(): Promise<void> {
    if (this.#panel?.visible === true) this.#panel.reveal();
    else await vscode.commands.executeCommand(`${chatView}.focus`);
  }

  /** As an editor tab; there is at most one. */
  openInEditor(title: string): void {
    if (this.#panel !== null) {
      this.#panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(chatPanel, title, vscode.ViewColumn.Beside, {});
    panel.iconPath = vscode.Uri.joinPath(this.#extension, 'media/icons/gemma-code.svg');
    this.#panel = panel;
    this.#host(panel.webview);
    panel.onDidChangeViewState(() => this.#noteVisible(panel.webview, panel.visible));
    panel.onDidDispose(() => {
      this.#panel = null;
      this.#forget(panel.webview);
    });
    this.#noteVisible(panel.webview, true);
  }

  /** Tells every page. */
  tell(message: ToChat): void {
    for (const webview of this.#webviews) void webview.postMessage(message);
  }

  #host(webview: vscode.Webview): void {
    const dist = vscode.Uri.joinPath(this.#extension, 'dist');
    const address = (file: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    webview.onDidReceiveMessage((received: unknown) => {
      const { success, output } = v.safeParse(FromChat, received);
      if (success) this.#onAsked(output, (message) => void webview.postMessage(message));
    });
    this.#webviews.add(webview);
    webview.html = pageHtml({
      nonce: randomBytes(16).toString('base64url'),
      styleSource: webview.cspSource,
      script: address('chat.js'),
      style: address('chat.css'),
    });
  }

  #noteVisible(webview: vscode.Webview, visible: boolean): void {
    if (visible) this.#visible.add(webview);
    else this.#visible.delete(webview);
    this.#visibility.fire();
  }

  #forget(webview: vscode.Webview): void {
    this.#webviews.delete(webview);
    this.#noteVisible(webview, false);
  }
}
