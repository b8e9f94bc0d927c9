import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import type { Turn } from '../../../src/inference/kv/turn.ts';
import { measureBackends } from '../../../src/inference/machine/measureSpeed.ts';
import { readMachine } from '../../../src/inference/machine/readMachine.ts';

const leftovers = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`gemma-code-speed-${process.pid}-`));

describe('the benchmark of a machine', function () {
  this.timeout(60_000);

  it('measures all that run, in steps between which others may compute, and leaves nothing behind', async () => {
    let steps = 0;
    let asides = 0;
    const turn: Turn = {
      async step() {
        steps += 1;
      },
      aside(pending) {
        asides += 1;
        return pending;
      },
    };
    const broken = createNativeBackend('/absent');
    const [speed, ...more] = await measureBackends([broken, createNativeBackend()], turn);
    assert.deepEqual(more, []);
    assert.equal(speed?.backend, 'native');
    assert.equal(speed.quantization, 'q4');
    assert.ok(Number.isFinite(speed.decodeBytesPerSecond) && speed.decodeBytesPerSecond > 0);
    assert.ok(Number.isFinite(speed.prefillWeightsPerSecond) && speed.prefillWeightsPerSecond > 0);
    assert.ok(steps > 8 && asides === 2);
    assert.deepEqual(await leftovers(), []);
  });

  it('ends where it is when it is cancelled', async () => {
    const cancel = new CancelFlag();
    let steps = 0;
    const turn: Turn = {
      async step() {
        steps += 1;
        if (steps === 3) cancel.cancel();
        await cancel.step();
      },
      aside: (pending) => pending,
    };
    await assert.rejects(measureBackends([createNativeBackend()], turn), { code: 'cancelled' });
    assert.equal(steps, 3);
    assert.deepEqual(await leftovers(), []);
  });
});

describe('readMachine', () => {
  it('says what is there', async () => {
    const machine = await readMachine(1e9, ['native']);
    assert.ok(machine.cores >= 1);
    assert.ok(machine.freeMemoryBytes > 0 && machine.freeMemoryBytes <= machine.memoryBytes);
    assert.deepEqual(machine.backends, ['native']);
  });
});
