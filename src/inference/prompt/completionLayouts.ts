import type { CompleteParams } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { CompletionTraining, ModelManifest } from '../model/modelManifest.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { codeGemmaPrompt } from './codeGemma.ts';
import type { CompletionPrompt } from './completionPrompt.ts';
import { continuationPrompt } from './continuation.ts';
import { instructionPrompt } from './instruction.ts';
import { suffixFirstPrompt } from './suffixFirst.ts';

type Cursor = Pick<CompleteParams, 'fileName' | 'languageId' | 'prefix' | 'suffix'>;
type Manifest = Pick<ModelManifest, 'chat'> & { readonly completion: CompletionTraining };
type Layout = (tokenizer: Tokenizer, manifest: Manifest, cursor: Cursor) => CompletionPrompt;

const layouts: Readonly<Record<CompletionTraining['layout'], Layout>> = {
  'suffix-first': (tokenizer, { completion }, cursor) => suffixFirstPrompt(tokenizer, completion, cursor),
  'codegemma-psm': (tokenizer, { completion }, cursor) =>
    codeGemmaPrompt('prefix-suffix-middle', tokenizer, completion, cursor),
  'codegemma-spm': (tokenizer, { completion }, cursor) =>
    codeGemmaPrompt('suffix-prefix-middle', tokenizer, completion, cursor),
  instruction: (tokenizer, { completion, chat }, cursor) => {
    if (chat !== null) return instructionPrompt(tokenizer, chat, completion, cursor);
    throw new GemmaError(
      'model-damaged',
      'The model completes by instruction, but its manifest names no chat template. Import the model again.',
    );
  },
};

/**
 * What the model is shown to complete at the cursor, in the layout its manifest names.
 *
 * @param contextTokens for a model without a completion training
 * @throws GemmaError `model-damaged` when the tokenizer lacks a control token of the layout
 */
export function layOutCompletion(
  tokenizer: Tokenizer,
  { completion, chat }: Pick<ModelManifest, 'completion' | 'chat'>,
  contextTokens: number,
  cursor: Cursor,
): CompletionPrompt {
  if (completion === null) return continuationPrompt(tokenizer, contextTokens, cursor.prefix);
  return layouts[completion.layout](tokenizer, { completion, chat }, cursor);
}
