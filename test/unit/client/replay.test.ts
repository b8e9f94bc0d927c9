import assert from 'node:assert/strict';
import { afterCrashAnswers, roleOf, sendable } from '../../../src/client/replay.ts';
import type { OpenRequest } from '../../../src/client/replay.ts';

const request = (name: OpenRequest['name'], rest: Partial<OpenRequest> = {}): OpenRequest => ({
  name,
  document: null,
  role: roleOf(name),
  sent: false,
  crashes: 1,
  ...rest,
});

const load = (role: OpenRequest['role'], rest: Partial<OpenRequest> = {}): OpenRequest =>
  request('load', { role, crashes: 0, ...rest });

describe('what is asked again after a crash', () => {
  it('repeats loading, logits and status', () => {
    const answers = afterCrashAnswers([request('load'), request('logits'), request('status')]);
    assert.deepEqual(answers, [null, null, null]);
  });

  it('repeats the newest completion of each document only', () => {
    const answers = afterCrashAnswers([
      request('complete', { document: 'a' }),
      request('complete', { document: 'b' }),
      request('complete', { document: 'a' }),
    ]);
    assert.deepEqual(answers, ['superseded', null, null]);
  });

  it('does not repeat an import, which may have written, nor a warm-up, which nobody waits for', () => {
    const answers = afterCrashAnswers([request('import'), request('warmUp')]);
    assert.deepEqual(answers, ['engine-stopped', 'engine-stopped']);
  });

  it('gives up on a request that was there at two crashes: it may be their cause', () => {
    const answers = afterCrashAnswers([
      request('complete', { document: 'a', crashes: 2 }),
      request('load', { crashes: 2 }),
    ]);
    assert.deepEqual(answers, ['engine-stopped', 'engine-stopped']);
  });

  it('does not repeat a chat of which part was told, unless no process ever had it', () => {
    assert.deepEqual(afterCrashAnswers([request('chat')]), ['engine-stopped']);
    assert.deepEqual(afterCrashAnswers([request('chat', { crashes: 0 })]), [null]);
  });

  it('repeats what waited for a process and never reached one', () => {
    assert.deepEqual(afterCrashAnswers([request('complete', { document: 'a', crashes: 0 })]), [null]);
  });
});

describe('what is sent to a new process', () => {
  it('is everything, unless a model may have ended the one before', () => {
    const all = [load('completion'), load('chat'), request('complete'), request('status')];
    assert.deepEqual(sendable(all), all);
    assert.deepEqual(sendable([load('completion', { sent: true }), request('status', { sent: true })]), []);
  });

  it('is one load after the other otherwise, the innocent first, and what waits for none', () => {
    const [guilty, innocent] = [load('chat', { crashes: 1 }), load('completion')];
    const [complete, chat, status] = [request('complete'), request('chat'), request('status')];
    assert.deepEqual(sendable([guilty, innocent, complete, chat, status]), [innocent, complete, status]);
    const sent = { ...innocent, sent: true };
    assert.deepEqual(sendable([guilty, sent, chat]), []);
    assert.deepEqual(sendable([guilty, chat]), [guilty, chat]);
  });
});
