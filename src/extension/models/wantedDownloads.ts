import * as v from 'valibot';
import type * as vscode from 'vscode';
import { Role } from '../../protocol/engine.ts';
import { DownloadParams } from '../../protocol/models.ts';

const KEY = 'models.wanted';

export const WantedDownload = v.object({
  ...v.omit(DownloadParams, ['network']).entries,
  /** What the model is to be used for once it is there. */
  roles: v.array(Role),
});
export type WantedDownload = v.InferOutput<typeof WantedDownload>;

/** Downloads that go on by themselves when the process or the window comes back. All windows share them. */
export class WantedDownloads {
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  get all(): readonly WantedDownload[] {
    return v.parse(v.fallback(v.array(WantedDownload), []), this.#memory.get(KEY));
  }

  async add(download: WantedDownload): Promise<void> {
    await this.#memory.update(KEY, [...this.#others(download.id), download]);
  }

  async remove(id: string): Promise<void> {
    await this.#memory.update(KEY, this.#others(id));
  }

  #others(id: string): WantedDownload[] {
    return this.all.filter((other) => other.id !== id);
  }
}
