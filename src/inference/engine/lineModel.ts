import type { ModelManifest } from '../model/modelManifest.ts';
import { PieceIndex } from '../tokenizer/healing.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** What generating and ranking lines needs to know of a model, prepared once. */
export interface LineModel {
  readonly manifest: ModelManifest;
  readonly tokenizer: Tokenizer;
  readonly pieces: PieceIndex;
  /** Tokens that end a line: those with a line feed in them, and all control tokens. */
  readonly lineEnds: Int32Array;
  readonly isLineEnd: Uint8Array;
}

export function createLineModel(manifest: ModelManifest, tokenizer: Tokenizer): LineModel {
  const lineFeed = 0x0a;
  // Embedding rows beyond the tokenizer's vocabulary stand for nothing; a model that picks one has nothing to say.
  const isLineEnd = new Uint8Array(manifest.architecture.vocabSize).fill(1);
  for (let id = 0; id < tokenizer.size; id++) {
    isLineEnd[id] = tokenizer.isControl(id) || tokenizer.bytes(id).includes(lineFeed) ? 1 : 0;
  }
  const lineEnds = Int32Array.from(isLineEnd.keys()).filter((id) => isLineEnd[id] === 1);
  return { manifest, tokenizer, pieces: new PieceIndex(tokenizer), lineEnds, isLineEnd };
}
