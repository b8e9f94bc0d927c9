import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer as Oracle } from '@huggingface/tokenizers';
import { compileTokenizer } from '../../../src/inference/tokenizer/compile.ts';
import { loadTokenizer } from '../../../src/inference/tokenizer/loadTokenizer.ts';
import type { Tokenizer } from '../../../src/inference/tokenizer/tokenizer.ts';
import {
  toBytes,
  trainedTokenizer,
  type AddedTokenJson,
  type GemmaTokenizerJson,
} from './syntheticTokenizer.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export interface Fixture {
  readonly name: string;
  readonly json: GemmaTokenizerJson;
  readonly binary: Uint8Array;
  readonly tokenizer: Tokenizer;
}

/** Of Gemma 3's form, trained when the tests start: 4,096 pieces and one behind the vocabulary. */
export const trained = once(() => fixture('trained', trainedTokenizer(4096)));

/** Every tokenizer.json that the repository holds: those of the embedded model and of the parity checkpoints. */
export function committedTokenizers(): string[] {
  const folders = ['models', 'test/parity/fixtures'].map((folder) => path.join(root, folder));
  const files = folders.filter(existsSync).flatMap((folder) => {
    const models = readdirSync(folder).sort();
    return models.map((model) => path.join(folder, model, 'tokenizer.json'));
  });
  return files.filter(existsSync).map((file) => path.relative(root, file));
}

export function committedFixture(file: string): Fixture {
  return fixture(file, JSON.parse(readFileSync(path.join(root, file), 'utf8')));
}

export function fixture(name: string, json: GemmaTokenizerJson): Fixture {
  const binary = compileTokenizer(toBytes(json));
  return { name, json, binary, tokenizer: loadTokenizer(binary) };
}

/** The independent implementation. `keep` chooses the added tokens that it knows of. */
export function oracle(
  json: GemmaTokenizerJson,
  keep: (token: AddedTokenJson) => boolean,
): (text: string) => number[] {
  // It writes into the object it is given.
  const own = structuredClone({ ...json, added_tokens: json.added_tokens.filter(keep) });
  const tokenizer = new Oracle(own, {});
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** Each token's text, bytes of incomplete characters as \xNN: readable in assertions. */
export function shownPieces(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  return ids.map((id) => {
    const bytes = Buffer.from(tokenizer.bytes(id));
    const text = bytes.toString('utf8');
    return text.includes('\ufffd') ? `\\x${bytes.toString('hex').toUpperCase()}` : text;
  });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
