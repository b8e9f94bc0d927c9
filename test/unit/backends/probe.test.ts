import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'mocha';
import type { Backend, LoadedModel } from '../../../src/inference/backends/backend.ts';
import { createNativeBackend } from '../../../src/inference/backends/native.ts';
import { probeBackends } from '../../../src/inference/backends/probe.ts';
import { probeLogits, probePrompt, probeToken } from '../../../src/inference/backends/probeGraph.ts';
import { createWasmBackend } from '../../../src/inference/backends/wasm.ts';
import { createWebGpuBackend } from '../../../src/inference/backends/webgpu/nativeBackend.ts';

describe('the probe', () => {
  const folders: string[] = [];
  after(async () => {
    for (const path of folders) await rm(path, { recursive: true });
  });
  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'probe-'));
    folders.push(path);
    return path;
  }

  it('expects what the operators are defined to compute', () => {
    const reference = referenceLogits([...probePrompt, probeToken]);
    for (const [i, expected] of probeLogits.entries()) assert.ok(Math.abs(reference[i]! - expected) < 1e-9);
  });

  it('passes WebAssembly, which every machine has', async () => {
    assert.equal((await probeBackends('wasm')).name, 'wasm');
  });

  it('takes the first backend that works and says why it passed over the others', async () => {
    const skipped: string[] = [];
    const backend = await probeBackends('auto', {
      candidates: [createNativeBackend(join(await folder(), 'absent')), createWasmBackend()],
      onSkip: (name, reason) => skipped.push(`${name}: ${reason}`),
    });
    assert.equal(backend.name, 'wasm');
    assert.equal(skipped.length, 1);
    assert.match(skipped[0]!, /^native: onnxruntime-node is not usable here: Cannot find module/u);
  });

  it('passes over a package that is something else', async () => {
    const path = await folder();
    await writeFile(join(path, 'index.js'), 'module.exports = { InferenceSession: {} };');
    await assert.rejects(probeBackends('native', { candidates: [createNativeBackend(path)] }), {
      code: 'backend-unavailable',
      message: /is not onnxruntime-node/u,
    });
  });

  it('passes over a library for another platform', async () => {
    const path = await folder();
    await writeFile(join(path, 'index.js'), "require('./binding.node');");
    await writeFile(join(path, 'binding.node'), 'MZ: not for this system');
    await assert.rejects(probeBackends('native', { candidates: [createNativeBackend(path)] }), {
      code: 'backend-unavailable',
    });
  });

  it('passes over a WebAssembly module of a version it was not made for', async () => {
    const path = await folder();
    const glue = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.mjs');
    await writeFile(join(path, 'ort-wasm-simd-threaded.mjs'), `${await readFile(glue, 'utf8')}\n`);
    await assert.rejects(probeBackends('wasm', { candidates: [createWasmBackend(path)] }), {
      code: 'backend-unavailable',
      message: /not of the version this build was made for/u,
    });
    assert.equal(
      (await probeBackends('wasm', { candidates: [createWasmBackend(dirname(glue))] })).name,
      'wasm',
    );
  });

  it('passes over a backend that computes wrong results', async () => {
    await assert.rejects(probeBackends('auto', { candidates: [wrong(Number.NaN), wrong(0.3)] }), {
      code: 'backend-unavailable',
      message: /computes wrong results.*computes wrong results/u,
    });
  });

  it('serves a person who chose the GPU by the processor where there is none', async () => {
    const absent = join(await folder(), 'absent');
    const skipped: string[] = [];
    const backend = await probeBackends('webgpu', {
      candidates: [createWebGpuBackend(absent), createNativeBackend(absent), createWasmBackend()],
      onSkip: (name) => skipped.push(name),
    });
    assert.equal(backend.name, 'wasm');
    assert.deepEqual(skipped, ['webgpu', 'native']);
  });

  it('never replaces another backend that a person chose', async () => {
    const candidates = [createNativeBackend(join(await folder(), 'absent')), createWasmBackend()];
    await assert.rejects(probeBackends('native', { candidates }), { code: 'backend-unavailable' });
  });
});

/** A backend whose every logit is `value`. */
function wrong(value: number): Backend {
  const load = async (): Promise<LoadedModel> => ({
    manifest: Object.create(null),
    backend: 'native',
    threads: 1,
    runtime: 'wrong',
    createKvBuffer: (capacity) => ({
      capacity,
      bytes: 0,
      copyTo: () => undefined,
      readPart: async () => new Float32Array(0),
      writePart: () => undefined,
      dispose: () => undefined,
    }),
    forward: async () => new Float32Array(4).fill(value),
    dispose: async () => undefined,
  });
  return { name: 'native', processor: 'cpu', load, loadGraph: load };
}

/** The probe's last logits, in float64, from the definitions: independent of how the graph is written. */
function referenceLogits(tokens: readonly number[]): number[] {
  const hidden = tokens.map((token) =>
    Array.from({ length: 32 }, (_, i) => ((((32 * token + i) * 37) % 19) - 9) / 8),
  );
  const keys = hidden.map((x) => int4Product(x, 16, (i) => i * 73 + 41));
  const last = tokens.length - 1;
  const attended = [0, 1].flatMap((head) => {
    const query = rotated(hidden[last]!.slice(16 * head, 16 * head + 16), last);
    const visible = keys.map((_, position) => position).filter((position) => position > last - 3);
    const weights = visible.map((position) => Math.exp(dot(query, rotated(keys[position]!, position)) / 4));
    const sum = weights.reduce((a, b) => a + b);
    return Array.from(
      { length: 16 },
      (_, i) =>
        dot(
          weights,
          visible.map((position) => keys[position]![i]!),
        ) / sum,
    );
  });
  return int4Product(attended, 4, (i) => i * 59 + 7);
}

/** y[row] = Σ x[k] · (nibble − 8) / 16; the low nibble is the even k. */
function int4Product(x: readonly number[], rows: number, byte: (index: number) => number): number[] {
  return Array.from({ length: rows }, (_, row) =>
    dot(
      x,
      x.map((_value, k) => (((byte(row * 16 + (k >> 1)) >> (k % 2 === 0 ? 0 : 4)) & 15) - 8) / 16),
    ),
  );
}

function rotated(v: readonly number[], position: number): number[] {
  return v.map((value, i) => {
    const angle = position / 100 ** ((i % 8) / 8);
    const other = i < 8 ? -v[i + 8]! : v[i - 8]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
