import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as fc from 'fast-check';
import { CancelFlag } from '../../../src/inference/engine/cancelFlag.ts';
import { Sequence } from '../../../src/inference/kv/sequence.ts';
import {
  readSnapshot,
  readSnapshotInfo,
  type SnapshotIdentity,
  snapshotIdentity,
  writeSnapshot,
} from '../../../src/inference/kv/snapshot.ts';
import { expectedLogits, RecordingModel } from './recordingModel.ts';
import { withFolder } from './temporaryFolder.ts';

/** `npm run fuzz` sets it to 10,000. */
const FUZZ_RUNS = Number(process.env['GEMMA_CODE_FUZZ_RUNS'] ?? 500);
const PREAMBLE_BYTES = 44;
const alone = new CancelFlag();
const ROOM = { capacity: 600, expected: 0 };

describe('a snapshot', () => {
  it('gives back a sequence that goes on as the old one would have', async () => {
    await withFolder(async (folder) => {
      await fc.assert(
        fc.asyncProperty(fc.uuid(), someTokens, someTokens, fc.nat(), async (name, tokens, next, cut) => {
          const path = join(folder, name);
          const { identity } = await snapshotOf(path, tokens);
          const model = new RecordingModel();
          const length = cut % (tokens.length + 1);
          const sequence = await readSnapshot(path, identity, length, model, ROOM);
          assert.deepEqual(sequence.tokens, tokens.slice(0, length));
          const logits = await sequence.append(next, 1);
          assert.deepEqual([...logits], expectedLogits([...tokens.slice(0, length), ...next]));
          assert.equal(model.computed, next.length);
        }),
        { numRuns: 50 },
      );
    });
  });

  it('is refused by any other model, backend and runtime', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'a');
      const { identity } = await snapshotOf(path, [1, 0, 1]);
      const others: SnapshotIdentity[] = [
        { ...identity, model: '0'.repeat(64) },
        { ...identity, backend: 'native' },
        { ...identity, runtime: 'recorder 2' },
      ];
      for (const other of others) {
        const model = new RecordingModel();
        await assert.rejects(readSnapshot(path, other, 3, model, ROOM), {
          code: 'bad-input',
          message: /of another model or runtime/u,
        });
        assert.equal(model.live, 0);
      }
    });
  });

  it('tells models apart by every file, the quantization and the architecture', () => {
    const model = new RecordingModel();
    const { manifest } = model;
    const file = { ...manifest.graph, sha256: 'f'.repeat(64) };
    const digests = [
      manifest,
      { ...manifest, graph: file },
      { ...manifest, weights: [file] },
      { ...manifest, tokenizer: file },
      { ...manifest, quantization: 'q4' as const },
      { ...manifest, architecture: { ...manifest.architecture, queryPreAttentionScalar: 2 } },
    ].map((other) => snapshotIdentity(Object.assign(new RecordingModel(), { manifest: other })).model);
    assert.equal(new Set(digests).size, digests.length);
  });

  it('is refused when its header, though sealed, does not agree with its rows', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'a');
      const { identity, bytes } = await snapshotOf(path, [1, 0, 1]);
      const refused = async (header: object, reason: RegExp): Promise<void> => {
        await writeFile(path, sealed(bytes, header));
        const model = new RecordingModel();
        await assert.rejects(readSnapshot(path, identity, 1, model, ROOM), {
          code: 'bad-input',
          message: reason,
        });
        assert.equal(model.live, 0);
      };
      await refused({ tokens: [1, 0] }, /rows are of another size/u);
      await refused({ rowBytes: 2 ** 40 }, /another size than it says/u);
      await refused({ crc32: '00000000' }, /rows are damaged/u);
      await refused({ extra: 1 }, /header is invalid/u);
    });
  });

  it('is not written when the sequence is rewound meanwhile, but may be appended to', async () => {
    await withFolder(async (folder) => {
      const { sequence, identity } = await sequenceOf([1, 2, 3, 4]);
      const written = writeSnapshot(join(folder, 'appended'), identity, sequence, alone);
      await sequence.append([5, 6], 1);
      assert.deepEqual((await written).tokens, [1, 2, 3, 4]);

      const broken = writeSnapshot(join(folder, 'rewound'), identity, sequence, alone);
      sequence.rewind(3);
      await sequence.append([9], 1);
      await assert.rejects(broken, { code: 'superseded' });
      await assert.rejects(readSnapshotInfo(join(folder, 'rewound')), { code: 'bad-input' });
    });
  });

  it('is given up when it is cancelled', async () => {
    await withFolder(async (folder) => {
      const { sequence, identity } = await sequenceOf([1, 2, 3, 4]);
      const cancel = new CancelFlag();
      cancel.cancel();
      await assert.rejects(writeSnapshot(join(folder, 'a'), identity, sequence, cancel), {
        code: 'cancelled',
      });
    });
  });

  it(`is refused in each of ${FUZZ_RUNS} ways to be changed, and nothing stays allocated`, async function () {
    this.timeout(300_000);
    await withFolder(async (folder) => {
      const path = join(folder, 'fuzzed');
      const { identity, bytes } = await snapshotOf(
        path,
        Array.from({ length: 90 }, (_, i) => i % 61),
      );
      const model = new RecordingModel();
      await fc.assert(
        fc.asyncProperty(changed(bytes), async (mutant) => {
          fc.pre(!mutant.equals(bytes));
          await writeFile(path, mutant);
          await assert.rejects(readSnapshot(path, identity, 90, model, ROOM), { code: 'bad-input' });
          assert.equal(model.live, 0);
        }),
        { numRuns: FUZZ_RUNS, seed: 20_261 },
      );
    });
  });
});

