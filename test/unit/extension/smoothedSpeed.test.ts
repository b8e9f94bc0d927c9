import assert from 'node:assert/strict';
import { SmoothedSpeed } from '../../../src/extension/smoothedSpeed.ts';

describe('a smoothed speed', () => {
  it('is unknown until enough was written', () => {
    const speed = new SmoothedSpeed();
    speed.add(3, 100);
    speed.add(0, 5_000);
    assert.equal(speed.tokensPerSecond, null);
    speed.add(10, 200);
    assert.ok(speed.tokensPerSecond !== null);
  });

  it('follows what is new, but not at a jump', () => {
    const speed = new SmoothedSpeed();
    for (let answer = 0; answer < 10; answer++) speed.add(100, 1_000);
    assert.equal(Math.round(speed.tokensPerSecond ?? 0), 100);
    speed.add(100, 10_000);
    const after = speed.tokensPerSecond ?? 0;
    assert.ok(after > 10 && after < 100, `${after}`);
    for (let answer = 0; answer < 20; answer++) speed.add(100, 10_000);
    assert.equal(Math.round(speed.tokensPerSecond ?? 0), 10);
  });
});
