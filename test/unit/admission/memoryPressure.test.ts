import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { totalmem } from 'node:os';
import { availableMemory, defaultMemory, machineMemory } from '../../../src/inference/machineMemory.ts';
import { MemoryPressure } from '../../../src/inference/memoryPressure.ts';

/** Looks at these readings one after the other. @returns what was done at each */
async function looks(readings: readonly (number | null)[], hasKv = true): Promise<string> {
  const done: string[] = [];
  let reading: number | null = null;
  const pressure = new MemoryPressure({
    floorBytes: 100,
    readAvailable: async () => reading,
    trim: async () => {
      if (hasKv) done.push('trim');
      return hasKv;
    },
    giveBack: async () => void done.push('give back'),
  });
  for (const next of readings) {
    reading = next;
    const before = done.length;
    await pressure.look();
    if (done.length === before) done.push('-');
  }
  return done.join(', ');
}

describe('a machine short of memory', () => {
  it('gets nothing while it has enough, or says nothing', async () => {
    assert.equal(await looks([100, null, 1e9]), '-, -, -');
  });

  it('gets keys and values first, and a model when that was not enough', async () => {
    assert.equal(await looks([99, 99, 99, 99]), 'trim, give back, trim, give back');
    assert.equal(await looks([99, 101, 99]), 'trim, -, trim');
  });

  it('gets a model at once where there are no keys and values', async () => {
    assert.equal(await looks([0, 0], false), 'give back, give back');
  });

  it('is looked at once at a time', async () => {
    const answered = new EventEmitter();
    let reads = 0;
    const pressure = new MemoryPressure({
      readAvailable: async () => {
        reads++;
        await once(answered, 'now');
        return Infinity;
      },
      trim: () => Promise.reject(new Error('not asked for')),
      giveBack: () => Promise.reject(new Error('not asked for')),
    });
    const first = pressure.look();
    await pressure.look();
    answered.emit('now');
    await first;
    assert.equal(reads, 1);
  });

  it('says itself what it has', async () => {
    assert.ok(machineMemory() > 0 && machineMemory() <= totalmem());
    assert.ok(defaultMemory() >= 256 * 1024 * 1024);
    const available = await availableMemory();
    assert.ok(available !== null && available > 0 && available <= machineMemory());
  });
});
