import assert from 'node:assert/strict';
import * as v from 'valibot';
import { piecesOf } from '../../../src/text/hiddenCharacters.ts';
import type { EngineStatus } from '../../../src/extension/engine.ts';
import { Records } from '../../../src/extension/inspector/records.ts';
import { engineView, recordView } from '../../../src/extension/inspector/views.ts';
import type { EngineFacts } from '../../../src/extension/inspector/views.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { EngineView, MAX_RECORDS, RecordView } from '../../../src/protocol/inspector.ts';
import { record } from '../../support/completionRecord.ts';

const ready: EngineStatus = {
  name: 'ready',
  model: {
    name: 'pebble-1',
    architecture: 'gemma3',
    parameters: 10,
    quantization: 'q8',
    backend: 'wasm',
    threads: 2,
    contextTokens: 512,
    chat: false,
    chatContextTokens: 0,
    languages: [],
    weightBytes: 10,
    loadMs: 1,
  },
};
const facts: EngineFacts = {
  name: 'ready',
  status: ready,
  sentence: 'Ready.',
  modelName: 'Pebble (built in)',
  enabled: true,
  automatic: true,
};

describe('the view of the engine', () => {
  it('names the model and how it runs', () => {
    assert.deepEqual(engineView(facts), {
      state: 'ready',
      sentence: ['Ready.'],
      progress: null,
      model: { name: ['Pebble (built in)'], backend: 'wasm', quantization: 'q8', threads: 2 },
      enabled: true,
      automatic: true,
    });
  });

  it('shows progress while there is some, and no model', () => {
    const status: EngineStatus = { name: 'importing', fraction: 0.25 };
    const view = engineView({ ...facts, name: 'loading', status });
    assert.deepEqual([view.state, view.progress, view.model], ['busy', 0.25, null]);
  });

  it('is calm while completions run', () => {
    const view = engineView({ ...facts, name: 'working', status: { ...ready, name: 'working' } });
    assert.deepEqual(view, engineView(facts));
  });

  it('passes its own schema whatever the error says', () => {
    const sentence = `\u202E${'<b>\u0000'.repeat(1_000)}`;
    const status: EngineStatus = { name: 'failed', error: new GemmaError('internal', sentence) };
    const view = engineView({ ...facts, name: 'error', status, sentence });
    assert.deepEqual(v.parse(EngineView, view), view);
    assert.equal(view.sentence[0], 0x202e);
  });
});

describe('the view of a completion', () => {
  it('shows what cannot be seen', () => {
    const view = recordView(
      record({ text: 'a\u202Eb\u200B', fileName: '\u2066x.ts', languageId: 'x\u001B' }),
    );
    assert.deepEqual(view.text, ['a', 0x202e, 'b', 0x200b]);
    assert.deepEqual(view.fileName, [0x2066, 'x.ts']);
    assert.deepEqual(view.languageId, ['x', 0x1b]);
  });

  it('passes its own schema, cut to a readable length', () => {
    for (const text of [null, '', 'x'.repeat(100_000), '\u200B'.repeat(100_000), '😀'.repeat(100_000)]) {
      const view = recordView(record({ text }));
      assert.deepEqual(v.parse(RecordView, view), view);
    }
    assert.deepEqual(recordView(record({ text: `x${'😀'.repeat(1_000)}` })).text, [
      `x${'😀'.repeat(199)}`,
      '…',
    ]);
  });
});

describe('the pieces of a text', () => {
  for (const [what, text, pieces] of [
    ['nothing', '', []],
    ['a tab and letters of other scripts', '\tשלום née 漢', ['\tשלום née 漢']],
    ['emoji with joiners', '👩‍💻❤️', ['👩‍💻❤️']],
    ['a joiner alone', 'a\u200Db', ['a', 0x200d, 'b']],
    ['a line end and an escape', '\n\u001B[31m', [0x0a, 0x1b, '[31m']],
    ['tag characters', '\u{E0041}\u{E0042}', [0xe0041, 0xe0042]],
    ['half a surrogate pair', 'a\uD800', ['a', 0xd800]],
  ] as const) {
    it(`of ${what}`, () => assert.deepEqual(piecesOf(text), pieces));
  }
});

describe('the records', () => {
  it('are the last ones, newest first', () => {
    const records = new Records();
    for (let id = 1; id <= MAX_RECORDS + 5; id++) records.add(record({ id }));
    assert.equal(records.all.length, MAX_RECORDS);
    assert.deepEqual([records.all[0]?.id, records.all.at(-1)?.id], [MAX_RECORDS + 5, 6]);
  });
});
