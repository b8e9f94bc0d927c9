import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cpuQuota } from '../../../src/inference/machine/cpuQuota.ts';

describe('cpuQuota', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'quota-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function system(files: Readonly<Record<string, string>>): Promise<number> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    return cpuQuota(root);
  }

  it('is unlimited without control groups, and where a group says so', async () => {
    assert.equal(await system({}), Infinity);
    const files = { 'proc/self/cgroup': '0::/app\n', 'sys/fs/cgroup/app/cpu.max': 'max 100000\n' };
    assert.equal(await system(files), Infinity);
  });

  it('takes the tightest of a group and those above it', async () => {
    const files = {
      'proc/self/cgroup': '0::/user.slice/app.scope\n',
      'sys/fs/cgroup/user.slice/app.scope/cpu.max': '800000 100000\n',
      'sys/fs/cgroup/user.slice/cpu.max': '250000 100000\n',
    };
    assert.equal(await system(files), 2.5);
  });

  it('finds the limit of a container that is told its path outside', async () => {
    const files = { 'proc/self/cgroup': '0::/docker/abc\n', 'sys/fs/cgroup/cpu.max': '150000 100000\n' };
    assert.equal(await system(files), 1.5);
  });

  it('knows control groups of version 1', async () => {
    const group = 'sys/fs/cgroup/cpu/docker/abc';
    const files = {
      'proc/self/cgroup': '9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n3:memory:/else\n',
      [`${group}/cpu.cfs_quota_us`]: '400000\n',
      [`${group}/cpu.cfs_period_us`]: '100000\n',
    };
    assert.equal(await system(files), 4);
    await writeFile(join(root, group, 'cpu.cfs_quota_us'), '-1\n');
    assert.equal(await cpuQuota(root), Infinity);
  });
});
