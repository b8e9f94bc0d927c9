import type { CompleteParams } from '../../protocol/engine.ts';
import type { ChatTemplateName } from '../model/chatTemplateName.ts';
import type { CompletionTraining } from '../model/modelManifest.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { ChatFormat } from './chatFormat.ts';
import { type CompletionPrompt, promptEnd } from './completionPrompt.ts';
import { languageTag } from './languages.ts';
import { firstLines } from './suffixWindow.ts';

/**
 * For models that were trained to converse and to nothing else: a person asks for the file and says how it ends, and
 * the model is in the middle of writing it. Its answer is the text before the cursor, so typing only ever appends. As
 * in the suffix-first layout, what is below the cursor's line is shown, the rest of that line is not.
 */
export function instructionPrompt(
  tokenizer: Tokenizer,
  chat: ChatTemplateName,
  training: Pick<CompletionTraining, 'contextTokens' | 'maxSuffixTokens'>,
  request: Pick<CompleteParams, 'fileName' | 'languageId' | 'prefix' | 'suffix'>,
): CompletionPrompt {
  const fence = `\`\`\`${languageTag(request.languageId)}\n`;
  const below = linesBelow(tokenizer, request.suffix, training.maxSuffixTokens);
  const ending = below === '' ? '' : ` The file ends with these lines:\n${fence}${below}\n\`\`\``;
  const text = `Write the file ${request.fileName}. Answer with one code block and nothing else.${ending}`;
  const conversation = { system: '', thinking: false, turns: [{ role: 'user', text }] } as const;
  const { tokens } = new ChatFormat(chat, tokenizer).prompt(conversation, fence);
  return promptEnd(tokenizer, tokens, request.prefix, training.contextTokens);
}

function linesBelow(tokenizer: Tokenizer, suffix: string, limit: number): string {
  const lineEnd = suffix.indexOf('\n');
  if (lineEnd < 0) return '';
  return firstLines(tokenizer, suffix.slice(lineEnd + 1), limit).trimEnd();
}
