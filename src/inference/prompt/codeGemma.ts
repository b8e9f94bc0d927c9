import type { CompleteParams } from '../../protocol/engine.ts';
import type { CompletionTraining } from '../model/modelManifest.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CompletionPrompt, prefixWindow, RESERVED_TOKENS } from './completionPrompt.ts';
import { fimControls } from './fimControls.ts';
import { requireFixedControl } from './requireControl.ts';
import { firstLines, firstTokens } from './suffixWindow.ts';

/** Another file that the model may look at. */
export interface ContextFile {
  /** Path from the folder that holds all of them. */
  readonly name: string;
  readonly text: string;
}

/** Share of the context for other files. */
const FILES_SHARE = 1 / 4;

/**
 * Fill-in-the-middle as CodeGemma was trained: `prefix-suffix-middle` in the model card's order, or
 * `suffix-prefix-middle` in that of llama.cpp's `--spm-infill`.
 *
 *     <bos> <|fim_prefix|> prefix <|fim_suffix|> suffix <|fim_middle|>
 *     <bos> <|fim_suffix|> suffix <|fim_prefix|> prefix <|fim_middle|>
 *
 * The report (arXiv 2406.11409) says that both orders were trained, but shows the first alone. In the second a typed
 * character changes only the last few tokens, in the first the whole suffix is computed anew. No space or line end is
 * added around the control tokens. Other files come first, each with its name on a line above it and a
 * `<|file_separator|>` behind it (figure 2); then the name of the cursor's file stands above it, too.
 *
 * @param files in an order that stays: what is added later goes to the end
 */
export function codeGemmaPrompt(
  order: 'prefix-suffix-middle' | 'suffix-prefix-middle',
  tokenizer: Tokenizer,
  training: Pick<CompletionTraining, 'contextTokens' | 'maxSuffixTokens'>,
  request: Pick<CompleteParams, 'fileName' | 'prefix' | 'suffix'>,
  files: readonly ContextFile[] = [],
): CompletionPrompt {
  const id = (name: keyof typeof fimControls): number =>
    requireFixedControl(tokenizer, fimControls[name], 'completion by CodeGemma');
  const { contextTokens, maxSuffixTokens } = training;
  const context = contextFiles(tokenizer, id('fileSeparator'), files, contextTokens * FILES_SHARE);
  const head = [tokenizer.bos, ...context];
  if (context.length > 0) head.push(...tokenizer.encode(`${request.fileName}\n`));
  const below = [id('suffix'), ...firstTokens(tokenizer, request.suffix, maxSuffixTokens)];
  // Counts the longest suffix: a start that moved with the suffix's length would cost a full prefill.
  const room = contextTokens - RESERVED_TOKENS - head.length - maxSuffixTokens - 3;
  const { tokens, constraint } = prefixWindow(tokenizer, request.prefix, room);
  const above = [id('prefix'), ...tokens];
  const parts = order === 'prefix-suffix-middle' ? [...above, ...below] : [...below, ...above];
  return { tokens: [...head, ...parts, id('middle')], constraint };
}

/** As many files as fit `limit` tokens; one that is too long is cut at the end of a line. */
function contextFiles(
  tokenizer: Tokenizer,
  separator: number,
  files: readonly ContextFile[],
  limit: number,
): number[] {
  const tokens: number[] = [];
  for (const { name, text } of files) {
    const title = tokenizer.encode(`${name}\n`);
    const kept = firstLines(tokenizer, text, limit - tokens.length - title.length - 1);
    if (kept === '') continue;
    tokens.push(...title, ...tokenizer.encode(kept), separator);
  }
  return tokens;
}
