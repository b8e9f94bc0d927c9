import type { LineModel } from './lineModel.ts';

/** Text that generation must reproduce first, consumed token by token. */
export class Constraint {
  readonly #model: LineModel;
  #rest: Uint8Array;

  constructor(model: LineModel, text: string) {
    this.#model = model;
    this.#rest = new TextEncoder().encode(text);
  }

  /** Tokens that may come next; null: all. */
  get allowed(): Int32Array | null {
    return this.#rest.length === 0 ? null : this.#model.pieces.compatible(this.#rest);
  }

  advance(token: number): void {
    if (this.#rest.length > 0) this.#rest = this.#rest.subarray(this.#model.tokenizer.bytes(token).length);
  }
}
