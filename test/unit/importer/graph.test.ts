import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFileWriter } from '../../../src/inference/importer/dataFileWriter.ts';
import { buildGraph } from '../../../src/inference/importer/graph.ts';
import type { Quantization } from '../../../src/protocol/engine.ts';
import type { Architecture } from '../../../src/inference/model/architecture.ts';
import { family, type GenerationName } from '../../../src/inference/model/family.ts';
import { readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { tinyConfig } from '../../support/checkpoints.ts';
import { importedTiny } from '../../support/importedCheckpoint.ts';
import { readOnnx } from '../../support/onnxFile.ts';

const architecture = readArchitecture(tinyConfig());

function rotaryTables(quantization: Quantization, config: Record<string, unknown>): number {
  const { weights } = buildGraph(readArchitecture(config), quantization);
  return weights.filter(({ recipe }) => recipe.kind === 'rope').length;
}

/** Types of the operators in the graph of `generation`. */
function operators(generation: GenerationName): string[] {
  const other: Architecture = { ...architecture, generation };
  return buildGraph(other, 'f32').nodes.map(({ type }) => type);
}

function norms(generation: GenerationName): number {
  return operators(generation).filter((type) => type === 'SimplifiedLayerNormalization').length;
}

for (const quantization of ['f32', 'q4', 'q8'] as const) {
  describe(`A ${quantization} graph`, () => {
    it('gives every layer its rows of the past, and returns those of the new tokens alone', () => {
      const { inputs, outputs, nodes } = buildGraph(architecture, quantization);
      const { layers, kvHeads, headDim } = architecture;
      for (let layer = 0; layer < layers; layer++) {
        for (const part of ['key', 'value']) {
          const past = inputs.find(({ name }) => name === `past_key_values.${layer}.${part}`)!;
          const present = outputs.find(({ name }) => name === `present.${layer}.${part}`)!;
          assert.deepEqual(past.dims.slice(1), [kvHeads, headDim]);
          assert.deepEqual(present.dims, ['sequence', kvHeads, headDim]);
          assert.equal(nodes.filter(({ outputs: made }) => made.includes(present.name)).length, 1);
        }
      }
    });

    it('is in order: every value is made, once, before it is used', () => {
      const { inputs, constants, weights, nodes, outputs } = buildGraph(architecture, quantization);
      const views = weights.flatMap(({ runs }) => runs.flat());
      const known = [...inputs, ...constants, ...views].map(({ name }) => name);
      for (const node of nodes) {
        for (const input of node.inputs)
          assert.ok(known.includes(input), `${node.type} reads ${input} too early`);
        known.push(...node.outputs);
      }
      for (const { name } of outputs) assert.ok(known.includes(name));
      assert.equal(new Set(known).size, known.length);
    });

    it('computes only the asked-for rows beyond the attention of the last layer', () => {
      const { nodes } = buildGraph(architecture, quantization);
      const after = nodes.slice(nodes.findLastIndex(({ type }) => type === 'Softmax') + 1);
      assert.deepEqual(after.filter(({ type }) => type === 'Slice').length, 2);
      assert.equal(nodes.filter(({ type }) => type === 'Slice').length, 2);
    });

    it('has one pair of rotary tables for each distinct theta and factor', () => {
      assert.equal(rotaryTables(quantization, tinyConfig()), 4);
      assert.equal(rotaryTables(quantization, tinyConfig({ localTheta: 1_000_000 })), 2);
      assert.equal(rotaryTables(quantization, tinyConfig({ localTheta: 1_000_000, globalFactor: 8 })), 4);
    });
  });
}

it('A q4 import stores embedding and head once, in two shapes', async () => {
  await using model = await importedTiny({}, 'q4');
  const { initializers } = await readOnnx(model.folder);
  const [embedding, head] = [initializers.get('embedding.codes')!, initializers.get('head.codes')!];
  assert.equal(embedding.offset, head.offset);
  assert.deepEqual(embedding.bytes, head.bytes);
  assert.deepEqual(embedding.dims, [320, 64]);
  assert.deepEqual(head.dims, [320, 2, 32]);
});

it('External data is aligned to cache lines, large tensors to pages', async () => {
  await using model = await importedTiny({}, 'f32');
  for (const { offset, bytes } of (await readOnnx(model.folder)).initializers.values()) {
    if (offset !== null) assert.equal(offset % (bytes.length >= 65_536 ? 4_096 : 64), 0);
  }
});

it('A manifest records how the model is to be asked: a base model continues text, and does not chat', async () => {
  await using model = await importedTiny();
  const { completion, chat } = await readManifest(model.folder);
  assert.deepEqual({ completion, chat }, { completion: null, chat: null });
});

describe('Weight files', () => {
  it('start anew before a tensor would make them too long; a longer tensor gets one for itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gemma-data-'));
    try {
      const writer = new DataFileWriter(folder, 'weights', 1_000);
      const places: string[] = [];
      for (const length of [600, 300, 200, 3_000, 10]) {
        const { file, offset } = await writer.begin(length);
        places.push(`${file} ${offset}`);
        await writer.write(new Uint8Array(length).fill(length % 251));
      }
      const files = await writer.finish();
      assert.deepEqual(places, [
        'weights.0.bin 0',
        'weights.0.bin 640',
        'weights.1.bin 0',
        'weights.2.bin 0',
        'weights.3.bin 0',
      ]);
      assert.deepEqual(
        files.map(({ bytes }) => bytes),
        [940, 200, 3_000, 10],
      );
      assert.equal((await readFile(join(folder, 'weights.0.bin')))[640], 300 % 251);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('The family table', () => {
  it('gives Gemma 1 two norms a layer, Gemma 2 four, Gemma 3 six, and all of them a final one', () => {
    const { layers } = architecture;
    assert.equal(norms('gemma'), 2 * layers + 1);
    assert.equal(norms('gemma2'), 4 * layers + 1);
    assert.equal(norms('gemma3'), 6 * layers + 1);
  });

  it('caps the logits of Gemma 2 only', () => {
    assert.ok(operators('gemma2').includes('Tanh'));
    assert.ok(!operators('gemma').includes('Tanh'));
    assert.ok(!operators('gemma3').includes('Tanh'));
  });

  it('enables only what is proven: Gemma 3', () => {
    const supported = Object.entries(family).flatMap(([name, row]) => (row.supported ? [name] : []));
    assert.deepEqual(supported, ['gemma3']);
  });
});
