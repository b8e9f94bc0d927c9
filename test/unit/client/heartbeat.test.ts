import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../../src/client/connection.ts';
import { watchHeartbeat } from '../../../src/client/heartbeat.ts';

const HANG_MS = 200;
const silent: Connection = { call: () => new Promise(() => undefined), close: () => undefined };
const failing: Connection = { call: () => Promise.reject(new Error('closed')), close: () => undefined };

describe('heartbeat', function () {
  this.timeout(20_000);

  it('reports a process that owes an answer and gives no sign of life', async () => {
    assert.ok((await hangs(silent, true, () => delay(10 * HANG_MS))) > 0);
  });

  it('leaves a process alone that nobody waits for', async () => {
    assert.equal(await hangs(silent, false, () => delay(5 * HANG_MS)), 0);
  });

  it('takes any answer for a sign of life', async () => {
    assert.equal(await hangs(failing, true, () => delay(5 * HANG_MS)), 0);
  });

  it('does not blame the process for a time in which this one was stopped', async () => {
    assert.equal(await hangs(silent, true, stopped), 0);
  });
});

/** How often a hang is reported during `meanwhile`. */
async function hangs(
  connection: Connection,
  busy: boolean,
  meanwhile: () => Promise<unknown>,
): Promise<number> {
  let count = 0;
  const watch = watchHeartbeat(
    connection,
    HANG_MS,
    () => busy,
    () => (count += 1),
  );
  await meanwhile();
  watch.dispose();
  return count;
}

/** Stops this thread in the middle of waiting for an answer. */
async function stopped(): Promise<void> {
  await delay(HANG_MS / 2);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * HANG_MS);
  await delay(1);
}
