import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterCrash } from '../../../src/client/restartPolicy.ts';
import type { CrashHistory } from '../../../src/client/restartPolicy.ts';

const MINUTE = 60_000;

function crashAt(...times: number[]): ReturnType<typeof afterCrash>[] {
  let history: CrashHistory = [];
  return times.map((time) => {
    const decision = afterCrash(history, time);
    history = decision.history;
    return decision;
  });
}

describe('restart policy', () => {
  it('restarts four crashes in three minutes and stops at the fifth', () => {
    const decisions = crashAt(0, 1_000, 2_000, 3_000, 4_000);
    assert.deepEqual(
      decisions.map(({ restart }) => restart),
      [true, true, true, true, false],
    );
  });

  it('waits twice as long each time', () => {
    const delays = crashAt(0, 1, 2, 3).map((decision) => (decision.restart ? decision.delayMs : null));
    assert.deepEqual(delays, [100, 200, 400, 800]);
  });

  it('forgets crashes older than three minutes, so a rare crash is restarted for ever', () => {
    const times = Array.from({ length: 50 }, (_, index) => index * MINUTE);
    assert.ok(crashAt(...times).every(({ restart }) => restart));
  });

  it('never allows five crashes within any three minutes to be followed by a restart', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 * MINUTE), { maxLength: 60 }), (gaps) => {
        let now = 0;
        const times = gaps.map((gap) => (now += gap));
        for (const [index, decision] of crashAt(...times).entries()) {
          const first = times[index - 4];
          const last = times[index] ?? 0;
          assert.equal(decision.restart, first === undefined || last - first >= 3 * MINUTE);
        }
      }),
    );
  });
});
