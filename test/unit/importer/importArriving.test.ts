import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { arrivedBytes } from '../../../src/inference/importer/importArriving.ts';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import { type Arriving, arriving, assertSameFiles, importedFiles } from '../../support/arrivingImport.ts';
import { randomCheckpoint, safetensorsFile, writeCheckpoint } from '../../support/checkpoints.ts';
import { splitSafetensors } from '../../support/checkpointWorkplace.ts';
import { serve } from '../../support/remoteFolder.ts';
import { tinyGeneration, tinyGenerationNames } from '../../support/tinyGenerations.ts';

const quantizations = ['q4', 'q8', 'f32'] as const;
/** `npm run fuzz` makes more. */
const RUNS = Number(process.env['GEMMA_CODE_KILLS'] ?? 12);
const TIMEOUT_MS = 30_000 + RUNS * 1_000;
const MB = 1_000_000;
const WEIGHTS = 'model.safetensors';
const SECOND = 'model-00002-of-00002.safetensors';
const DOWN = 'model.layers.0.mlp.down_proj.weight';

/** 6 and 3 MB of weights in two files. */
const large = randomCheckpoint({ layers: 2, vocabSize: 20_000, hiddenSize: 64, ffnSize: 8_192 });

const fails = (code: ErrorCode, culprit: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, culprit);
  assert.equal(error.code, code);
  return true;
};

/** Flips a bit of the file `name`. */
function flipped(bytes: ReadonlyMap<string, Uint8Array>, name: string, bit: number): Map<string, Uint8Array> {
  const content = Uint8Array.from(bytes.get(name)!);
  content[bit >> 3]! ^= 1 << (bit & 7);
  return new Map(bytes).set(name, content);
}

/** Imports but stops after `budget` bytes. */
async function stopAfter(model: Arriving, budget: number, bytes = model.remote.bytes) {
  const controller = new AbortController();
  const remote = serve(bytes, { budget, atEnd: () => controller.abort(), pieceLength: () => 40_000 });
  await assert.rejects(model.import(remote.open, controller.signal), fails('cancelled', /cancelled/));
  return remote.served;
}

const total = ({ remote }: Arriving): number => remote.files.reduce((sum, { bytes }) => sum + bytes, 0);

describe('A checkpoint that is imported while it arrives becomes the same files', function () {
  this.timeout(TIMEOUT_MS);

  for (const name of tinyGenerationNames) {
    it(`as one on disk: ${name}`, async () => {
      const checkpoint = tinyGeneration(name);
      for (const [index, quantization] of quantizations.entries()) {
        await using model = await arriving(checkpoint, quantization, { dtype: 'BF16', shards: index + 1 });
        const { open, served } = serve(model.remote.bytes, { pieceLength: () => 10_007 });
        const manifest = await model.import(open);
        assert.equal(manifest.quantization, quantization);
        assertSameFiles(model.files(), await importedFiles(model, quantization));
        assert.deepEqual(readdirSync(model.root).sort(), ['checkpoint', 'models']);
        assert.deepEqual([served.bytes, model.progress.at(-1)], [total(model), total(model)]);
      }
    });
  }

  for (const quantization of quantizations) {
    it(`in pieces of any length, as ${quantization}`, async () => {
      const checkpoint = tinyGeneration('Gemma 4 with shared keys and inputs of the layers');
      await using model = await arriving(checkpoint, quantization, { dtype: 'F16', shards: 2 });
      const expected = await importedFiles(model, quantization);
      const lengths = fc.array(
        fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 400_000 })),
        {
          minLength: 1,
          maxLength: 50,
        },
      );
      await fc.assert(
        fc.asyncProperty(lengths, async (all) => {
          await model.reset();
          let next = 0;
          const remote = serve(model.remote.bytes, { pieceLength: () => all[next++ % all.length]! });
          await model.import(remote.open);
          assertSameFiles(model.files(), expected);
        }),
        { numRuns: Math.ceil(RUNS / 4) },
      );
    });
  }

  it('when parts of other towers are in it, which are left out', async () => {
    const checkpoint = randomCheckpoint({ layers: 1 });
    const tower = { shape: [1_000, 200], values: new Float32Array(200_000).fill(NaN) };
    const tensors = new Map([
      ['vision_tower.first', tower],
      ...checkpoint.tensors,
      ['lm_head.weight', tower],
    ]);
    await using model = await arriving({ ...checkpoint, tensors }, 'q8');
    await model.import(serve(model.remote.bytes).open);
    assertSameFiles(model.files(), await importedFiles(model, 'q8'));
  });
});

