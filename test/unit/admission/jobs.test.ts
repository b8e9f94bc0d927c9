import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Jobs } from '../../../src/inference/jobs.ts';
import type { JobRequest } from '../../../src/inference/jobs.ts';
import type { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

/** Runs until its flag is raised. */
async function obedient(cancel: CancelFlag): Promise<never> {
  for (;;) {
    cancel.throwIfCancelled();
    await delay(1);
  }
}

const complete = <T>(run: JobRequest<T>['run'], document = 'a'): JobRequest<T> => ({
  kind: 'complete',
  role: 'completion',
  document,
  run,
});

describe('jobs', () => {
  let jobs: Jobs;
  let disobedience: number;

  beforeEach(() => {
    disobedience = 0;
    jobs = new Jobs(30, () => (disobedience += 1));
    jobs.setReady('completion', true);
  });

  it('runs one at a time, in order', async () => {
    const order: string[] = [];
    const job = (name: string): JobRequest<void> =>
      complete(async () => {
        order.push(`${name} starts`);
        await delay(2);
        order.push(`${name} ends`);
      }, name);
    await Promise.all([jobs.submit(job('a')), jobs.submit(job('b'))]);
    assert.deepEqual(order, ['a starts', 'a ends', 'b starts', 'b ends']);
  });

  it('answers with what the job returns or throws', async () => {
    assert.equal(await jobs.submit(complete(async () => 7)), 7);
    const failing = jobs.submit(complete(() => Promise.reject(new GemmaError('model-damaged', 'Damaged.'))));
    await assert.rejects(failing, { code: 'model-damaged' });
    assert.equal(jobs.running, 0);
  });

  it('raises the flag of a running job and never starts a waiting one that is cancelled', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    let started = false;
    const running = jobs.submit(complete(obedient, 'a'), first.signal);
    const waiting = jobs.submit(
      complete(async () => (started = true), 'b'),
      second.signal,
    );
    second.abort();
    await assert.rejects(waiting, { code: 'cancelled' });
    first.abort();
    await assert.rejects(running, { code: 'cancelled' });
    assert.equal(started, false);
    assert.deepEqual([jobs.running, jobs.waiting], [0, 0]);
  });

  it('does not start what is cancelled already', async () => {
    await assert.rejects(jobs.submit(complete(obedient), AbortSignal.abort()), { code: 'cancelled' });
    assert.equal(jobs.running, 0);
  });

  it('stops a warm-up for a completion', async () => {
    const warmUp = jobs.submit({ kind: 'warmUp', role: 'completion', document: 'a', run: obedient });
    assert.equal(await jobs.submit(complete(async () => 'done', 'b')), 'done');
    await assert.rejects(warmUp, { code: 'cancelled' });
  });

  it('reports a completion that does not stop in time, but not a slow load', async () => {
    const cancel = new AbortController();
    const slow = { role: 'completion', run: () => delay(120) } as const;
    const loading = jobs.submit({ kind: 'load', ...slow }, cancel.signal);
    cancel.abort();
    await loading;
    await delay(1);
    assert.deepEqual([disobedience, jobs.running], [0, 0]);

    const second = new AbortController();
    const completing = jobs.submit({ kind: 'complete', ...slow }, second.signal);
    second.abort();
    await completing;
    assert.equal(disobedience, 1);
  });

  it('gives a completion its time after a load of the other role, which holds the thread', async () => {
    const cancel = new AbortController();
    const slow = { role: 'completion', run: () => delay(200) } as const;
    const completing = jobs.submit({ kind: 'complete', ...slow }, cancel.signal);
    const loading = jobs.submit({ kind: 'load', role: 'chat', run: () => delay(100) });
    cancel.abort();
    await loading;
    await delay(10);
    assert.equal(disobedience, 0);
    await completing;
    assert.equal(disobedience, 1);
  });

  it('fails what waits for a model when none will come, and leaves other jobs alone', async () => {
    jobs.setReady('completion', false);
    const waiting = jobs.submit(complete(async () => 'never'));
    const chat = jobs.submit({ kind: 'chat', role: 'chat', run: async () => 'chat' });
    const logits = jobs.submit({ kind: 'logits', run: async () => 'logits' });
    assert.ok(jobs.waitsFor('completion') && jobs.waitsFor('chat'));
    jobs.failWaitingFor('completion', new GemmaError('model-damaged', 'Damaged.'));
    await assert.rejects(waiting, { code: 'model-damaged' });
    assert.equal(await logits, 'logits');
    jobs.setReady('chat', true);
    assert.ok(jobs.runsOn('chat') && !jobs.waitsFor('chat'));
    assert.equal(await chat, 'chat');
  });
});
