import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { relativeError } from '../../support/compareLogits.ts';
import { GraphRunner } from '../../support/graphRunner.ts';

/** Logits that training/ computed in PyTorch; `lastPosition` of prompts, `everyPosition` of one. */
const Expected = v.object({
  lastPosition: v.array(v.object({ ids: v.array(v.number()), logits: v.array(v.number()) })),
  everyPosition: v.optional(v.object({ ids: v.array(v.number()), logits: v.array(v.array(v.number())) })),
});

const TOLERANCE = 1e-5;

const checkpoints = [
  {
    name: 'a random checkpoint',
    source: 'test/parity/fixtures/tiny-gemma3',
    expected: 'test/parity/fixtures/tiny-gemma3.json',
  },
];

for (const { name, source, expected: file } of checkpoints) {
  describe(`An f32 import of ${name} agrees with an independent forward pass`, () => {
    let folder: string;
    let runner: GraphRunner;
    let expected: v.InferOutput<typeof Expected>;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'gemma-parity-'));
      await importModel({ source, target: join(folder, 'f32'), quantization: 'f32' });
      runner = await GraphRunner.open(join(folder, 'f32'));
      expected = v.parse(Expected, JSON.parse(await readFile(file, 'utf8')));
    });
    after(async () => {
      await runner.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    it('at the end of every prompt', async () => {
      for (const { ids, logits } of expected.lastPosition) {
        runner.reset();
        const error = relativeError(await runner.append(ids, 1), [logits]);
        assert.ok(error <= TOLERANCE, `${ids.length} tokens: ${error}`);
      }
    });

    it('at every position of a prompt, in one run and token by token', async () => {
      const every = expected.everyPosition;
      assert.ok(every !== undefined);
      runner.reset();
      const whole = await runner.append(every.ids, every.ids.length);
      assert.ok(relativeError(whole, every.logits) <= TOLERANCE);
      runner.reset({ capacity: 64 });
      for (const [position, id] of every.ids.entries()) {
        const error = relativeError(await runner.append([id], 1), [every.logits[position]!]);
        assert.ok(error <= TOLERANCE, `position ${position}: ${error}`);
      }
    });
  });
}
