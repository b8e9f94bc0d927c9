import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { Scheduler, type Urgency } from '../../../src/inference/engine/scheduler.ts';
import type { Turn } from '../../../src/inference/kv/turn.ts';

/** Calls of one step each that a test lets arrive while others compute. */
function engine(): {
  readonly scheduler: Scheduler;
  readonly log: string[];
  readonly arriveAtStep: (step: number, start: () => void) => void;
  readonly work: (name: string, steps: number) => (turn: Turn) => Promise<string>;
} {
  const arrivals = new Map<number, () => void>();
  const log: string[] = [];
  let steps = 0;
  const scheduler = new Scheduler(() => {
    for (const [at, start] of arrivals) {
      if (at > steps) continue;
      arrivals.delete(at);
      start();
    }
  });
  return {
    scheduler,
    log,
    arriveAtStep: (step, start) => void arrivals.set(step, start),
    work: (name, count) => async (turn) => {
      for (let i = 0; i < count; i++) {
        await turn.step();
        steps++;
        log.push(name);
        // As a forward does: other code runs meanwhile, but no other step.
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(log.at(-1), name);
      }
      return name;
    },
  };
}

describe('the scheduler of the engine', () => {
  it('runs a completion between two steps of a chat, which then goes on where it was', async () => {
    const { scheduler, log, arriveAtStep, work } = engine();
    let completion: Promise<string> | undefined;
    arriveAtStep(2, () => {
      completion = scheduler.run('completion', new CancelFlag(), work('completion', 2));
    });
    assert.equal(await scheduler.run('chat', new CancelFlag(), work('chat', 4)), 'chat');
    assert.equal(await completion, 'completion');
    assert.deepEqual(log, ['chat', 'chat', 'completion', 'completion', 'chat', 'chat']);
  });

  it('counts between two steps of anything', async () => {
    const { scheduler, log, arriveAtStep, work } = engine();
    let counted: Promise<unknown> | undefined;
    arriveAtStep(1, () => {
      counted = scheduler.run('count', new CancelFlag(), async () => log.push('count'));
    });
    await scheduler.run('completion', new CancelFlag(), work('completion', 2));
    await counted;
    assert.deepEqual(log, ['completion', 'count', 'completion']);
  });

  it('runs equals one after the other, and the interrupted one before those that came later', async () => {
    const { scheduler, log, arriveAtStep, work } = engine();
    const others: Promise<string>[] = [];
    arriveAtStep(1, () => {
      others.push(scheduler.run('chat', new CancelFlag(), work('second', 1)));
      others.push(scheduler.run('completion', new CancelFlag(), work('completion', 1)));
      others.push(scheduler.run('edit', new CancelFlag(), work('edit', 1)));
    });
    await scheduler.run('chat', new CancelFlag(), work('first', 2));
    await Promise.all(others);
    assert.deepEqual(log, ['first', 'completion', 'edit', 'first', 'second']);
  });

  it('lets a cancelled job end at once, though a more urgent one is running', async () => {
    const { scheduler, log, arriveAtStep, work } = engine();
    const cancel = new CancelFlag();
    let completion: Promise<string> | undefined;
    arriveAtStep(1, () => {
      completion = scheduler.run('completion', new CancelFlag(), work('completion', 3));
    });
    arriveAtStep(2, () => cancel.cancel());
    const chat = scheduler.run('chat', cancel, work('chat', 5)).finally(() => log.push('chat ended'));
    await assert.rejects(chat, { code: 'cancelled' });
    await completion;
    assert.deepEqual(log, ['chat', 'completion', 'chat ended', 'completion', 'completion']);
  });

  it('never begins what was cancelled while it waited', async () => {
    const { scheduler, log, work } = engine();
    const cancel = new CancelFlag();
    const first = scheduler.run('chat', new CancelFlag(), work('first', 2));
    const second = scheduler.run('chat', cancel, work('second', 2));
    cancel.cancel();
    await assert.rejects(second, { code: 'cancelled' });
    await first;
    assert.deepEqual(log, ['first', 'first']);
  });

  it('goes on after a job that fails', async () => {
    const { scheduler, work } = engine();
    const failing = scheduler.run('chat', new CancelFlag(), async () => {
      throw new Error('no');
    });
    const next = scheduler.run('chat', new CancelFlag(), work('next', 1));
    await assert.rejects(failing, { message: 'no' });
    assert.equal(await next, 'next');
  });

  it('lets even less urgent work run while a job waits for the disk, which then takes its turn', async () => {
    const { scheduler, log, work } = engine();
    const disk = new EventEmitter();
    const written = once(disk, 'finish').then(() => 'written');
    const snapshot = scheduler.run('chat', new CancelFlag(), async (turn) => {
      await work('snapshot', 1)(turn);
      log.push(await turn.aside(written));
      await work('snapshot', 1)(turn);
    });
    const others = ['first', 'second'].map((name) =>
      scheduler.run('warmUp', new CancelFlag(), async (turn) => {
        await work(name, 1)(turn);
        disk.emit('finish');
        await new Promise((resolve) => setImmediate(resolve));
        await work(name, 1)(turn);
      }),
    );
    await Promise.all([snapshot, ...others]);
    assert.deepEqual(log, ['snapshot', 'first', 'written', 'snapshot', 'first', 'second', 'second']);
  });

  it('gives the turn back to a job whose wait failed', async () => {
    const { scheduler, log, work } = engine();
    const first = scheduler.run('chat', new CancelFlag(), async (turn) => {
      await assert.rejects(turn.aside(Promise.reject(new Error('disk full'))), /disk full/u);
      await work('first', 2)(turn);
    });
    await Promise.all([first, scheduler.run('chat', new CancelFlag(), work('second', 2))]);
    assert.deepEqual(log, ['second', 'second', 'first', 'first']);
  });

  it('never lets less urgent work step while more urgent work waits, whatever arrives when', async () => {
    const urgencies: readonly Urgency[] = ['completion', 'edit', 'chat', 'warmUp'];
    const rank = (urgency: Urgency): number => urgencies.indexOf(urgency);
    const job = fc.record({
      at: fc.nat(30),
      urgency: fc.constantFrom(...urgencies),
      steps: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 12 }), async (jobs) => {
        const { scheduler, log, arriveAtStep, work } = engine();
        const open = new Set<(typeof jobs)[number]>();
        const all: Promise<unknown>[] = [];
        const start = (arrived: (typeof jobs)[number]): void => {
          open.add(arrived);
          const checked = async (turn: Turn): Promise<void> => {
            for (let i = 0; i < arrived.steps; i++) {
              await turn.step();
              for (const other of open) assert.ok(rank(arrived.urgency) <= rank(other.urgency));
              await work(arrived.urgency, 1)(new CancelFlag());
            }
            open.delete(arrived);
          };
          all.push(scheduler.run(arrived.urgency, new CancelFlag(), checked));
        };
        for (const [index, arriving] of jobs.entries())
          arriveAtStep(arriving.at + index / 100, () => start(arriving));
        await scheduler.run('warmUp', new CancelFlag(), work('filler', 100));
        await Promise.all(all);
        assert.equal(log.length, 100 + jobs.reduce((sum, { steps }) => sum + steps, 0));
      }),
    );
  });
});
