import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { catalogue } from '../../../src/catalogue/catalogue.ts';
import { memoryNeeded } from '../../../src/catalogue/memory.ts';
import { expectedSpeed, recommend } from '../../../src/catalogue/recommend.ts';
import type { Role } from '../../../src/protocol/engine.ts';
import type { Machine, MachineSpeed } from '../../../src/protocol/models.ts';

const GB = 1e9;

const laptop: Machine = {
  platform: 'linux',
  arch: 'x64',
  cores: 8,
  memoryBytes: 17 * GB,
  freeMemoryBytes: 8 * GB,
  freeDiskBytes: 100 * GB,
  backends: ['native', 'wasm'],
};
/** An ordinary one with eight cores: 30 GB a second, 800 billion products. */
const brisk: MachineSpeed = {
  backend: 'native',
  quantization: 'q4',
  threads: 7,
  decodeBytesPerSecond: 30 * GB,
  prefillWeightsPerSecond: 800 * GB,
};
const slow: MachineSpeed = { ...brisk, decodeBytesPerSecond: 11 * GB, prefillWeightsPerSecond: 95 * GB };

const bytes = fc.double({ min: 0, max: 200 * GB, noNaN: true }).map(Math.floor);
const backends = fc.shuffledSubarray<'webgpu' | 'native' | 'wasm'>(['webgpu', 'native', 'wasm']);
const machines: fc.Arbitrary<Machine> = fc.record({
  platform: fc.constant('linux'),
  arch: fc.constant('x64'),
  cores: fc.integer({ min: 1, max: 64 }),
  memoryBytes: bytes,
  freeMemoryBytes: bytes,
  freeDiskBytes: bytes,
  backends,
});
const rate = fc.double({ min: 0, max: 2_000 * GB, noNaN: true });
const speedsOf = fc.uniqueArray(
  fc
    .record({
      backend: fc.constantFrom<MachineSpeed['backend']>('webgpu', 'native', 'wasm'),
      threads: fc.constant(1),
      decodeBytesPerSecond: rate,
      prefillWeightsPerSecond: rate,
    })
    .map((speed): MachineSpeed =>
      Object.assign(speed, { quantization: speed.backend === 'wasm' ? 'q8' : 'q4' } as const),
    ),
  { selector: ({ backend }) => backend },
);
const roles = fc.constantFrom<Role>('completion', 'chat');

const chosen = (...args: Parameters<typeof recommend>): string | undefined =>
  recommend(...args).choice?.model.id;
const chosenSize = (...args: Parameters<typeof recommend>): number =>
  recommend(...args).choice?.model.parameters ?? 0;

