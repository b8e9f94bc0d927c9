import assert from 'node:assert/strict';
import { placeRuns } from '../../../src/inference/importer/weightPlan.ts';
import { buildGraph } from '../../../src/inference/importer/graph.ts';
import type { Quantization } from '../../../src/protocol/engine.ts';
import { readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { tinyConfig } from '../../support/checkpoints.ts';
import { importedTiny } from '../../support/importedCheckpoint.ts';
import { readOnnx } from '../../support/onnxFile.ts';
import { type TinyGeneration, tinyGenerationNames, tinyGenerations } from '../../support/tinyGenerations.ts';

const architecture = readArchitecture(tinyConfig());

function rotaryTables(quantization: Quantization, config: Record<string, unknown>): number {
  const { weights } = buildGraph(readArchitecture(config), quantization);
  return weights.filter(({ recipe }) => recipe.kind === 'rope').length;
}

/** Types of the operators in the graph of a tiny model. */
function operators(name: TinyGeneration): string[] {
  return buildGraph(readArchitecture(tinyGenerations[name]), 'f32').nodes.map(({ type }) => type);
}

function norms(name: TinyGeneration): number {
  return operators(name).filter((type) => type === 'SimplifiedLayerNormalization').length;
}

for (const quantization of ['f32', 'q4', 'q8'] as const) {
  describe(`A ${quantization} graph`, () => {
    it('gives every layer its rows of the past, and returns those of the new tokens alone', () => {
      const { inputs, outputs, nodes } = buildGraph(architecture, quantization);
      for (const [layer, { kvHeads, headDim }] of architecture.attention.entries()) {
        for (const part of ['key', 'value']) {
          const past = inputs.find(({ name }) => name === `past_key_values.${layer}.${part}`)!;
          const present = outputs.find(({ name }) => name === `present.${layer}.${part}`)!;
          assert.deepEqual(past.dims.slice(1), [kvHeads, headDim]);
          assert.deepEqual(present.dims, ['sequence', kvHeads, headDim]);
          assert.equal(nodes.filter(({ outputs: made }) => made.includes(present.name)).length, 1);
        }
      }
    });

    for (const name of tinyGenerationNames) {
      it(`of ${name} is in order: every value is made, once, before it is used`, () => {
        const graph = buildGraph(readArchitecture(tinyGenerations[name]), quantization);
        const views = graph.weights.flatMap(({ runs }) => runs.flat());
        const known = [...graph.inputs, ...graph.constants, ...views].map((value) => value.name);
        for (const node of graph.nodes) {
          for (const input of node.inputs)
            assert.ok(known.includes(input), `${node.type} reads ${input} too early`);
          known.push(...node.outputs);
        }
        for (const output of graph.outputs) assert.ok(known.includes(output.name));
        assert.equal(new Set(known).size, known.length);
      });
    }

    it('computes only the asked-for rows from the queries of the last layer on', () => {
      const { nodes } = buildGraph(architecture, quantization);
      const slices = nodes.filter(({ type }) => type === 'Slice').flatMap(({ outputs }) => outputs);
      assert.deepEqual(slices, [
        'positions.rows',
        'mask.all.by.2.ofRows.rows',
        'layers.2.q.rows',
        'layers.1.mixed.rows',
      ]);
    });

    it('computes only the asked-for rows in the layers that share keys and values', () => {
      const name = 'Gemma 4 with shared keys and inputs of the layers';
      const { nodes } = buildGraph(readArchitecture(tinyGenerations[name]), quantization);
      const slices = nodes.filter(({ type }) => type === 'Slice').flatMap(({ outputs }) => outputs);
      assert.deepEqual(slices, [
        'positions.rows',
        'mask.all.by.4.ofRows.rows',
        'mask.8.by.4.ofRows.rows',
        'perLayer.2.rows',
        'perLayer.3.rows',
        'perLayer.4.rows',
        'layers.2.q.rows',
        'layers.1.hidden.rows',
      ]);
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
  assert.deepEqual(head.dims, [320, 1, 64]);
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
  it('start anew before a tensor would make them too long; a longer tensor gets one for itself', () => {
    const { ranges, files } = placeRuns([600, 300, 200, 3_000, 10], 1_000);
    assert.deepEqual(
      ranges.map(({ file, offset }) => `${file} ${offset}`),
      ['weights.0.bin 0', 'weights.0.bin 640', 'weights.1.bin 0', 'weights.2.bin 0', 'weights.3.bin 0'],
    );
    assert.deepEqual(
      files.map(({ bytes }) => bytes),
      [940, 200, 3_000, 10],
    );
  });
});

function caps(name: TinyGeneration): number {
  return operators(name).filter((type) => type === 'Tanh').length;
}

describe('The family table', () => {
  it('gives Gemma 1 two norms a layer, Gemma 2 four, Gemma 3 six, Gemma 4 seven, and all of them a final one', () => {
    assert.equal(norms('Gemma 1'), 2 * 3 + 1);
    assert.equal(norms('Gemma 2'), 4 * 4 + 1);
    assert.equal(norms('Gemma 3'), 6 * 3 + 1);
    assert.equal(norms('Gemma 4 with values from keys'), 7 * 4 + 1);
    // One more for the layers' own inputs, in each layer and for all together; two layers norm queries alone.
    assert.equal(norms('Gemma 4 with shared keys and inputs of the layers'), 8 * 5 + 2 - 2 * 2);
  });

  it('caps the logits of Gemma 2 and 4, and the scores of Gemma 2', () => {
    assert.equal(caps('Gemma 1'), 0);
    assert.equal(caps('Gemma 2'), 4 + 1);
    assert.equal(caps('Gemma 3'), 0);
    assert.equal(caps('Gemma 4 with values from keys'), 1);
  });
});
