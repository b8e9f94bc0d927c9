import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { catalogue } from '../../../src/catalogue/catalogue.ts';
import { recommend } from '../../../src/catalogue/recommend.ts';
import { benchText } from '../../../src/cli/models/bench.ts';
import { listText } from '../../../src/cli/models/listText.ts';
import { keepSpeeds, readSpeeds } from '../../../src/cli/models/measuredSpeeds.ts';
import { networkFor } from '../../../src/cli/models/network.ts';
import { ProgressLine } from '../../../src/cli/models/progressLine.ts';
import { transferText } from '../../../src/cli/models/transferText.ts';
import { rateText, sizeText, waitText } from '../../../src/cli/models/units.ts';
import { modelOption } from '../../../src/cli/options.ts';
import type { InstalledModel, Machine, MachineSpeed, TransferView } from '../../../src/protocol/models.ts';

const running: TransferView = {
  id: 'gemma-4-e2b-it',
  repository: 'google/gemma-4-E2B-it',
  quantization: 'q4',
  state: 'running',
  doneBytes: 3_400_000_000,
  totalBytes: 10_200_000_000,
  bytesPerSecond: 12_300_000,
  error: null,
};
const machine: Machine = {
  platform: 'linux',
  arch: 'x64',
  cores: 8,
  memoryBytes: 17e9,
  freeMemoryBytes: 8e9,
  freeDiskBytes: 90e9,
  backends: ['native', 'wasm'],
};
const speed: MachineSpeed = {
  backend: 'native',
  quantization: 'q4',
  threads: 7,
  decodeBytesPerSecond: 30e9,
  prefillWeightsPerSecond: 800e9,
};
const installed: InstalledModel = {
  id: 'codegemma-1.1-2b',
  name: 'codegemma-1.1-2b',
  origin: {
    kind: 'hub',
    repository: 'google/codegemma-1.1-2b',
    revision: '0'.repeat(40),
    verified: 'first-download',
  },
  architecture: 'gemma',
  parameters: 2_506_172_416,
  quantization: 'q4',
  chat: false,
  completion: true,
  contextTokens: 8_192,
  kvBytesPerToken: 36_864,
  bytes: 1_620_000_000,
  loaded: true,
};

const overviewOf = (speeds: readonly MachineSpeed[]) => ({
  list: { folder: '/models', freeBytes: 90e9, installed: [installed], transfers: [running] },
  machine,
  speeds,
  recommended: {
    completion: recommend(machine, speeds, 'completion'),
    chat: recommend(machine, speeds, 'chat'),
  },
});

describe('numbers for people', () => {
  it('are sizes in decimal units', () => {
    assert.deepEqual([0, 999, 1_000, 999_600, 3_440_000, 10_200_000_000, 536_196_352].map(sizeText), [
      '0 B',
      '999 B',
      '1 kB',
      '1.0 MB',
      '3.4 MB',
      '10.2 GB',
      '536 MB',
    ]);
    assert.equal(sizeText(Infinity), '–');
  });

  it('are never rounded up to the next unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        assert.doesNotMatch(sizeText(bytes), /^1000(?:\.0)? (?:B|kB|MB|GB)$/u);
      }),
    );
  });

  it('are times and rates', () => {
    assert.deepEqual([0.2, 59, 61, 540, 7_500, 7_200].map(waitText), [
      '1 s',
      '59 s',
      '1 min',
      '9 min',
      '2 h 5 min',
      '2 h',
    ]);
    assert.deepEqual([0.44, 5.36, 51.7].map(rateText), ['0.4', '5.4', '52']);
  });
});

describe('a download on one line', () => {
  it('has share, size, speed and time left', () => {
    assert.equal(transferText(running), '33 % of 10.2 GB, 12.3 MB/s, 9 min left');
    assert.equal(transferText({ ...running, bytesPerSecond: 0 }), '33 % of 10.2 GB');
    assert.equal(transferText({ ...running, state: 'paused' }), '33 % of 10.2 GB, paused');
    assert.equal(transferText({ ...running, totalBytes: 0, doneBytes: 0 }), 'asking the hub');
    const error = { code: 'disk-full', message: 'The disk is full.' } as const;
    assert.equal(
      transferText({ ...running, state: 'failed', error }),
      '33 % of 10.2 GB, failed: The disk is full.',
    );
  });

  it('is rewritten in a terminal, and written now and then elsewhere', () => {
    const written: string[] = [];
    const write = (text: string): unknown => written.push(text);
    const terminal = new ProgressLine({ isTTY: true, write });
    terminal.show(running);
    terminal.show(running);
    terminal.end();
    terminal.end();
    const line = '\r\u001B[Kgemma-4-e2b-it: 33 % of 10.2 GB, 12.3 MB/s, 9 min left';
    assert.deepEqual(written, [line, line, '\n']);
    written.length = 0;
    const file = new ProgressLine({ isTTY: false, write });
    for (let percent = 0; percent <= 100; percent++) {
      file.show({ ...running, totalBytes: 1_000, doneBytes: 10 * percent, bytesPerSecond: 0 });
    }
    file.end();
    assert.equal(written.length, 11);
    assert.equal(written[1], 'gemma-4-e2b-it: 10 % of 1 kB\n');
  });
});