describe('An import of arriving weights that is stopped', function () {
  this.timeout(TIMEOUT_MS);

  for (const quantization of quantizations) {
    it(`anywhere, again and again, goes on with 1 MB lost at most, as ${quantization}`, async () => {
      await using model = await arriving(large, quantization, { dtype: 'BF16', shards: 2 });
      const expected = await importedFiles(model, quantization);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 * MB }), { maxLength: 5 }), async (budgets) => {
          await model.reset();
          let received = 0;
          for (const budget of budgets) {
            if (received + budget >= total(model)) break;
            const before = await arrivedBytes(model.work);
            assert.ok(before > received - MB, `${before} of ${received}`);
            received = before + (await stopAfter(model, budget)).bytes;
          }
          const before = await arrivedBytes(model.work);
          assert.ok(before > received - MB, `${before} of ${received}`);
          const { open, served } = serve(model.remote.bytes);
          model.progress.length = 0;
          await model.import(open);
          assert.equal(served.bytes, total(model) - before);
          assertSameFiles(model.files(), expected);
          assert.ok(model.progress[0]! >= before);
          assert.deepEqual(
            model.progress,
            model.progress.toSorted((a, b) => a - b),
          );
        }),
        { numRuns: Math.ceil(RUNS / 4) },
      );
    });
  }

  it('before anything has come is nothing yet', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q4');
    assert.equal(await arrivedBytes(model.work), 0);
    await assert.rejects(
      model.import(serve(model.remote.bytes).open, AbortSignal.abort()),
      fails('cancelled', /cancelled/),
    );
    assert.equal(await arrivedBytes(model.work), 0);
  });

  it('between its last two steps has its model already', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q4');
    await stopAfter(model, total(model) - 1_000);
    cpSync(model.work, `${model.work}.before`, { recursive: true });
    const manifest = await model.import(serve(model.remote.bytes).open);
    cpSync(`${model.work}.before`, model.work, { recursive: true });
    rmSync(join(model.work, 'model'), { recursive: true });
    const { open, served } = serve(model.remote.bytes);
    assert.deepEqual(await model.import(open), manifest);
    assert.equal(served.asked.length, 0);
    assert.equal(existsSync(model.work), false);
  });

  it('by the machine goes on from what was flushed; half a line of the journal is no line', async () => {
    await using model = await arriving(large, 'q8', { dtype: 'BF16', shards: 2 });
    await stopAfter(model, total(model) - MB);
    const journal = join(model.work, 'journal');
    const lines = readFileSync(journal, 'utf8');
    writeFileSync(journal, `${lines}{"boot":"\0\0\0\n${lines.slice(0, 50)}`);
    const before = await arrivedBytes(model.work);
    assert.ok(before > total(model) - 2 * MB);
    cpSync(model.work, `${model.work}.before`, { recursive: true });

    const same = serve(model.remote.bytes);
    await model.import(same.open);
    assert.equal(same.served.bytes, total(model) - before);
    const expected = await importedFiles(model, 'q8');
    assertSameFiles(model.files(), expected);

    await model.reset();
    cpSync(`${model.work}.before`, model.work, { recursive: true });
    writeFileSync(journal, lines.replaceAll(/"boot":"[^"]*"/g, '"boot":"another"'));
    const other = serve(model.remote.bytes);
    await model.import(other.open);
    assert.deepEqual(other.served.asked, [{ name: SECOND, from: 0 }]);
    assertSameFiles(model.files(), expected);
  });

  it('begins anew for another file of the repository, another quantization, or without its data', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q8', { shards: 2 });
    await stopAfter(model, total(model) - 1_000);
    rmSync(join(model.work, 'model', 'weights.0.bin'));
    const { open, served } = serve(model.remote.bytes);
    await model.import(open);
    assert.deepEqual(
      served.asked.map(({ from }) => from),
      [0, 0],
    );
    assertSameFiles(model.files(), await importedFiles(model, 'q8'));

    await model.reset();
    await stopAfter(model, total(model) - 1_000);
    await writeCheckpoint(model.source, randomCheckpoint({ layers: 1 }, 2), { shards: 2 });
    await using changed = await arriving(null, 'q4', { root: model.root });
    await changed.import(serve(changed.remote.bytes).open);
    assertSameFiles(changed.files(), await importedFiles(changed, 'q4'));
  });
});

