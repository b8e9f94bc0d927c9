import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { Sampler } from '../../../src/inference/sampling/sampler.ts';

const sampling = { temperature: 1, topK: 64, topP: 1, seed: 1 };
const all = (): boolean => true;

function shares(sampler: Sampler, row: Float32Array, draws = 20_000): number[] {
  const counts = Array.from(row, () => 0);
  for (let i = 0; i < draws; i++) counts[sampler.draw(row)]! += 1 / draws;
  return counts;
}

function softmax(row: Float32Array, temperature: number): number[] {
  const weights = Array.from(row, (logit) => Math.exp(logit / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

describe('drawing tokens', () => {
  const row = Float32Array.of(0.5, 2, -1, 1.5, 0);

  it('follows the probabilities that the temperature gives', () => {
    for (const temperature of [0.5, 1, 2]) {
      const expected = softmax(row, temperature);
      const actual = shares(new Sampler({ ...sampling, temperature }, all), row);
      // Four standard errors of 20,000 draws.
      for (const [token, share] of actual.entries()) assert.ok(Math.abs(share - expected[token]!) < 0.015);
    }
  });

  it('takes the likeliest token at temperature 0', () => {
    const rows = fc.array(fc.float({ noNaN: true, min: -50, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(rows, (values) => {
        const logits = Float32Array.from(values);
        const token = new Sampler({ ...sampling, temperature: 0 }, all).draw(logits);
        assert.equal(logits[token], Math.max(...logits));
      }),
    );
  });

  it('draws from the likeliest topK alone, or from those that make up topP', () => {
    const two = shares(new Sampler({ ...sampling, topK: 2 }, all), row, 2_000);
    assert.deepEqual(
      two.map((share) => share > 0),
      [false, true, false, true, false],
    );
    const probabilities = softmax(row, 1);
    const topP = probabilities[1]! + probabilities[3]! / 2;
    const some = shares(new Sampler({ ...sampling, topP }, all), row, 2_000);
    assert.deepEqual(
      some.map((share) => share > 0),
      [false, true, false, true, false],
    );
    assert.equal(shares(new Sampler({ ...sampling, topP: 1e-9 }, all), row, 100)[1]!.toFixed(3), '1.000');
  });

  it('never draws what is not allowed', () => {
    const sampler = new Sampler(sampling, (token) => token !== 1 && token !== 3);
    assert.deepEqual(
      shares(sampler, row, 1_000).map((share) => share > 0),
      [true, false, true, false, true],
    );
    assert.notEqual(new Sampler({ ...sampling, temperature: 0 }, (token) => token !== 1).draw(row), 1);
  });

  it('draws the same with the same seed', () => {
    const [one, same, other] = [7, 7, 8].map((seed) => {
      const sampler = new Sampler({ ...sampling, seed }, all);
      return Array.from({ length: 50 }, () => sampler.draw(row));
    });
    assert.deepEqual(one, same);
    assert.notDeepEqual(one, other);
  });
});
