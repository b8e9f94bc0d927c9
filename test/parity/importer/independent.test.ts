import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { GraphRunner } from '../../support/graphRunner.ts';

/** training/parity_values.py computes the expected logits in float64, sharing no code with trainer or importer. */
const TOLERANCE = 1e-5;

const numbers = v.array(v.number());

async function readFixture<S extends v.GenericSchema>(name: string, schema: S): Promise<v.InferOutput<S>> {
  return v.parse(schema, JSON.parse(await readFile(join('test/parity/fixtures', name), 'utf8')));
}

/** A runner over the f32 import of the checkpoint in `source`, for the tests of the enclosing suite. */
function importedBefore(source: string): () => GraphRunner {
  let folder: string;
  let runner: GraphRunner;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gemma-parity-'));
    await importModel({ source, target: join(folder, 'f32'), quantization: 'f32' });
    runner = await GraphRunner.open(join(folder, 'f32'));
  });
  after(async () => {
    await runner.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  return () => runner;
}

describe('An f32 import of a random checkpoint agrees with an independent forward pass', () => {
  const runner = importedBefore('test/parity/fixtures/tiny-gemma3');
  const Expected = v.object({
    lastPosition: v.array(v.object({ ids: numbers, logits: numbers })),
    everyPosition: v.object({ ids: numbers, logits: v.array(numbers) }),
  });

  it('at the end of every prompt', async () => {
    const { lastPosition } = await readFixture('tiny-gemma3.json', Expected);
    for (const { ids, logits } of lastPosition) {
      runner().reset();
      const error = relativeError(await runner().append(ids, 1), [logits]);
      assert.ok(error <= TOLERANCE, `${ids.length} tokens: ${error}`);
    }
  });

  it('at every position of a prompt, in one run and token by token', async () => {
    const { ids, logits } = (await readFixture('tiny-gemma3.json', Expected)).everyPosition;
    runner().reset();
    const whole = await runner().append(ids, ids.length);
    assert.ok(relativeError(whole, logits) <= TOLERANCE);
    runner().reset();
    for (const [position, id] of ids.entries()) {
      const error = relativeError(await runner().append([id], 1), [logits[position]!]);
      assert.ok(error <= TOLERANCE, `position ${position}: ${error}`);
    }
  });
});

describe('An f32 import of the embedded model agrees with an independent forward pass', () => {
  const runner = importedBefore('models/pebble');
  const Expected = v.object({
    lastPosition: v.array(
      v.object({
        ids: numbers,
        topIds: numbers,
        topLogits: numbers,
        stridedIds: numbers,
        stridedLogits: numbers,
        logSumExp: v.number(),
      }),
    ),
  });

  it('in its highest logits, in every sixteenth, and in their sum', async () => {
    const { lastPosition } = await readFixture('pebble.json', Expected);
    for (const { ids, topIds, topLogits, stridedIds, stridedLogits, logSumExp } of lastPosition) {
      runner().reset();
      const [logits] = await runner().append(ids, 1);
      const actual = [...topIds, ...stridedIds].map((id) => logits![id]!);
      const error = relativeError([actual], [[...topLogits, ...stridedLogits]]);
      assert.ok(error <= TOLERANCE, `${ids.length} tokens: ${error}`);
      const sum = Math.log(logits!.reduce((total, logit) => total + Math.exp(logit), 0));
      assert.ok(Math.abs(sum - logSumExp) <= TOLERANCE * Math.abs(logSumExp), `${sum} and ${logSumExp}`);
    }
  });
});
