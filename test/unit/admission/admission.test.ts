import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  arrive,
  emptyAdmission,
  finish,
  needsModel,
  setReady,
  withdraw,
} from '../../../src/inference/admission.ts';
import type { Admission, Job, JobKind, Step } from '../../../src/inference/admission.ts';
import type { Role } from '../../../src/protocol/engine.ts';

const ready: Admission = { ...emptyAdmission, ready: new Set<Role>(['completion', 'chat']) };
let ids = 0;
const roles: Record<JobKind, Role | null> = {
  complete: 'completion',
  warmUp: 'completion',
  count: 'chat',
  edit: 'chat',
  chat: 'chat',
  snapshot: 'chat',
  load: 'completion',
  unload: 'completion',
  probe: null,
  trim: null,
  logits: null,
  measure: null,
};
const job = (kind: JobKind, document: string | null = null, role = roles[kind]): Job => ({
  id: ++ids,
  kind,
  role,
  document,
});
const arriveAll = (state: Admission, jobs: readonly Job[]): Admission =>
  jobs.reduce((now, next) => arrive(now, next).next, state);

describe('admission', () => {
  it('starts the first job at once and lets the second wait', () => {
    const [first, second] = [job('complete', 'a'), job('complete', 'b')];
    const one = arrive(ready, first);
    assert.deepEqual(one.start, [first]);
    const two = arrive(one.next, second);
    assert.deepEqual(two.start, []);
    assert.deepEqual(finish(two.next, first.id).start, [second]);
  });

  it('answers the older waiting completion of a document when a newer one comes, and keeps the running one', () => {
    const [running, older, newer] = [job('complete', 'a'), job('complete', 'a'), job('complete', 'a')];
    const step = arrive(arriveAll(ready, [running, older]), newer);
    assert.deepEqual(step.superseded, [older]);
    assert.deepEqual(step.stop, []);
    assert.deepEqual(step.next, { ...ready, running: [running], waiting: [newer] });
  });

  it('keeps completions of different documents apart', () => {
    const step = arrive(arriveAll(ready, [job('complete', 'a'), job('complete', 'b')]), job('complete', 'c'));
    assert.deepEqual(step.superseded, []);
    assert.equal(step.next.waiting.length, 2);
  });

  it('interrupts a running warm-up for a completion and starts it when the warm-up has stopped', () => {
    const [warmUp, completion] = [job('warmUp', 'a'), job('complete', 'b')];
    const step = arrive(arrive(ready, warmUp).next, completion);
    assert.deepEqual(step.stop, [warmUp]);
    assert.deepEqual(step.start, []);
    assert.deepEqual(finish(step.next, warmUp.id).start, [completion]);
  });

  it('measures the machine beside everything else, with or without a model, and one at a time', () => {
    const [first, second, model, completion] = [
      job('measure'),
      job('measure'),
      job('load'),
      job('complete', 'a'),
    ];
    const one = arrive(emptyAdmission, first);
    assert.deepEqual(one.start, [first]);
    const two = arrive(one.next, second);
    assert.deepEqual(two.start, []);
    const three = arrive(two.next, model);
    assert.deepEqual([three.start, three.stop], [[model], []]);
    const loaded = setReady(finish(three.next, model.id).next, 'completion', true).next;
    assert.deepEqual(arrive(loaded, completion).start, [completion]);
    assert.deepEqual(finish(loaded, first.id).start, [second]);
  });

  it('prefers completions to loading, and loading to warm-ups', () => {
    const [running, warmUp, model, completion] = [
      job('complete', 'a'),
      job('warmUp', 'b'),
      job('load'),
      job('complete', 'c'),
    ];
    let state = arriveAll(ready, [running, warmUp, model, completion]);
    const order = [];
    for (let current = state.running[0]; current !== undefined; current = state.running[0]) {
      order.push(current);
      state = finish(state, current.id).next;
    }
    assert.deepEqual(order, [running, completion, model, warmUp]);
  });

  it('holds completions back until a model is there, but not the loading itself', () => {
    const [completion, model] = [job('complete', 'a'), job('load')];
    const waiting = arrive(emptyAdmission, completion);
    assert.deepEqual(waiting.start, []);
    const loading = arrive(waiting.next, model);
    assert.deepEqual(loading.start, [model]);
    const loaded = setReady(loading.next, 'completion', true);
    assert.deepEqual(loaded.start, []);
    assert.deepEqual(finish(loaded.next, model.id).start, [completion]);
  });

  it('lets counting begin whatever else runs, but for a load of its model, and interrupts nothing for it', () => {
    const running = arriveAll(ready, [job('chat'), job('edit'), job('complete', 'a')]);
    const step = arrive(running, job('count'));
    assert.deepEqual([step.start.map(({ kind }) => kind), step.stop], [['count'], []]);
    const loading = arriveAll(ready, [job('load', null, 'chat')]);
    assert.deepEqual(arrive(loading, job('count')).start, []);
  });

  it('gives the engine a completion, an edit and a chat at once, but never two of a kind', () => {
    const [completion, edit, chat] = [job('complete', 'a'), job('edit'), job('chat')];
    const state = arriveAll(ready, [chat, edit, completion]);
    assert.deepEqual(state.running, [chat, edit, completion]);
    const crowded = arriveAll(state, [job('chat'), job('edit'), job('complete', 'b')]);
    assert.deepEqual(crowded.running, state.running);
    assert.equal(crowded.waiting.length, 3);
  });

  it('ends answers for loading another model, and starts no other before it', () => {
    const [chat, model, later] = [job('chat'), job('load', null, 'chat'), job('chat')];
    const step = arrive(arrive(ready, chat).next, model);
    assert.deepEqual([step.start, step.stop], [[], [chat]]);
    const both = arrive(step.next, later);
    const loading = finish(both.next, chat.id);
    assert.deepEqual(loading.start, [model]);
    assert.deepEqual(finish(loading.next, model.id).start, [later]);
  });

  it('lets everything of the other role go on while a model is loaded, and begin', () => {
    const [chat, completion, model] = [job('chat'), job('complete', 'a'), job('load')];
    const step = arrive(arriveAll(ready, [chat, completion]), model);
    assert.deepEqual([step.start, step.stop], [[], []]);
    const loading = finish(step.next, completion.id);
    assert.deepEqual(loading.start, [model]);
    const [count, edit] = [job('count'), job('edit')];
    assert.deepEqual(arriveAll(loading.next, [count, edit]).running, [chat, model, count, edit]);
    assert.deepEqual(arrive(loading.next, job('complete', 'b')).start, []);
  });

  it('gives a model back only when nothing runs on it, and before what comes later', () => {
    const [chat, unload, later] = [job('chat'), job('unload', null, 'chat'), job('chat')];
    const state = arriveAll(ready, [chat, unload, later]);
    assert.deepEqual(state.running, [chat]);
    assert.deepEqual(arrive(arrive(ready, chat).next, unload).stop, []);
    const unloading = finish(state, chat.id);
    assert.deepEqual(unloading.start, [unload]);
    const unloaded = finish(setReady(unloading.next, 'chat', false).next, unload.id);
    assert.deepEqual([unloaded.start, unloaded.next.waiting], [[], [later]]);
  });

  it('looks at models one after the other, also at those of different roles', () => {
    const [probe, trim, load, other] = [job('probe'), job('trim'), job('load'), job('load', null, 'chat')];
    let state = arriveAll(ready, [job('chat'), probe, trim, load, other]);
    const order = [];
    for (let current = state.running[1]; current !== undefined; current = state.running[1]) {
      order.push(current);
      assert.equal(state.running.length, 2);
      if (current === load) break;
      state = finish(state, current.id).next;
    }
    assert.deepEqual(order, [probe, trim, load]);
  });

  it('drops a waiting job that is withdrawn and asks a running one to stop', () => {
    const [running, waiting] = [job('complete', 'a'), job('complete', 'b')];
    const state = arriveAll(ready, [running, waiting]);
    assert.deepEqual(withdraw(state, waiting.id).next.waiting, []);
    const step = withdraw(state, running.id);
    assert.deepEqual(step.stop, [running]);
    assert.deepEqual(step.next.running, [running]);
  });

  it('lets a snapshot run beside completions and chats, but not beside loading, which stops it', () => {
    const [snapshot, completion] = [job('snapshot', 'all'), job('complete', 'a')];
    const both = arriveAll(ready, [completion, snapshot, job('chat')]);
    assert.equal(both.running.length, 3);
    const step = arrive(both, job('load', null, 'chat'));
    assert.ok(step.stop.includes(snapshot) && !step.stop.includes(completion));
    assert.deepEqual(step.start, []);
    assert.deepEqual(arrive(arrive(ready, snapshot).next, job('unload', null, 'chat')).stop, [snapshot]);
  });

  it('keeps only the newest of the snapshots that wait', () => {
    const [older, newer] = [job('snapshot', 'all'), job('snapshot', 'all')];
    const step = arrive(arriveAll(ready, [job('snapshot', 'all'), older]), newer);
    assert.deepEqual(step.superseded, [older]);
  });

  it('makes room in a full queue by dropping the oldest warm-up', () => {
    const oldest = job('warmUp', 'w');
    const crowd = Array.from({ length: 63 }, (_, index) => job('complete', `document ${index}`));
    const step = arrive(arriveAll(ready, [job('load'), oldest, ...crowd]), job('complete', 'new'));
    assert.deepEqual(step.superseded, [oldest]);
  });

  it('rejects a load when the queue is full of loads', () => {
    const crowd = Array.from({ length: 65 }, () => job('load'));
    assert.equal(arrive(arriveAll(ready, crowd), job('load')).rejected, true);
  });
});

