import * as fc from 'fast-check';

/** Pieces of text that tokenizers stumble over. */
const whitespace = [
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  '\t',
  '\t\t',
  ' ',
  '  ',
  '    ',
  '\u00a0',
  '\u2028',
  '\u0000',
  '\ufeff',
];
const nearTags = [
  '<b>',
  '</b>',
  '<table>',
  '<br>',
  '<B>',
  '< b>',
  '<0x0A>',
  '<0xE2>',
  '<unk',
  'unk>',
  '&lt;',
];
const beyondAscii = [
  '👋🏽',
  '👩‍👩‍👧‍👦',
  '🇩🇪',
  'é',
  'e\u0301',
  '日本',
  'ß',
  '€',
  '𝒳',
  '\u{10ffff}',
  '\ufffd',
  '\u200d',
];
const code = [
  '0',
  '42',
  '1e-7',
  '0xFF',
  '__proto__',
  'constructor',
  'const ',
  'return',
  '=>',
  '};',
  '//',
  '/**',
];
const awkward = [whitespace, nearTags, beyondAscii, code].flat();

const usual = ['<bos>', '<eos>', '<pad>', '<unk>', '<mask>', '[multimodal]', '<unused0>', '<unused98>'];
const turns = ['<start_of_turn>', '<end_of_turn>', '<image_soft_token>', '<|fim_prefix|>', '<|fim_suffix|>'];

/** Names of control tokens. */
export const controlNames = [...usual, ...turns];

const alphabet = fc.constantFrom(...'aeinorst(){}[];:,.=+-*/"\'`_$ \t\n01'.split(''));

/** Well-formed text without `▁`: as code has it, with everything awkward mixed in. */
export const texts = fc
  .oneof(
    fc
      .array(fc.oneof(fc.constantFrom(...awkward), alphabet), { maxLength: 24 })
      .map((parts) => parts.join('')),
    fc.string({ unit: alphabet, maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 24 }),
    fc.string({ unit: 'binary', maxLength: 24 }),
  )
  .map((text) => text.replaceAll('\u2581', '_'));

/** Any string at all: lone surrogates, `▁`, control-token names. */
export const anyStrings = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...controlNames,
        ...controlNames.map((name) => name.slice(1)),
        '\u2581',
        '\u2581\u2581',
      ),
      fc.string({
        unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
        maxLength: 4,
      }),
      texts,
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** The same `count` values in every run. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed: 20_260_923 });
}