describe('recommend', () => {
  it('offers a laptop CodeGemma for lines and the larger open model for conversations', () => {
    assert.equal(chosen(laptop, [brisk], 'completion'), 'codegemma-1.1-2b');
    const { choice, reasons } = recommend(laptop, [brisk], 'chat');
    assert.equal(choice?.model.id, 'gemma-4-e4b-it');
    assert.deepEqual(
      reasons.map(({ kind }) => kind),
      ['best-that-fits', 'fast-enough', 'no-gate'],
    );
  });

  it('takes smaller ones for conversations as memory gets less, and says what was passed over', () => {
    const byMemory = [12, 8, 3, 1].map((size) =>
      chosen({ ...laptop, memoryBytes: size * GB }, [brisk], 'chat'),
    );
    assert.deepEqual(byMemory, ['gemma-4-e2b-it', 'gemma-3-1b-it', 'gemma-3-270m-it', undefined]);
    const [first] = recommend({ ...laptop, memoryBytes: 8 * GB }, [brisk], 'chat').reasons;
    assert.ok(first?.kind === 'passed-over');
    assert.equal(first.model.id, 'gemma-4-e4b-it');
    assert.deepEqual(
      first.obstacles.map(({ kind }) => kind),
      ['memory'],
    );
  });

  it('keeps the embedded model where a line would take too long', () => {
    const { choice, reasons } = recommend(laptop, [slow], 'completion');
    assert.equal(choice, null);
    assert.deepEqual(
      reasons.map(({ kind }) => kind),
      ['passed-over', 'embedded'],
    );
  });

  it('takes what writes at reading speed for conversations', () => {
    const { tokensPerSecond } = recommend(laptop, [slow], 'chat').choice?.plan.speed ?? {};
    assert.ok((tokensPerSecond ?? 0) >= 5);
    const crawling = { ...slow, decodeBytesPerSecond: 2 * GB };
    assert.equal(chosen(laptop, [crawling], 'chat'), 'gemma-3-270m-it');
    assert.equal(chosen(laptop, [{ ...slow, decodeBytesPerSecond: 0.5 * GB }], 'chat'), undefined);
  });

  it('gives WebAssembly no model beyond its memory', () => {
    const verdicts = recommend({ ...laptop, backends: ['wasm'], memoryBytes: 64 * GB }, [], 'chat').verdicts;
    const large = verdicts.find(({ model }) => model.id === 'gemma-4-e2b-it');
    assert.equal(large?.fits, false);
    assert.deepEqual(
      large?.obstacles.map(({ kind }) => kind),
      ['wasm-limit'],
    );
  });

  it('needs room on the disk only for what is not installed', () => {
    const full = { ...laptop, freeDiskBytes: 0 };
    assert.equal(chosen(full, [brisk], 'chat'), undefined);
    assert.equal(chosen(full, [brisk], 'chat', new Set(['gemma-4-e2b-it'])), 'gemma-4-e2b-it');
  });

  it('never recommends what does not fit, and says why it does not recommend the others', () => {
    fc.assert(
      fc.property(machines, speedsOf, roles, (machine, speeds, role) => {
        const { choice, verdicts, reasons } = recommend(machine, speeds, role);
        assert.deepEqual(
          verdicts.map(({ model }) => model),
          catalogue,
        );
        for (const { model, plan, fits, obstacles } of verdicts) {
          assert.ok(plan !== null || machine.backends.length === 0);
          assert.ok(fits || obstacles.length > 0, model.id);
          if (plan === null || !fits) continue;
          const { quantization, contextTokens, memoryBytes, diskBytes, backend } = plan;
          assert.equal(memoryBytes, memoryNeeded(model, quantization, contextTokens));
          assert.ok(memoryBytes <= machine.memoryBytes && diskBytes <= machine.freeDiskBytes);
          assert.ok(contextTokens > 0 && contextTokens <= model.contextTokens);
          assert.ok(machine.backends.includes(backend));
        }
        if (choice === null) return;
        const verdict = verdicts.find(({ model }) => model === choice.model);
        assert.deepEqual(verdict?.obstacles, []);
        assert.ok(verdict?.fits);
        assert.ok(reasons.length > 0);
      }),
    );
  });

  it('never recommends a smaller model for more memory, more disk or more speed', () => {
    const factor = fc.double({ min: 1, max: 10, noNaN: true });
    fc.assert(
      fc.property(machines, speedsOf, roles, factor, factor, factor, (machine, speeds, role, m, d, s) => {
        const better: Machine = {
          ...machine,
          memoryBytes: machine.memoryBytes * m,
          freeDiskBytes: machine.freeDiskBytes * d,
        };
        const faster = speeds.map((speed) => ({
          ...speed,
          decodeBytesPerSecond: speed.decodeBytesPerSecond * s,
          prefillWeightsPerSecond: speed.prefillWeightsPerSecond * s,
        }));
        assert.ok(chosenSize(better, faster, role) >= chosenSize(machine, speeds, role));
      }),
    );
  });

  it('expects of a model what its bytes and weights say', () => {
    for (const model of catalogue) {
      const { tokensPerSecond, promptTokensPerSecond } = expectedSpeed(model, brisk);
      assert.ok(Math.abs(tokensPerSecond * model.formats.q4.decodeBytes - 30 * GB) < 1);
      assert.ok(Math.abs(promptTokensPerSecond * model.promptWeights - 800 * GB) < 1);
    }
  });
});