describe('An import of arriving weights refuses', function () {
  this.timeout(TIMEOUT_MS);

  for (const shards of [1, 2]) {
    it(`a flipped bit anywhere, and takes the right bytes afterwards (${shards} files)`, async () => {
      await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q8', { dtype: 'BF16', shards });
      const expected = await importedFiles(model, 'q8');
      const bits = fc
        .constantFrom(...model.remote.files)
        .chain((file) => fc.tuple(fc.constant(file), fc.integer({ min: 0, max: 8 * file.bytes - 1 })));
      await fc.assert(
        fc.asyncProperty(bits, async ([file, bit]) => {
          await model.reset();
          const wrong = serve(flipped(model.remote.bytes, file.name, bit));
          const isSmall = file.digest.kind === 'gitBlob';
          await assert.rejects(
            model.import(wrong.open),
            (error) =>
              error instanceof GemmaError &&
              error.message.includes(isSmall ? file.name : '') &&
              (isSmall ? ['untrusted'] : ['untrusted', 'model-damaged', 'model-unsupported']).includes(
                error.code,
              ),
          );
          assert.equal(existsSync(model.target), false);
          const right = serve(model.remote.bytes);
          await model.import(right.open);
          assert.deepEqual(right.served.asked[0], { name: file.name, from: 0 });
          assertSameFiles(model.files(), expected);
        }),
        { numRuns: RUNS },
      );
    });
  }

  it('the last value of a file that is wrong, and keeps the files before it', async () => {
    await using model = await arriving(large, 'q8', { dtype: 'BF16', shards: 2 });
    const last = model.remote.bytes.get(SECOND)!.length * 8 - 16;
    await assert.rejects(
      model.import(serve(flipped(model.remote.bytes, SECOND, last)).open),
      fails('untrusted', /model-00002-of-00002\.safetensors is not the file that was asked for/),
    );
    const { open, served } = serve(model.remote.bytes);
    await model.import(open);
    assert.deepEqual(served.asked, [{ name: SECOND, from: 0 }]);
    assertSameFiles(model.files(), await importedFiles(model, 'q8'));
  });

  it('a file that ends early, keeping what came of it, and ignores what comes too much', async () => {
    await using model = await arriving(large, 'q4', { dtype: 'BF16' });
    const content = model.remote.bytes.get(WEIGHTS)!;
    const short = new Map(model.remote.bytes).set(WEIGHTS, content.subarray(0, 3 * MB));
    await assert.rejects(model.import(serve(short).open), fails('network', /Only 3000000 of the \d+ bytes/));
    const long = new Map(model.remote.bytes).set(WEIGHTS, Buffer.concat([content, new Uint8Array(MB)]));
    const { open, served } = serve(long);
    await model.import(open);
    assert.ok(served.asked[0]!.from > 2 * MB);
    assertSameFiles(model.files(), await importedFiles(model, 'q4'));
  });

  it('names with a folder in them, and a repository without a file that is needed', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q4', { shards: 2 });
    const { open } = serve(model.remote.bytes);
    const { files } = model.remote;
    for (const missing of ['config.json', 'tokenizer.json', SECOND]) {
      const rest = files.filter(({ name }) => name !== missing);
      await assert.rejects(
        model.import(open, undefined, rest),
        fails('model-damaged', new RegExp(`${missing} is missing in the repository`)),
      );
    }
    const outside = [...files, { ...files[0]!, name: '../x' }];
    await assert.rejects(model.import(open, undefined, outside), fails('untrusted', /"\.\.\/x": refused/));
  });

  it('a small file that is larger than any real one, unseen', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q4');
    const { open, served } = serve(model.remote.bytes);
    const config = model.remote.files.find(({ name }) => name === 'config.json')!;
    const files = [...model.remote.files.filter((file) => file !== config), { ...config, bytes: 1_000_001 }];
    await assert.rejects(
      model.import(open, undefined, files),
      fails('model-damaged', /config\.json has 1000001 bytes; more than 1000000 can't be right/),
    );
    assert.equal(served.asked.length, 0);
  });

  it('a target that is not empty, which stays as it was', async () => {
    await using model = await arriving(randomCheckpoint({ layers: 1 }), 'q4');
    await mkdir(model.target, { recursive: true });
    writeFileSync(join(model.target, 'mine'), 'mine');
    await assert.rejects(
      model.import(serve(model.remote.bytes).open),
      fails('bad-input', /model exists and is not empty/),
    );
    assert.deepEqual(readdirSync(model.target), ['mine']);
  });
});

type Damage = (model: Arriving) => Uint8Array;

/** The file with another header. */
const withHeader =
  (change: (header: ReturnType<typeof splitSafetensors>['header']) => unknown): Damage =>
  ({ remote }) => {
    const { header, data } = splitSafetensors(remote.bytes.get(WEIGHTS)!);
    change(header);
    return safetensorsFile(JSON.stringify(header), data);
  };

