/** Text ↔ token ids of one model. Text never becomes a control token: those are inserted by id. */
export interface Tokenizer {
  /** Number of pieces, control tokens included. */
  readonly size: number;
  readonly bos: number;
  readonly eos: number;
  /** Id of a control token such as `<|fim_prefix|>`; undefined when the model has none of that name. */
  control(name: string): number | undefined;
  isControl(id: number): boolean;
  /** Ids of `text` alone: no bos, no control ids. Lone surrogates become U+FFFD. */
  encode(text: string): number[];
  /** UTF-8 bytes the token stands for; empty for control tokens. */
  bytes(id: number): Uint8Array;
  decode(ids: readonly number[]): string;
  /** A decoder that never splits a character over two outputs. */
  stream(): StreamDecoder;
}

export interface StreamDecoder {
  /** Text that became certain with `id`; empty while a character is incomplete. */
  push(id: number): string;
  /** What is left at the end; incomplete bytes become U+FFFD. */
  end(): string;
}
