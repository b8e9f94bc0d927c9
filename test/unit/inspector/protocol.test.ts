import assert from 'node:assert/strict';
import * as v from 'valibot';
import { recordView } from '../../../src/extension/inspector/views.ts';
import { FromInspector, MAX_RECORDS, ToInspector } from '../../../src/protocol/inspector.ts';
import { initialState, told } from '../../../src/webview/inspector/state.ts';
import { codePointName, fill, Formats } from '../../../src/webview/texts.ts';
import { record } from '../../support/completionRecord.ts';

describe('what the page may ask', () => {
  it('is one of three things', () => {
    for (const message of [
      { type: 'ready' },
      { type: 'restartEngine' },
      { type: 'setAutomatic', automatic: false },
    ])
      assert.deepEqual(v.parse(FromInspector, message), message);
  });

  it('is refused when it is anything else', () => {
    for (const message of [
      null,
      'ready',
      { type: 'runCommand', command: 'x' },
      { type: 'setAutomatic' },
      { type: 'setAutomatic', automatic: 'false' },
    ])
      assert.equal(v.is(FromInspector, message), false, JSON.stringify(message));
  });
});

describe('what the page is told', () => {
  const view = recordView(record());
  const records = (count: number) => ({
    type: 'records',
    skipped: null,
    records: Array.from({ length: count }, () => view),
  });

  it('has so many completions, and no more', () => {
    assert.ok(v.is(ToInspector, records(MAX_RECORDS)));
    assert.ok(!v.is(ToInspector, records(MAX_RECORDS + 1)));
  });

  it('is refused when a text is no pieces, a code point no code point, a moment no moment', () => {
    for (const change of [
      { text: '<b>' },
      { text: [-1] },
      { text: [0x11_00_00] },
      { text: [{ __html: '<b>' }] },
      { time: 1e16 },
      { reason: 'because' },
      { confidence: 2 },
    ])
      assert.ok(
        !v.is(ToInspector, { type: 'records', skipped: null, records: [{ ...view, ...change }] }),
        JSON.stringify(change),
      );
  });

  it('is added to what it knows', () => {
    const engine = {
      state: 'off',
      sentence: ['Off.'],
      progress: null,
      model: null,
      enabled: false,
      automatic: true,
    } as const;
    const withEngine = told(initialState, { type: 'engine', engine: { ...engine, sentence: ['Off.'] } });
    const withBoth = told(withEngine, { type: 'records', skipped: null, records: [view] });
    assert.deepEqual(withBoth, { ...initialState, engine, records: [view] });
  });
});

describe('texts of the page', () => {
  it('are in the language of the person, or in English when it is none', () => {
    assert.equal(new Formats('it').count(12_345.5), '12.345,5');
    assert.equal(new Formats('"><script>').percent(0.874), '87%');
    assert.equal(new Formats('en').milliseconds(57.9), '58 ms');
  });

  it('have their values filled in, once', () => {
    assert.equal(fill('{0} of {1}, {2}', '{1}', '$&'), '{1} of $&, {2}');
  });

  it('name code points as Unicode does', () => {
    assert.deepEqual([0x1b, 0x202e, 0xe0041].map(codePointName), ['U+001B', 'U+202E', 'U+E0041']);
  });
});
