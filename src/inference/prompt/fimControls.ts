import type { Control } from './requireControl.ts';

/**
 * CodeGemma's tokens for fill-in-the-middle, `<unused60>` to `<unused63>` in the tokenizers of its siblings. Ids from
 * `conversion/gemma.py` of ggml-org/llama.cpp.
 */
export const fimControls = {
  prefix: ['<|fim_prefix|>', 67],
  middle: ['<|fim_middle|>', 68],
  suffix: ['<|fim_suffix|>', 69],
  fileSeparator: ['<|file_separator|>', 70],
} as const satisfies Record<string, Control>;
