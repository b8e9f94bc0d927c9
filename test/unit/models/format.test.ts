import assert from 'node:assert/strict';
import { Format, fractionDone, secondsLeft } from '../../../src/extension/models/format.ts';

/** Languages put spaces of several kinds between a number and its unit. */
const plain = (text: string): string => text.replaceAll(/\s/gu, ' ');

describe('sizes, speeds and times', () => {
  const english = new Format('en');
  const italian = new Format('it');

  it('are as precise as a person reads them', () => {
    assert.equal(plain(english.size(2_640_000_000)), '2.6 GB');
    assert.equal(plain(english.size(512_300_000)), '512 MB');
    assert.equal(plain(english.size(40_100)), '40 kB');
    assert.equal(plain(english.size(123_456_000_000)), '123 GB');
    assert.equal(plain(english.memory(16 * 2 ** 30)), '16 GB');
    assert.equal(plain(english.memory(2.25 * 2 ** 30)), '2.3 GB');
    assert.equal(plain(english.memory(300 * 2 ** 20)), '300 MB');
    assert.equal(plain(english.speed(12_340_000)), '12 MB/s');
    assert.equal(plain(english.speed(1_260_000)), '1.3 MB/s');
    assert.equal(plain(english.speed(40_000)), '40 kB/s');
  });

  it('are in the language of VS Code', () => {
    assert.equal(plain(italian.size(2_640_000_000)), '2,6 GB');
    assert.equal(plain(italian.duration(3 * 3600)), '3 h');
    assert.equal(plain(new Format('de').number(8_192)), '8.192');
  });

  it('say how long it takes, never less than it does', () => {
    assert.equal(plain(english.duration(0.2)), '1 sec');
    assert.equal(plain(english.duration(59.2)), '60 sec');
    assert.equal(plain(english.duration(61)), '2 min');
    assert.equal(plain(english.duration(3_600)), '1 hr');
    assert.equal(plain(english.duration(5_000)), '1 hr 24 min');
    assert.equal(plain(english.duration(100_000)), '28 hr');
  });

  it('call only what is done 100 %', () => {
    assert.equal(plain(english.percent(0.999)), '99%');
    assert.equal(plain(english.percent(1)), '100%');
    assert.equal(fractionDone({ doneBytes: 5, totalBytes: 0 }), 0);
  });

  it('tell no time that nobody can know', () => {
    const transfer = { doneBytes: 50, totalBytes: 100, bytesPerSecond: 10 };
    assert.equal(secondsLeft(transfer), 5);
    assert.equal(secondsLeft({ ...transfer, bytesPerSecond: 0 }), null);
    assert.equal(secondsLeft({ ...transfer, totalBytes: 0 }), null);
    assert.equal(secondsLeft({ ...transfer, doneBytes: 120 }), 0);
  });
});
