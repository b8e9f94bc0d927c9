import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../src/inference/log.ts';

describe('log', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-log-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes one JSON object per line, for this user only', async () => {
    const path = join(folder, 'logs', 'a.log');
    openLog(path)('load', { loadMs: 12 });
    const { event, loadMs }: { event: unknown; loadMs: unknown } = JSON.parse(await readFile(path, 'utf8'));
    assert.deepEqual({ event, loadMs }, { event: 'load', loadMs: 12 });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('starts a new file when one is full, and keeps the last full one', async function () {
    this.timeout(20_000);
    const path = join(folder, 'a.log');
    const log = openLog(path);
    for (let index = 0; index < 8_000; index += 1) log('event', { index });
    assert.ok((await stat(path)).size < 300_000);
    assert.ok((await stat(`${path}.1`)).size < 300_000);
    assert.match(await readFile(path, 'utf8'), /"index":7999\}\n$/);
  });

  it('does not fail where it can not write', () => {
    openLog('/dev/null/a.log')('event');
  });
});