type Move =
  | { readonly type: 'arrive'; readonly kind: JobKind; readonly document: string; readonly role: Role }
  | { readonly type: 'finish' }
  | { readonly type: 'withdraw'; readonly pick: number }
  | { readonly type: 'model'; readonly role: Role; readonly ready: boolean };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('arrive' as const),
      kind: fc.constantFrom<JobKind>(
        'complete',
        'count',
        'edit',
        'chat',
        'load',
        'unload',
        'probe',
        'trim',
        'logits',
        'warmUp',
        'snapshot',
      ),
      role: fc.constantFrom<Role>('completion', 'chat'),
      document: fc.constantFrom('a', 'b', 'c'),
    }),
    fc.record({ type: fc.constant('finish' as const) }),
    fc.record({ type: fc.constant('withdraw' as const), pick: fc.nat() }),
    fc.record({
      type: fc.constant('model' as const),
      role: fc.constantFrom<Role>('completion', 'chat'),
      ready: fc.boolean(),
    }),
  ),
  { maxLength: 300 },
);

/** Kinds that share a place. */
const laneOf: Partial<Record<JobKind, string>> = {
  warmUp: 'complete',
  load: 'models',
  unload: 'models',
  probe: 'models',
  trim: 'models',
};

function isReady({ ready: loaded }: Admission, { kind, role }: Job): boolean {
  return role === null || !needsModel({ kind }) || loaded.has(role);
}

