import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { loadOrtNative } from '../../../src/inference/backends/nativeModule.ts';
import { probeGraph, probeManifest } from '../../../src/inference/backends/probeGraph.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import type { ModelManifest } from '../../../src/inference/model/modelManifest.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

for (const backend of [createNativeBackend(), createWasmBackend()]) {
  describe(`loading a model into ${backend.name}`, () => {
    let folder = '';
    before(async function () {
      if (backend.name === 'native' && !nativeIsInstalled()) this.skip();
      folder = await mkdtemp(join(tmpdir(), 'load-'));
      await writeFile(join(folder, 'model.onnx'), probeGraph(backend.processor));
      await writeFile(join(folder, 'garbage.onnx'), 'not a graph');
      await writeFile(join(folder, 'weights.bin'), new Uint8Array(10));
    });
    after(async () => {
      if (folder !== '') await rm(folder, { recursive: true });
    });

    it('runs a sound one', async () => {
      const model = await backend.load(folder, manifest('model.onnx', probeGraph(backend.processor).length), {
        threads: 1,
      });
      const kv = model.createKvBuffer(4);
      assert.equal((await model.forward(kv, 0, [1, 2, 3], 3)).length, 12);
      kv.dispose();
      await model.dispose();
    });

    const damages: Record<string, ModelManifest> = {
      'a graph that is missing': manifest('absent.onnx', 10),
      'a graph of another length': manifest('model.onnx', 10),
      'a graph that is none': manifest('garbage.onnx', 11),
      'weights that are missing': {
        ...manifest('model.onnx', probeGraph(backend.processor).length),
        weights: [file('absent.bin', 10)],
      },
      'weights that are cut off': {
        ...manifest('model.onnx', probeGraph(backend.processor).length),
        weights: [file('weights.bin', 11)],
      },
    };
    for (const [what, damaged] of Object.entries(damages)) {
      it(`reports ${what} as damage`, async () => {
        await assert.rejects(backend.load(folder, damaged, { threads: 1 }), (error) => {
          assert.ok(error instanceof GemmaError);
          assert.equal(error.code, 'model-damaged');
          return true;
        });
      });
    }

    it('refuses arguments outside the contract before running anything', async () => {
      const model = await backend.loadGraph(probeGraph(backend.processor), probeManifest, { threads: 1 });
      const kv = model.createKvBuffer(4);
      const refused: [past: number, tokens: number[], rows: number][] = [
        [0, [], 1],
        [0, [1, 2, 3, 0, 1], 1],
        [4, [1], 1],
        [-1, [1], 1],
        [0.5, [1], 1],
        [0, [1, 2], 0],
        [0, [1, 2], 3],
        [0, [4], 1],
        [0, [-1], 1],
      ];
      for (const [past, tokens, rows] of refused) {
        await assert.rejects(
          model.forward(kv, past, tokens, rows),
          RangeError,
          JSON.stringify({ past, tokens, rows }),
        );
      }
      assert.throws(() => model.createKvBuffer(5), RangeError);
      kv.dispose();
      await model.dispose();
    });
  });
}

function manifest(graph: string, bytes: number): ModelManifest {
  return { ...probeManifest, graph: file(graph, bytes) };
}

function file(name: string, bytes: number) {
  return { name, bytes, sha256: '' };
}

function nativeIsInstalled(): boolean {
  try {
    loadOrtNative();
    return true;
  } catch {
    return false;
  }
}
