import type { CompleteParams } from '../../protocol/engine.ts';
import type { CompletionTraining } from '../model/modelManifest.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CompletionPrompt, promptEnd } from './completionPrompt.ts';
import { languageTag } from './languages.ts';
import { requireControl } from './requireControl.ts';
import { firstTokens } from './suffixWindow.ts';

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
  const control = (name: string): number => requireControl(tokenizer, name, "the model's completion layout");
  const head = [tokenizer.bos, control(`<|lang:${languageTag(request.languageId)}|>`)];
  const below = suffixTokens(tokenizer, request.suffix, training.maxSuffixTokens);
  if (below.length > 0) head.push(control('<|fim_suffix|>'), ...below);
  head.push(control('<|fim_prefix|>'), ...tokenizer.encode(`${request.fileName}\n`));

  return promptEnd(tokenizer, head, request.prefix, training.contextTokens);
}

function suffixTokens(tokenizer: Tokenizer, suffix: string, limit: number): number[] {
  const lineEnd = suffix.indexOf('\n');
  if (lineEnd < 0 || limit === 0) return [];
  const below = suffix.slice(lineEnd + 1);
  if (below.trim() === '') return [];
  // The line end that closes the cursor's line is a token of its own, as in training.
  return [...tokenizer.encode('\n'), ...firstTokens(tokenizer, below, limit)].slice(0, limit);
}
