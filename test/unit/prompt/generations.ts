import type { Tokenizer } from '../../../src/inference/tokenizer/tokenizer.ts';
import { fixture, oracle, type Fixture } from '../tokenizer/fixtures.ts';
import { gemmaTokenizer, generations, trainedPieces } from '../tokenizer/syntheticTokenizer.ts';

export type Generation = keyof typeof generations;

/** Tokenizers with the control tokens of each generation at their real ids, around the same text pieces. */
export const fixtures: Readonly<Record<Generation, Fixture>> = (() => {
  const pieces = trainedPieces(1_500);
  const make = (name: Generation): Fixture => fixture(name, gemmaTokenizer(pieces, generations[name]));
  return {
    gemma1: make('gemma1'),
    codegemma: make('codegemma'),
    gemma3: make('gemma3'),
    gemma4: make('gemma4'),
  };
})();

export const tokenizerOf = (generation: Generation): Tokenizer => fixtures[generation].tokenizer;

/** Spellings of all control tokens of a generation. */
export const controlSpellings = (generation: Generation): readonly string[] => generations[generation];

/** Ids of a rendered template by the independent tokenizer, which reads control tokens in the text. */
export function idsOfRendered(generation: Generation, rendered: string): number[] {
  return oracle(fixtures[generation].json, () => true)(rendered);
}

/** Tokens as text, control tokens by their spelling. */
export function shown(generation: Generation, tokens: readonly number[]): string {
  const tokenizer = tokenizerOf(generation);
  const spellings = new Map(controlSpellings(generation).map((name) => [tokenizer.control(name), name]));
  const parts: string[] = [];
  let text: number[] = [];
  for (const id of [...tokens, tokenizer.bos]) {
    const spelling = spellings.get(id);
    if (spelling === undefined) text.push(id);
    else {
      parts.push(tokenizer.decode(text), spelling);
      text = [];
    }
  }
  return parts.slice(0, -1).join('');
}

/** Length of the common beginning. */
export function sharedLength(left: readonly number[], right: readonly number[]): number {
  const different = left.findIndex((id, i) => id !== right[i]);
  return different === -1 ? left.length : different;
}
