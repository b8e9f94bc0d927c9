import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import type { Quantization } from '../../../src/protocol/engine.ts';
import {
  type Dtype,
  randomCheckpoint,
  type RandomCheckpoint,
  toBfloat16,
  writeCheckpoint,
} from '../../support/checkpoints.ts';
import { workplace } from '../../support/checkpointWorkplace.ts';
import { renamed } from '../../support/renamedTensors.ts';
import { tinyGeneration } from '../../support/tinyGenerations.ts';

/** Every file of the import by name. */
async function imported(
  checkpoint: RandomCheckpoint,
  quantization: Quantization,
  options: { readonly dtype?: Dtype; readonly shards?: number } = {},
): Promise<Record<string, Buffer>> {
  await using work = await workplace(null);
  await writeCheckpoint(work.source, checkpoint, options);
  await importModel({ source: work.source, target: work.target, quantization });
  const files: Record<string, Buffer> = {};
  for (const name of (await readdir(work.target)).sort())
    files[name] = await readFile(join(work.target, name));
  return files;
}

const round = (value: number): number => {
  const bits = Uint32Array.of(toBfloat16(value) << 16);
  return Math.abs(value) < 2 ** -14 ? 0 : new Float32Array(bits.buffer)[0]!;
};

/** Values that bfloat16 and float16 both hold exactly: 8 significant bits, none of them subnormal. */
function representable(checkpoint: RandomCheckpoint): RandomCheckpoint {
  const tensors = new Map(
    [...checkpoint.tensors].map(([name, { shape, values }]) => [name, { shape, values: values.map(round) }]),
  );
  return { ...checkpoint, tensors };
}

for (const quantization of ['f32', 'q4', 'q8'] as const) {
  describe(`The files of a ${quantization} import are the same`, () => {
    const checkpoint = randomCheckpoint({ layers: 2 });

    it('when the same checkpoint is imported again', async () => {
      const files = await imported(checkpoint, quantization);
      assert.deepEqual(Object.keys(files), [
        'graph.gpu.onnx',
        'graph.onnx',
        'manifest.json',
        'tokenizer.bin',
        'weights.0.bin',
      ]);
      assert.deepEqual(await imported(checkpoint, quantization), files);
    });

    it('when the checkpoint is sharded', async () => {
      const whole = await imported(checkpoint, quantization);
      for (const shards of [2, 5])
        assert.deepEqual(await imported(checkpoint, quantization, { shards }), whole);
    });

    it('whether the same values are stored as F32, BF16 or F16', async () => {
      const exact = representable(checkpoint);
      const files = await imported(exact, quantization);
      assert.deepEqual(await imported(exact, quantization, { dtype: 'BF16' }), files);
      assert.deepEqual(await imported(exact, quantization, { dtype: 'F16' }), files);
    });

    it('whatever prefix the text model has, with or without other parts and a copy of the tied head', async () => {
      const files = await imported(checkpoint, quantization);
      for (const prefix of ['language_model.model.', 'model.language_model.', '']) {
        assert.deepEqual(await imported(renamed(checkpoint, prefix), quantization), files);
      }
    });
  });
}

it('The files of an import are the same with and without the unused keys and values of layers that share others', async () => {
  const checkpoint = tinyGeneration('Gemma 4 with shared keys and inputs of the layers');
  const unused = /layers\.[34]\.self_attn\.(?:k_proj|v_proj|k_norm)\.weight$/;
  const tensors = new Map([...checkpoint.tensors].filter(([name]) => !unused.test(name)));
  assert.equal(tensors.size, checkpoint.tensors.size - 6);
  assert.deepEqual(await imported({ ...checkpoint, tensors }, 'q4'), await imported(checkpoint, 'q4'));
});
