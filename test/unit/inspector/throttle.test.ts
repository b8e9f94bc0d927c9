import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Throttle } from '../../../src/extension/throttle.ts';

describe('a throttle', () => {
  it('runs at once, and once more for all that was asked meanwhile', async () => {
    const times: number[] = [];
    const throttle = new Throttle(() => times.push(performance.now()), 20);
    for (let count = 0; count < 100; count++) throttle.request();
    assert.equal(times.length, 1);
    while (times.length < 2) await sleep(1);
    await sleep(50);
    assert.equal(times.length, 2);
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) > 15);
    throttle.request();
    assert.equal(times.length, 3);
    throttle.dispose();
  });

  it('does nothing after its end', async () => {
    let runs = 0;
    const throttle = new Throttle(() => runs++, 1);
    throttle.request();
    throttle.request();
    throttle.dispose();
    await sleep(10);
    assert.equal(runs, 1);
  });
});
