import assert from 'node:assert/strict';
import { chooseLayouts, type TrainingEvidence } from '../../../src/inference/prompt/chooseLayouts.ts';
import { type Generation, tokenizerOf } from './generations.ts';

/** A folder with config.json and tokenizer.json alone. */
const folder = (
  model_type: string,
  generation: Generation,
  more: Partial<TrainingEvidence> = {},
): TrainingEvidence => ({
  name: 'model',
  config: { model_type },
  generationConfig: null,
  tokenizerConfig: null,
  chatTemplate: null,
  tokenizer: tokenizerOf(generation),
  maxPositions: 8_192,
  ...more,
});
const chosen = (evidence: TrainingEvidence): [chat: string | null, layout: string | null] => {
  const { chat, completion } = chooseLayouts(evidence);
  return [chat, completion?.layout ?? null];
};
const stopsAt = (...ids: number[]) => ({ generationConfig: { eos_token_id: ids } });
const template = '{{ bos_token }}{% for message in messages %}…';

describe('What a model was trained for', () => {
  it('a base model continues text', () => {
    for (const [type, generation] of [
      ['gemma', 'gemma1'],
      ['gemma2', 'gemma1'],
      ['gemma3_text', 'gemma3'],
      ['gemma4', 'gemma4'],
    ] as const) {
      assert.deepEqual(chosen(folder(type, generation)), [null, null]);
      assert.deepEqual(chosen(folder(type, generation, { generationConfig: { eos_token_id: 1 } })), [
        null,
        null,
      ]);
    }
  });

  it('one that stops at the end of a turn converses, in its generation’s template', () => {
    assert.deepEqual(chosen(folder('gemma2', 'gemma1', stopsAt(1, 107))), ['gemma', 'instruction']);
    assert.deepEqual(chosen(folder('gemma3', 'gemma3', stopsAt(1, 106))), ['gemma3', 'instruction']);
    assert.deepEqual(chosen(folder('gemma3n', 'gemma3', stopsAt(1, 106))), ['gemma3', 'instruction']);
    assert.deepEqual(chosen(folder('gemma4', 'gemma4', stopsAt(1, 106, 50))), ['gemma4', 'instruction']);
  });

  it('another generation’s end of a turn shows nothing', () => {
    assert.deepEqual(chosen(folder('gemma2', 'gemma1', stopsAt(1, 106))), [null, null]);
  });

  it('one with a chat template converses, wherever the template stands', () => {
    const evidence: Partial<TrainingEvidence>[] = [
      { chatTemplate: template },
      { tokenizerConfig: { chat_template: template } },
      { tokenizerConfig: { chat_template: [{ name: 'default', template }] } },
    ];
    for (const more of evidence) {
      assert.deepEqual(chosen(folder('gemma', 'gemma1', more)), ['gemma', 'instruction']);
    }
  });

  it('the name is the last hint', () => {
    for (const name of ['gemma-2-2b-it', 'gemma-1.1-7b-it-fp16', 'codegemma-7b-IT']) {
      assert.deepEqual(chosen(folder('gemma', 'gemma1', { name })), ['gemma', 'instruction'], name);
    }
    for (const name of ['gemma-2b', 'gemma-3-1b-pt', 'italic-gemma', 'edit-2b']) {
      assert.deepEqual(chosen(folder('gemma', 'gemma1', { name })), [null, null], name);
    }
  });

  it('CodeGemma’s base models fill in the middle; its instruction model, with the same tokenizer, does not', () => {
    assert.deepEqual(chosen(folder('gemma', 'codegemma')), [null, 'codegemma-psm']);
    assert.deepEqual(chosen(folder('gemma', 'codegemma', { chatTemplate: template })), [
      'gemma',
      'instruction',
    ]);
  });

  it('Gemma 4 is shown a closed thought when its template shows one', () => {
    const escaped = "{%- if not enable_thinking -%}{{- '<|channel>thought\\n<channel|>' -}}{%- endif -%}";
    for (const text of [escaped, escaped.replace('\\n', '\n')]) {
      const [chat] = chosen(folder('gemma4', 'gemma4', { chatTemplate: text }));
      assert.equal(chat, 'gemma4-closed-thought');
    }
    assert.equal(chosen(folder('gemma4', 'gemma4', { chatTemplate: template }))[0], 'gemma4');
    assert.equal(chosen(folder('gemma3', 'gemma3', { chatTemplate: escaped }))[0], 'gemma3');
  });

  it('what config.json says about completion goes before everything else', () => {
    const completion = {
      layout: 'suffix-first',
      languages: ['go'],
      maxSuffixTokens: 8,
      contextTokens: 64,
      maxLineChars: 60,
    };
    const config = { model_type: 'gemma3_text', completion };
    assert.deepEqual(chooseLayouts(folder('', 'gemma3', { config, ...stopsAt(1, 106) })), {
      chat: 'gemma3',
      completion,
    });
  });

  it('a small context leaves most of itself to the text before the cursor', () => {
    const { completion } = chooseLayouts(folder('gemma', 'codegemma', { maxPositions: 256 }));
    assert.equal(completion?.contextTokens, 256);
    assert.equal(completion.maxSuffixTokens, 64);
  });

  it('other files and unknown types show nothing, and break nothing', () => {
    assert.deepEqual(chosen(folder('llama', 'gemma3', { chatTemplate: template })), [null, null]);
    assert.deepEqual(
      chosen(
        folder('gemma3', 'gemma3', {
          generationConfig: { eos_token_id: 'x' },
          tokenizerConfig: [{ chat_template: 3 }],
        }),
      ),
      [null, null],
    );
  });
});