const someTokens = fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 200 });

async function sequenceOf(tokens: readonly number[]) {
  const model = new RecordingModel();
  const sequence = new Sequence(model, ROOM.capacity);
  await sequence.append(tokens, 1);
  return { sequence, identity: snapshotIdentity(model) };
}

async function snapshotOf(path: string, tokens: readonly number[]) {
  const { sequence, identity } = await sequenceOf(tokens);
  await writeSnapshot(path, identity, sequence, alone);
  return { identity, bytes: await readFile(path) };
}

/** The snapshot with other values in its header and a hash that agrees with them. */
function sealed(bytes: Buffer, change: object): Buffer {
  const end = PREAMBLE_BYTES + bytes.readUInt32LE(8);
  const header: unknown = JSON.parse(bytes.toString('utf8', PREAMBLE_BYTES, end));
  return sealedJson(bytes, JSON.stringify(Object.assign({}, header, change)));
}

function sealedJson(bytes: Buffer, json: string): Buffer {
  const end = PREAMBLE_BYTES + bytes.readUInt32LE(8);
  const header = Buffer.from(json);
  const preamble = Buffer.from(bytes.subarray(0, PREAMBLE_BYTES));
  preamble.writeUInt32LE(header.length, 8);
  createHash('sha256').update(header).digest().copy(preamble, 12);
  return Buffer.concat([preamble, header, bytes.subarray(end)]);
}

/** Everything that can happen to a file, and headers that somebody made up. */
function changed(bytes: Buffer): fc.Arbitrary<Buffer> {
  const { length } = bytes;
  const place = fc.nat({ max: length - 1 });
  const copy = (change: (target: Buffer) => void): Buffer => {
    const target = Buffer.from(bytes);
    change(target);
    return target;
  };
  const edges = fc.constantFrom(0, 4, 8, 11, 12, 43, 44, length - 1);
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(-1, 0.5, 1e308, 2 ** 53, 2 ** 32, '', null, [], {}),
  );
  return fc.oneof(
    fc
      .tuple(fc.oneof(place, edges), fc.nat({ max: 7 }))
      .map(([at, bit]) => copy((b) => (b[at]! ^= 1 << bit))),
    fc
      .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 }))
      .map(([at, patch]) => copy((b) => b.set(patch.subarray(0, length - at), at))),
    fc
      .tuple(place, place, fc.nat({ max: 200 }))
      .map(([to, from, count]) => copy((b) => b.copy(b, to, from, from + count))),
    fc.oneof(place, edges).map((end) => bytes.subarray(0, end)),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((tail) => Buffer.concat([bytes, tail])),
    fc.tuple(place, place).map(([a, b]) => Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)])),
    fc.uint8Array({ maxLength: 400 }).map((foreign) => Buffer.from(foreign)),
    fc.json().map((json) => sealedJson(bytes, json)),
    fc
      .tuple(fc.constantFrom('identity', 'rowBytes', 'crc32'), strange)
      .map(([key, value]) => sealed(bytes, { [key]: value })),
    fc.array(fc.nat({ max: 80 }), { maxLength: 89 }).map((tokens) => sealed(bytes, { tokens })),
  );
}
