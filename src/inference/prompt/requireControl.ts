import { GemmaError } from '../../protocol/errors.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A control token by its exact spelling, and the id it has in the vendor's tokenizers. */
export type Control = readonly [spelling: string, id: number];

/**
 * Id of the control token spelt `spelling`.
 *
 * @param purpose what needs it, for the message
 * @throws GemmaError `model-damaged` when the tokenizer has none
 */
export function requireControl(tokenizer: Tokenizer, spelling: string, purpose: string): number {
  const id = tokenizer.control(spelling);
  if (id !== undefined) return id;
  throw new GemmaError(
    'model-damaged',
    `The tokenizer has no ${spelling}, which ${purpose} needs. Download the model again.`,
  );
}

/**
 * The same for a token whose id is known: at any other id the model was never trained with it.
 *
 * @throws GemmaError `model-damaged` when the tokenizer has none, or at another id
 */
export function requireFixedControl(tokenizer: Tokenizer, [spelling, id]: Control, purpose: string): number {
  const found = requireControl(tokenizer, spelling, purpose);
  if (found === id) return id;
  throw new GemmaError(
    'model-damaged',
    `The tokenizer has ${spelling} at ${found} instead of ${id}, where ${purpose} needs it. It belongs to another model.`,
  );
}
