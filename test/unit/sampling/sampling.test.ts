import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { closesWrongBracket, openBrackets } from '../../../src/text/brackets.ts';
import { greedy, logSumExp } from '../../../src/inference/sampling/logits.ts';
import { endsInRepetition } from '../../../src/text/repetition.ts';

describe('greedy choice', () => {
  const row = fc.float32Array({ minLength: 1, maxLength: 50, min: -80, max: 80, noNaN: true });

  it('takes the highest logit and normalizes over the whole row', () => {
    fc.assert(
      fc.property(row, (logits) => {
        const { token, logProbability } = greedy(logits, null);
        assert.equal(logits[token], Math.max(...logits));
        const sum = logits.reduce((total, logit) => total + Math.exp(logit - logits[token]!), 0);
        assert.ok(Math.abs(logProbability + Math.log(sum)) < 1e-6);
      }),
    );
  });

  it('looks at the allowed tokens only', () => {
    const logits = Float32Array.from([5, 1, 2, 9]);
    const { token, logProbability } = greedy(logits, Int32Array.from([1, 2]));
    assert.equal(token, 2);
    assert.ok(Math.abs(logProbability - (2 - Math.log(Math.exp(1) + Math.exp(2)))) < 1e-6);
  });

  it('does not overflow on large logits', () => {
    assert.ok(Math.abs(logSumExp(Float32Array.from([1000, 1000]), null) - (1000 + Math.log(2))) < 1e-3);
  });
});

describe('repetition', () => {
  it('is found for every period, wherever it starts', () => {
    const unit = fc.array(fc.nat(5), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(unit, fc.array(fc.nat(5)), (period, before) => {
        const repeats = Math.max(3, Math.ceil(8 / period.length));
        const run = Array.from({ length: repeats }, () => period).flat();
        assert.ok(endsInRepetition([...before, ...run]));
      }),
    );
  });

  it('is not seen in text that merely has pairs', () => {
    assert.ok(!endsInRepetition([1, 2, 1, 2, 3]));
    assert.ok(!endsInRepetition([4, 4, 4]));
    assert.ok(!endsInRepetition(Array.from({ length: 40 }, (_, i) => i)));
  });
});

describe('brackets', () => {
  it('are tracked over lines, quoted text skipped', () => {
    assert.deepEqual(openBrackets('f(a, [1, "(", {\n b'), [')', ']', '}']);
    assert.deepEqual(openBrackets("it's (fine"), []);
    assert.deepEqual(openBrackets("// it's\nf("), [')']);
  });

  it('may close what is open, in order, and nothing else', () => {
    const open = openBrackets('call({ a: [');
    assert.ok(!closesWrongBracket(open, '1] });'));
    assert.ok(closesWrongBracket(open, '1 });'));
    assert.ok(!closesWrongBracket([], '}'));
  });
});
