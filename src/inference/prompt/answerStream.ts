import type { StreamDecoder, Tokenizer } from '../tokenizer/tokenizer.ts';

/** Text that became certain; either may be empty. */
export interface AnswerPart {
  readonly thought: string;
  readonly answer: string;
}

/** Ids of the tokens around a thought. */
export interface ThoughtBorders {
  readonly open: number;
  readonly close: number;
}

/** Decodes an answer while it is generated, and tells what the model thinks from what it says. */
export class AnswerStream {
  readonly #tokenizer: Tokenizer;
  readonly #borders: ThoughtBorders | null;
  #decoder: StreamDecoder;
  #place: 'answer' | 'channel name' | 'thought' = 'answer';

  constructor(tokenizer: Tokenizer, borders: ThoughtBorders | null) {
    this.#tokenizer = tokenizer;
    this.#borders = borders;
    this.#decoder = tokenizer.stream();
  }

  push(id: number): AnswerPart {
    if (id === this.#borders?.open) return this.#enter('channel name');
    if (id === this.#borders?.close) return this.#enter('answer');
    return this.#part(this.#decoder.push(id));
  }

  end(): AnswerPart {
    return this.#part(this.#decoder.end());
  }

  #enter(place: 'answer' | 'channel name'): AnswerPart {
    const rest = this.end();
    this.#decoder = this.#tokenizer.stream();
    this.#place = place;
    return rest;
  }

  #part(text: string): AnswerPart {
    if (this.#place === 'answer') return { thought: '', answer: text };
    if (this.#place === 'thought') return { thought: text, answer: '' };
    // The line that opens a channel is its name.
    const lineEnd = text.indexOf('\n');
    if (lineEnd < 0) return { thought: '', answer: '' };
    this.#place = 'thought';
    return { thought: text.slice(lineEnd + 1), answer: '' };
  }
}
