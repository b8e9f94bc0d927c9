import * as vscode from 'vscode';
import { Disposable } from '../disposable.ts';

const KEY = 'remote.token:';

/** Tokens for servers, each kept for the one origin it was given for, where VS Code keeps secrets. */
export class RemoteTokens extends Disposable {
  readonly #secrets: vscode.SecretStorage;
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onChange = this.#changed.event;
  #version = 0;

  constructor(secrets: vscode.SecretStorage) {
    super();
    this.#secrets = secrets;
    this.own(
      secrets.onDidChange(({ key }) => {
        if (!key.startsWith(KEY)) return;
        this.#version++;
        this.#changed.fire();
      }),
    );
  }

  /** Another one after every change. */
  get version(): number {
    return this.#version;
  }

  async of(origin: string): Promise<string | null> {
    return (await this.#secrets.get(KEY + origin)) ?? null;
  }

  /** @param token null: removed */
  async set(origin: string, token: string | null): Promise<void> {
    if (token === null) await this.#secrets.delete(KEY + origin);
    else await this.#secrets.store(KEY + origin, token);
  }
}
