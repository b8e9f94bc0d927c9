import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CompletionPrompt, promptEnd } from './completionPrompt.ts';

/** For models without a fill-in-the-middle layout: they continue the text, and never see what follows the cursor. */
export function continuationPrompt(
  tokenizer: Tokenizer,
  contextTokens: number,
  prefix: string,
): CompletionPrompt {
  return promptEnd(tokenizer, [tokenizer.bos], prefix, contextTokens);
}