const damages: Record<string, Damage> = {
  ...Object.fromEntries(
    [0, 1, 7, 8, 100].map((length): [string, Damage] => [
      `that ends after ${length} bytes`,
      ({ remote }) => remote.bytes.get(WEIGHTS)!.subarray(0, length),
    ]),
  ),
  'whose header claims to be longer than any': ({ remote }) => {
    const file = Buffer.from(remote.bytes.get(WEIGHTS)!);
    file.writeBigUInt64LE(26_000_000n);
    return file;
  },
  'whose header is not JSON': () => safetensorsFile('hello', new Uint8Array(16)),
  'without any tensor': () => safetensorsFile('{}', new Uint8Array()),
  'that lacks a tensor': withHeader((header) => delete header[DOWN]),
  'with a tensor of another shape': withHeader((header) => {
    header[DOWN]!.shape = [96, 64];
  }),
  'with a tensor that nobody knows': withHeader((header) => {
    header['model.stranger'] = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
  }),
  'with a tensor stored twice': withHeader((header) => {
    header['model.language_model.norm.weight'] = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
  }),
  'with weights in a type that is no plain float': withHeader((header) => {
    header[DOWN]!.dtype = 'I32';
  }),
  'with two tensors over the same bytes': withHeader((header) => {
    header[DOWN]!.data_offsets = [4, 4 + 64 * 96 * 4];
  }),
  'that is cut off inside its data': ({ remote }) => remote.bytes.get(WEIGHTS)!.subarray(0, -100),
  'with a value that is not finite': ({ remote }) => {
    const file = Buffer.from(remote.bytes.get(WEIGHTS)!);
    file.writeFloatLE(NaN, file.length - 4);
    return file;
  },
};

describe('An import of arriving weights says the same as one from disk of a file', () => {
  for (const [what, damage] of Object.entries(damages)) {
    it(what, async () => {
      await using sound = await arriving(randomCheckpoint({ layers: 1 }), 'q4');
      writeFileSync(join(sound.source, WEIGHTS), damage(sound));
      await using model = await arriving(null, 'q4', { root: sound.root });
      const expected: unknown = await importModel({
        source: model.source,
        target: model.target,
        quantization: 'q4',
      }).catch((error: unknown) => error);
      assert.ok(expected instanceof GemmaError);
      for (const length of [1, 11, 5_000]) {
        const { open } = serve(model.remote.bytes, { pieceLength: () => length });
        await assert.rejects(model.import(open), { code: expected.code, message: expected.message });
        assert.equal(existsSync(model.target), false);
        // The file begins anew: what was wrong with it isn't taken for good.
        const again = serve(model.remote.bytes, { pieceLength: () => 300_000 });
        await assert.rejects(model.import(again.open), { code: expected.code, message: expected.message });
        const weights = again.served.asked.filter(({ name }) => name === WEIGHTS);
        assert.deepEqual(
          weights,
          model.remote.bytes.get(WEIGHTS)!.length === 0 ? [] : [{ name: WEIGHTS, from: 0 }],
        );
      }
    });
  }
});

/** A disk of so many bytes for the work and the model, that only root may mount; null: not permitted. */
async function smallDisk(model: Arriving, bytes: number): Promise<AsyncDisposable | null> {
  const disk = join(model.work, '..');
  await mkdir(disk, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return {
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [disk]);
    },
  };
}

describe('An import of arriving weights on a full disk', () => {
  it('says how much is needed and how much is free before it asks for weights', async function () {
    await using model = await arriving(large, 'f32', { dtype: 'BF16' });
    await using disk = await smallDisk(model, 16 * MB);
    if (disk === null) this.skip();
    const { open, served } = serve(model.remote.bytes);
    await assert.rejects(
      model.import(open),
      fails('disk-full', /model needs 0\.1 GB more, but only 0 GB are free on its disk\. Make room/),
    );
    assert.ok(served.asked.every(({ name }) => name !== WEIGHTS));
  });

  it('stops when others fill it meanwhile, and goes on when there is room again', async function () {
    await using model = await arriving(large, 'q8', { dtype: 'BF16' });
    await using disk = await smallDisk(model, 120 * MB);
    if (disk === null) this.skip();
    const filler = join(model.work, '..', 'filler');
    const controller = new AbortController();
    const full = serve(model.remote.bytes, {
      budget: 2 * MB,
      atEnd: () => writeFileSync(filler, new Uint8Array(statfsSync(model.work).bavail * 4_096)),
    });
    await assert.rejects(
      model.import(full.open, controller.signal),
      fails('disk-full', /no room on the disk/),
    );
    assert.equal(existsSync(model.target), false);
    const before = await arrivedBytes(model.work);
    assert.ok(before > full.served.bytes - MB);
    rmSync(filler);
    const { open, served } = serve(model.remote.bytes);
    await model.import(open);
    assert.equal(served.bytes, total(model) - before);
    assertSameFiles(model.files(), await importedFiles(model, 'q8'));
  });
});
