import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readEvents } from '../../../src/remote/serverSentEvents.ts';

function dataOf(pieces: Iterable<string>): string[] {
  const reader = readEvents();
  const events: string[] = [];
  for (const piece of pieces) events.push(...reader.push(piece));
  return [...events, ...reader.end()];
}

/** Of bytes that are cut at these places. */
function dataOfBytes(bytes: Uint8Array, cuts: readonly number[]): string[] {
  const decoder = new TextDecoder();
  const places = [0, ...cuts, bytes.length].sort((a, b) => a - b);
  const pieces = places
    .slice(1)
    .map((end, i) => decoder.decode(bytes.subarray(places[i], end), { stream: true }));
  return dataOf([...pieces, decoder.decode()]);
}

const SAMPLE = [
  ': ping\r\n',
  'data: {"a":1}\r\n\r\n',
  'event: message\ndata:two\ndata: lines\nid: 7\nretry: 10\n\n',
  'data: ünïcode 🎉 ’\r\r',
  'data\n\n',
  ':\n\n\n\n',
  'datum: ignored\n\n',
  'error: {"message":"x"}\n\n',
  'data: [DONE]',
].join('');
const EXPECTED = ['{"a":1}', 'two\nlines', 'ünïcode 🎉 ’', '', '{"error":{"message":"x"}}', '[DONE]'];

describe('server-sent events', () => {
  it('are read in one piece', () => assert.deepEqual(dataOf([SAMPLE]), EXPECTED));

  it('are the same wherever their bytes are cut', () => {
    const bytes = new TextEncoder().encode(SAMPLE);
    for (let cut = 0; cut <= bytes.length; cut++)
      assert.deepEqual(dataOfBytes(bytes, [cut]), EXPECTED, `at ${cut}`);
    const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
    assert.deepEqual(dataOfBytes(bytes, everywhere), EXPECTED);
  });

  it('are what was written, with any line ends and cuts', () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll(/[\r\n]/gu, ' '));
    const lines = fc.array(text, { minLength: 1, maxLength: 4 });
    const written = fc.array(fc.tuple(lines, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean()), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(written, fc.array(fc.nat(2_000)), (events, places) => {
        const stream = events
          .map(([data, end, comment]) => {
            const all = [...(comment ? [': note'] : []), ...data.map((line) => `data: ${line}`), '', ''];
            return all.join(end);
          })
          .join('');
        const bytes = new TextEncoder().encode(stream);
        const cuts = places.map((place) => Math.min(place, bytes.length));
        const expected = events.map(([data]) => data.join('\n'));
        assert.deepEqual(dataOfBytes(bytes, cuts), expected);
      }),
    );
  });

  it('are refused when one has no end, and comments may go on for ever', () => {
    const reader = readEvents();
    const piece = 'x'.repeat(50_000);
    reader.push('data: ');
    assert.throws(
      () => {
        for (let i = 0; i < 100; i++) reader.push(piece);
      },
      { code: 'protocol' },
    );
    const patient = readEvents();
    for (let i = 0; i < 100; i++) assert.deepEqual(patient.push(`: ${piece}\n\n`), []);
    const lines = readEvents();
    assert.throws(
      () => {
        for (let i = 0; i < 100; i++) lines.push(`data: ${piece}\n`);
      },
      { code: 'protocol' },
    );
  });
});
