import assert from 'node:assert/strict';
import { settingValue } from '../../../src/extension/settingsSchema.ts';
import { Snooze } from '../../../src/extension/snooze.ts';
import { statusNameOf } from '../../../src/extension/statusView.ts';
import type { StatusInputs } from '../../../src/extension/statusView.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

const loading: StatusInputs = {
  engine: { name: 'loading', fraction: 0 },
  enabled: true,
  languageOn: null,
  snoozed: false,
  battery: 'run',
};
const failed = { name: 'failed', error: new GemmaError('internal', 'It broke.') } as const;

describe('the status', () => {
  it('is what matters most', () => {
    assert.equal(statusNameOf(loading), 'loading');
    assert.equal(statusNameOf({ ...loading, enabled: false, engine: failed }), 'off');
    assert.equal(statusNameOf({ ...loading, engine: { name: 'off' } }), 'off');
    assert.equal(statusNameOf({ ...loading, engine: failed, snoozed: true }), 'error');
    assert.equal(statusNameOf({ ...loading, engine: { name: 'off' }, battery: 'pause' }), 'on-battery');
    assert.equal(statusNameOf({ ...loading, enabled: false, battery: 'pause' }), 'off');
    assert.equal(statusNameOf({ ...loading, battery: 'manual' }), 'loading');
    assert.equal(statusNameOf({ ...loading, engine: { name: 'restarting', attempt: 2 } }), 'loading');
  });
});

describe('a setting', () => {
  it('is what a person wrote when that is usable, else its default', () => {
    assert.equal(settingValue('gemmaCode.completion.enabled', false), false);
    assert.equal(settingValue('gemmaCode.completion.enabled', undefined), true);
    assert.equal(settingValue('gemmaCode.completion.enabled', 'no'), true);
    assert.equal(settingValue('gemmaCode.completion.delay', -1), 0);
    assert.equal(settingValue('gemmaCode.engine.backend', 'cuda'), 'auto');
    assert.deepEqual(settingValue('gemmaCode.completion.languages', { go: 'off' }), { '*': true });
    assert.deepEqual(settingValue('gemmaCode.completion.languages', { go: false }), { go: false });
  });
});

describe('a snooze', () => {
  it('begins, is prolonged, and ends when a person wants', () => {
    const snooze = new Snooze();
    const seen: boolean[] = [];
    snooze.onChange((active) => seen.push(active));
    snooze.start(5);
    snooze.start(30);
    assert.equal(snooze.active, true);
    snooze.end();
    snooze.end();
    assert.equal(snooze.active, false);
    assert.deepEqual(seen, [true, true, false]);
  });

  it('ends by itself', async () => {
    const snooze = new Snooze();
    const ended = new Promise((resolve) => {
      snooze.onChange((active) => !active && resolve(undefined));
    });
    snooze.start(1 / 60_000);
    await ended;
    assert.equal(snooze.active, false);
  });
});
