import type { StreamDecoder } from './tokenizer.ts';

/**
 * Turns the bytes of tokens into text as they come. Bytes of an incomplete character are held back, so every
 * output is well-formed by itself; invalid bytes become U+FFFD as in decoding the whole at once.
 */
export class Utf8StreamDecoder implements StreamDecoder {
  // Without ignoreBOM a U+FEFF that the model wrote would vanish.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #bytes: (id: number) => Uint8Array;

  constructor(bytes: (id: number) => Uint8Array) {
    this.#bytes = bytes;
  }

  push(id: number): string {
    return this.#decoder.decode(this.#bytes(id), { stream: true });
  }

  end(): string {
    return this.#decoder.decode();
  }
}
