import assert from 'node:assert/strict';
import { Speed } from '../../../src/inference/speed.ts';

describe('The speed of a download', () => {
  it('is that of the last five seconds, and falls to nothing when it stands still', () => {
    const speed = new Speed();
    assert.equal(speed.at(0), 0);
    for (let second = 0; second <= 10; second++)
      speed.add(second < 5 ? 0 : (second - 5) * 1_000, second * 1_000);
    assert.equal(speed.at(10_000), 1_000);
    assert.ok(speed.at(12_000) < 1_000);
    assert.equal(speed.at(20_000), 0);
  });

  it('does not count what was here before, and nothing when a file begins again', () => {
    const speed = new Speed();
    speed.add(5_000_000, 100);
    assert.equal(speed.at(1_100), 0);
    speed.add(0, 1_100);
    assert.equal(speed.at(1_100), 0);
  });
});
