import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { Scene, settle } from './scene.ts';

/** Milliseconds until the engine is asked by somebody who pressed ten keys with `gapMs` between them. */
async function waitAfterTyping(gapMs: number): Promise<number> {
  const scene = new Scene();
  scene.fixedDelayMs = null;
  for (let key = 0; key < 10; key++) {
    void scene.ask(`x${'abcdefghij'.slice(0, key)}▮`);
    await scene.clock.advance(gapMs);
  }
  const start = scene.clock.now();
  const calls = scene.calls.length;
  void scene.ask('something else▮');
  while (scene.calls.length === calls) await scene.clock.advance(1);
  return scene.clock.now() - start;
}

describe('completion session', function () {
  this.timeout(30_000);

  it('asks the engine and shows its answer', async () => {
    const scene = new Scene();
    scene.respond = () => ' total;';
    assert.equal(await scene.ask('return▮\n'), ' total;');
    assert.equal(scene.calls[0]?.params.prefix, 'return');
  });

  it('shows what is left of a suggestion that is typed along, without the engine', async () => {
    const scene = new Scene();
    scene.respond = () => 'return total;';
    await scene.ask('  ▮\n');
    assert.equal(await scene.ask('  retu▮\n'), 'rn total;');
    assert.equal(await scene.ask('  return total▮\n'), ';');
    assert.equal(scene.calls.length, 1);
  });

  it('goes back into the suggestion with backspace', async () => {
    const scene = new Scene();
    scene.respond = () => 'return total;';
    await scene.ask('  ▮\n');
    await scene.ask('  return▮\n');
    assert.equal(await scene.ask('  re▮\n'), 'turn total;');
    assert.equal(await scene.ask('  ▮\n'), 'return total;');
    assert.equal(scene.calls.length, 1);
  });

  it('comes back to an earlier suggestion after a wrong turn', async () => {
    const scene = new Scene();
    scene.respond = ({ prefix }) => (prefix.endsWith('x') ? 'yz' : 'return total;');
    await scene.ask('  ▮\n');
    assert.equal(await scene.ask('  x▮\n'), 'yz');
    assert.equal(await scene.ask('  ▮\n'), 'return total;');
    assert.equal(scene.calls.length, 2);
  });

  it('asks anew when the text below has changed', async () => {
    const scene = new Scene();
    scene.respond = () => 'one';
    await scene.ask('a ▮\nb');
    await scene.ask('a ▮\nc');
    assert.equal(scene.calls.length, 2);
  });

  it('keeps documents apart', async () => {
    const scene = new Scene();
    scene.respond = ({ document }) => document;
    await scene.ask('a ▮');
    assert.equal(await scene.ask('a ▮', { document: 'file:///b.ts' }), 'file:///b.ts');
  });

  it('types along though the editor closes brackets by itself, and does not close them twice', async () => {
    const scene = new Scene();
    scene.respond = () => '(first, second);';
    await scene.ask('call▮\n');
    assert.equal(await scene.ask('call(▮)\n'), 'first, second); [)]');
    assert.equal(await scene.ask('call(first▮)\n'), ', second); [)]');
    assert.equal(await scene.ask('call(first, second)▮\n'), ';');
    assert.equal(scene.calls.length, 1);
  });

  it('adopts a running request that the typed text agrees with', async () => {
    const scene = new Scene();
    const first = scene.ask('re▮\n');
    await settle();
    const second = scene.ask('retu▮\n');
    await settle();
    scene.calls[0]?.answer('turn total;');
    assert.equal(await second, 'rn total;');
    assert.equal(await first, null);
    assert.equal(scene.calls.length, 1);
    assert.equal(scene.calls[0]?.cancelled, false);
  });

  it('replaces a running request that turns out wrong', async () => {
    const scene = new Scene();
    void scene.ask('re▮\n');
    await settle();
    const second = scene.ask('rex▮\n');
    await settle();
    scene.calls[0]?.answer('turn total;');
    await settle();
    scene.calls[1]?.answer('ture');
    assert.equal(await second, 'ture');
  });

  it('gives up a running request at once when the cursor is elsewhere', async () => {
    const scene = new Scene();
    void scene.ask('one ▮\n');
    await settle();
    void scene.ask('one \ntwo ▮\n');
    await settle();
    assert.equal(scene.calls[0]?.cancelled, true);
    assert.equal(scene.calls.length, 2);
  });

  it('waits for a slow running request for a limited time', async () => {
    const scene = new Scene();
    void scene.ask('re▮\n');
    await settle();
    const second = scene.ask('ret▮\n');
    await scene.clock.advance(1_000);
    assert.equal(scene.calls[0]?.cancelled, true);
    scene.calls[1]?.answer('urn;');
    assert.equal(await second, 'urn;');
  });

  it('answers only the newest of many requests', async () => {
    const scene = new Scene();
    scene.fixedDelayMs = 100;
    const answers = Array.from({ length: 20 }, (_, line) => scene.ask(`${'\n'.repeat(line)}x▮`));
    await scene.clock.advance(100);
    assert.equal(scene.calls.length, 1);
    scene.calls[0]?.answer('yz');
    const shown = await Promise.all(answers);
    assert.deepEqual(shown, [...Array.from({ length: 19 }, () => null), 'yz']);
  });

  it('does not start what the editor no longer wants after the pause', async () => {
    const scene = new Scene();
    scene.fixedDelayMs = 100;
    const answer = scene.ask('a ▮', { isWanted: () => false });
    await scene.clock.advance(100);
    assert.equal(await answer, null);
    assert.equal(scene.calls.length, 0);
  });

  it('answers a person who asks at once, and again after "nothing"', async () => {
    const scene = new Scene();
    scene.fixedDelayMs = 5_000;
    scene.respond = () => null;
    assert.equal(await scene.ask('a ▮', { trigger: 'invoked' }), null);
    scene.respond = () => 'b';
    assert.equal(await scene.ask('a ▮', { trigger: 'invoked' }), 'b');
    assert.equal(scene.calls.length, 2);
  });

  it('believes "nothing" for the same place, but not for ever', async () => {
    const scene = new Scene();
    scene.respond = () => null;
    await scene.ask('a ▮');
    await scene.ask('a ▮');
    assert.equal(scene.calls.length, 1);
    await scene.clock.advance(60_000);
    await scene.ask('a ▮');
    assert.equal(scene.calls.length, 2);
  });

  it('does not volunteer what was only good enough for a person who asked', async () => {
    const scene = new Scene();
    scene.respond = ({ trigger }) => (trigger === 'invoked' ? 'guess' : null);
    assert.equal(await scene.ask('a ▮\n', { trigger: 'invoked' }), 'guess');
    assert.equal(await scene.ask('a gu▮\n'), 'ess');
    await scene.ask('b ▮\n', { trigger: 'invoked' });
    assert.equal(await scene.ask('a ▮\n'), null);
  });

  it("extends the suggest widget's item and stays with it while it is typed", async () => {
    const scene = new Scene();
    scene.respond = ({ forcedPrefix }) => `${forcedPrefix ?? ''}(item);`;
    assert.equal(await scene.ask('list.pu▮\n', { forcedPrefix: 'sh' }), 'sh(item);');
    assert.equal(await scene.ask('list.pus▮\n', { forcedPrefix: 'h' }), 'h(item);');
    assert.equal(await scene.ask('list.push▮\n'), '(item);');
    assert.equal(scene.calls.length, 1);
    assert.equal(await scene.ask('list.pu▮\n', { forcedPrefix: 'll' }), 'll(item);');
  });

  it('reports what the engine reports, but not that a newer request took its place', async () => {
    const scene = new Scene();
    const failing = scene.ask('a ▮');
    await settle();
    scene.calls[0]?.fail(new GemmaError('engine-unavailable', 'It keeps ending.'));
    await assert.rejects(failing, { code: 'engine-unavailable' });

    const superseded = scene.ask('b ▮');
    await settle();
    scene.calls[1]?.fail(new GemmaError('superseded', 'A newer request came.'));
    assert.equal(await superseded, null);
  });

  it('forgets everything when cleared, also what is still running', async () => {
    const scene = new Scene();
    const before = scene.ask('a ▮');
    await settle();
    scene.session.clear();
    assert.equal(scene.calls[0]?.cancelled, true);
    scene.calls[0]?.answer('old');
    assert.equal(await before, null);
    scene.respond = () => 'new';
    assert.equal(await scene.ask('a ▮'), 'new');
  });

  it('waits longer for a fluent typist than for a slow one', async () => {
    assert.ok((await waitAfterTyping(120)) > 100);
    assert.ok((await waitAfterTyping(2_000)) <= 50);
  });

  it('never asks the engine while a suggestion is typed along and back, and always shows exactly the rest', async () => {
    const text = fc.stringMatching(/^[a-z(){}"; .,😀é]{2,30}$/u).filter((value) => value.trim().length > 1);
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(30), { maxLength: 12 }), async (suggested, stops) => {
        const scene = new Scene();
        scene.respond = () => suggested;
        if ((await scene.ask('start ▮\nend')) === null) return;
        for (const stop of stops) {
          const typed = Array.from(suggested).slice(0, stop).join('');
          const left = suggested.slice(typed.length);
          if (left.trim() === '') continue;
          assert.equal(await scene.ask(`start ${typed}▮\nend`), left);
        }
        assert.equal(scene.calls.length, 1);
      }),
    );
  });
});