describe('what is told of models', () => {
  it('names every model, and marks what is recommended and why', () => {
    const lines = listText(overviewOf([speed])).split('\n');
    for (const { id } of catalogue) {
      assert.ok(
        lines.some((line) => line.slice(2).startsWith(`${id} `)),
        id,
      );
    }
    const marked = lines.filter((line) => line.startsWith('* ')).map((line) => line.split(/\s+/u)[1]);
    assert.deepEqual(marked, ['codegemma-1.1-2b', 'gemma-4-e4b-it']);
    assert.ok(
      lines.includes(
        '  codegemma-1.1-2b  q4  1.6 GB  completion  verified against its first download, loaded',
      ),
    );
    assert.ok(lines.includes('  gemma-4-e2b-it  33 % of 10.2 GB, 12.3 MB/s, 9 min left'));
    assert.ok(lines.some((line) => line.startsWith('For chat: gemma-4-e4b-it (q4 on native, ')));
    assert.ok(lines.every((line) => !/undefined|NaN|Infinity|\[object/u.test(line)));
  });

  it('says when nothing was measured', () => {
    assert.match(listText(overviewOf([])), /is not known before `models bench`/u);
  });

  it('expects of every model that fits what was measured', () => {
    const lines = benchText(machine, [speed]).split('\n');
    assert.ok(lines.some((line) => /^ {2}gemma-4-e2b-it +21 +1475 +3\.\d GB$/u.test(line)));
    assert.ok(!lines.some((line) => line.startsWith('  gemma-4-31b-it')));
  });
});

describe('options of the commands for models', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-cli-models-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('take the hub and the token from where other programs of the hub take them', async () => {
    const plain = await networkFor(undefined, undefined, {});
    assert.deepEqual([plain.endpoint, plain.token], ['https://huggingface.co', null]);
    const environment = { HF_ENDPOINT: 'https://mirror.example', HF_TOKEN: ' hf_a\n' };
    const named = await networkFor(undefined, undefined, environment);
    assert.deepEqual([named.endpoint, named.token], ['https://mirror.example', 'hf_a']);
    const file = join(folder, 'token');
    await writeFile(file, 'hf_b\n');
    const given = await networkFor('http://localhost:1', file, environment);
    assert.deepEqual([given.endpoint, given.token], ['http://localhost:1', 'hf_b']);
  });

  it('refuse what is no address and no token, without repeating it', async () => {
    await assert.rejects(networkFor('no address', undefined, {}), { code: 'bad-input' });
    const file = join(folder, 'poem');
    await writeFile(file, 'two words');
    for (const bad of [file, join(folder, 'absent')]) {
      await assert.rejects(
        networkFor(undefined, bad, {}),
        (error: Error) => !error.message.includes('two words'),
      );
    }
  });

  it('name an installed model, unless a folder of that name is there', () => {
    assert.equal(modelOption('codegemma-1.1-2b'), 'codegemma-1.1-2b');
    assert.equal(modelOption('src'), join(process.cwd(), 'src'));
    assert.equal(modelOption('./some/where'), join(process.cwd(), 'some/where'));
  });

  it('keep what was measured, backend by backend', async () => {
    assert.deepEqual(await readSpeeds(folder), []);
    const wasm: MachineSpeed = { ...speed, backend: 'wasm', quantization: 'q8' };
    await keepSpeeds(folder, [speed, wasm]);
    const faster = { ...speed, decodeBytesPerSecond: 31e9 };
    await keepSpeeds(folder, [faster]);
    assert.deepEqual(await readSpeeds(folder), [wasm, faster]);
    await writeFile(join(folder, 'machine-speeds.json'), '[{');
    assert.deepEqual(await readSpeeds(folder), []);
  });
});
