import { GemmaError } from '../../protocol/errors.ts';

/** `what` continues the sentence "it ...". */
export function damagedJson(what: string, options?: { cause: unknown }): GemmaError {
  const message = `tokenizer.json is damaged: it ${what}. Download the model again.`;
  return new GemmaError('model-damaged', message, options);
}

/** `what` continues the sentence "The tokenizer ...". */
export function unsupportedTokenizer(what: string): GemmaError {
  return new GemmaError('model-unsupported', `The tokenizer ${what}; only Gemma tokenizers can be used.`);
}

/** `how` continues the sentence "The compiled tokenizer is ...". */
export function damagedBinary(how: string): GemmaError {
  return new GemmaError('model-damaged', `The compiled tokenizer is ${how}. Import the model again.`);
}