/** Plays the moves as the process does, calling `check` after each, and returns how often each job was answered. */
function play(list: readonly Move[], check: (step: Step, before: Admission) => void): Map<Job, number> {
  const answers = new Map<Job, number>();
  const answer = (done: Job): Map<Job, number> => answers.set(done, (answers.get(done) ?? 0) + 1);
  let state = emptyAdmission;
  let picks = 0;
  const apply = (step: Step): void => {
    check(step, state);
    for (const superseded of step.superseded) answer(superseded);
    state = step.next;
  };
  const end = (): void => {
    const running = state.running[picks++ % Math.max(1, state.running.length)];
    if (running === undefined) return;
    answer(running);
    apply(finish(state, running.id));
  };
  for (const move of list) {
    if (move.type === 'finish') end();
    if (move.type === 'model') apply(setReady(state, move.role, move.ready));
    if (move.type === 'withdraw' && state.waiting.length > 0) {
      const picked = state.waiting[move.pick % state.waiting.length];
      assert.ok(picked);
      answer(picked);
      apply(withdraw(state, picked.id));
    }
    if (move.type === 'arrive') {
      const document = move.kind === 'complete' || move.kind === 'warmUp' ? move.document : null;
      const changes = ['load', 'unload', 'snapshot', 'warmUp'].includes(move.kind);
      const next = job(move.kind, document, changes ? move.role : roles[move.kind]);
      answers.set(next, 0);
      const step = arrive(state, next);
      apply(step);
      if (step.rejected) answer(next);
    }
  }
  apply(setReady(state, 'completion', true));
  apply(setReady(state, 'chat', true));
  while (state.running.length > 0) end();
  assert.deepEqual(state.waiting, []);
  return answers;
}

describe('admission, whatever happens', () => {
  it('answers every job exactly once', () => {
    fc.assert(
      fc.property(moves, (list) => {
        for (const count of play(list, () => undefined).values()) assert.equal(count, 1);
      }),
    );
  });

  it('never has two waiting completions of one document, nor more than 64 waiting jobs', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ next }) => {
          const documents = next.waiting
            .filter(({ kind }) => kind === 'complete')
            .map(({ document }) => document);
          assert.equal(new Set(documents).size, documents.length);
          assert.ok(next.waiting.length <= 64);
        });
      }),
    );
  });

  it('starts a job only where its kind has a place, and an answer only with a model', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ start, next }) => {
          const lanes = next.running.map(({ kind }) => laneOf[kind] ?? kind);
          assert.equal(new Set(lanes).size, lanes.length);
          if (lanes.includes('logits')) assert.equal(lanes.length, 1);
          const changing = next.running.find(({ kind }) => kind === 'load' || kind === 'unload');
          const alone = next.running.filter(({ role }) => role !== null && role === changing?.role);
          assert.ok(alone.length <= 1);
          for (const started of start) {
            assert.ok(next.running.includes(started) && !next.waiting.includes(started));
            assert.ok(isReady(next, started));
          }
        });
      }),
    );
  });

  it('never leaves the engine idle while a job could start', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ next }) => {
          if (next.running.length > 0) return;
          assert.deepEqual(
            next.waiting.filter((waiting) => isReady(next, waiting)),
            [],
          );
        });
      }),
    );
  });
});
