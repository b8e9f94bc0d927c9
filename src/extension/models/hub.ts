import * as vscode from 'vscode';
import type { Network } from '../../protocol/models.ts';
import type { Settings } from '../settings.ts';
import { hubAddress, networkOf } from './network.ts';

/** The hub that a person chose, its pages, and their token for it. */
export class Hub {
  readonly #settings: Settings;
  readonly #secrets: vscode.SecretStorage;

  constructor(settings: Settings, secrets: vscode.SecretStorage) {
    this.#settings = settings;
    this.#secrets = secrets;
  }

  /** @throws GemmaError `bad-input` when the setting is no address */
  get address(): string {
    return hubAddress(this.#settings.get('gemmaCode.models.endpoint'));
  }

  get host(): string {
    return new URL(this.address).host;
  }

  /** How it is reached. @throws GemmaError `bad-input` when a setting is no address */
  async network(): Promise<Network> {
    const http = vscode.workspace.getConfiguration();
    const token = (await this.#secrets.get(this.#key)) ?? null;
    return networkOf(this.address, token, (id) => http.inspect(id)?.globalValue);
  }

  async keepToken(token: string): Promise<void> {
    await this.#secrets.store(this.#key, token);
  }

  async removeToken(): Promise<void> {
    await this.#secrets.delete(this.#key);
  }

  /** Where a repository is described, and its licence accepted. */
  async openPage(repository: string): Promise<void> {
    await vscode.env.openExternal(vscode.Uri.parse(`${this.address}/${repository}`, true));
  }

  /** Where an account makes its tokens. */
  async openTokens(): Promise<void> {
    await vscode.env.openExternal(vscode.Uri.parse(`${this.address}/settings/tokens`, true));
  }

  /** A token belongs to one hub: that of another is never sent. */
  get #key(): string {
    return `models.token ${new URL(this.address).origin}`;
  }
}
