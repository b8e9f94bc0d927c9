import type { CompleteParams } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { CompletionTraining } from '../model/modelManifest.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CompletionPrompt, promptEnd } from './completionPrompt.ts';
import { languageTag } from './languages.ts';

/** More text than this can't fit `maxSuffixTokens`, whatever the text. */
const SUFFIX_CHARS_PER_TOKEN = 8;

/**
 * The layout of the embedded model: suffix first, then file name and prefix in one unbroken run that the completion
 * continues. No token marks the cursor, so typing only ever appends, and the KV cache stays valid key after key.
 *
 *     <bos> <|lang:x|> <|fim_suffix|> suffix <|fim_prefix|> name \n prefix
 *
 * The suffix begins at the end of the cursor's line: it doesn't change while the line is typed, and the rest of the
 * line is what the model was trained to write.
 */
export function suffixFirstPrompt(
  tokenizer: Tokenizer,
  training: CompletionTraining,
  request: Pick<CompleteParams, 'fileName' | 'languageId' | 'prefix' | 'suffix'>,
): CompletionPrompt {
  const head = [tokenizer.bos, required(tokenizer, `<|lang:${languageTag(request.languageId)}|>`)];
  const below = suffixTokens(tokenizer, request.suffix, training.maxSuffixTokens);
  if (below.length > 0) head.push(required(tokenizer, '<|fim_suffix|>'), ...below);
  head.push(required(tokenizer, '<|fim_prefix|>'), ...tokenizer.encode(`${request.fileName}\n`));

  return promptEnd(tokenizer, head, request.prefix, training.contextTokens);
}

function suffixTokens(tokenizer: Tokenizer, suffix: string, limit: number): number[] {
  const lineEnd = suffix.indexOf('\n');
  if (lineEnd < 0 || limit === 0) return [];
  const below = suffix.slice(lineEnd, lineEnd + limit * SUFFIX_CHARS_PER_TOKEN);
  if (below.trim() === '') return [];
  // The line end that closes the cursor's line is a token of its own, as in training.
  return [...tokenizer.encode('\n'), ...tokenizer.encode(below.slice(1))].slice(0, limit);
}

function required(tokenizer: Tokenizer, name: string): number {
  const id = tokenizer.control(name);
  if (id === undefined) {
    throw new GemmaError(
      'model-damaged',
      `The tokenizer has no ${name}, which the model's completion layout needs.`,
    );
  }
  return id;
}
