import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { probeManifest } from '../../../src/inference/backends/probeGraph.ts';
import type { Architecture } from '../../../src/inference/model/architecture.ts';
import { spans } from '../../../src/inference/model/graphInterface.ts';

function withWindow(window: number | null): Architecture {
  const { architecture } = probeManifest;
  return { ...architecture, attention: [{ ...architecture.attention[0]!, window }] };
}

describe('The rows that a layer is given of the past', () => {
  it('are those its tokens may see, and the mask hides exactly the others', () => {
    const windows = fc.option(fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(windows, fc.nat(60), fc.integer({ min: 1, max: 40 }), (window, past, count) => {
        const [span] = spans(withWindow(window), past, count);
        const { first, rows, mask } = span!;
        assert.equal(mask.length, count * (rows + count));
        for (let token = 0; token < count; token++) {
          const position = past + token;
          const visible = new Set<number>();
          for (let column = 0; column < rows + count; column++) {
            const weight = mask[token * (rows + count) + column]!;
            assert.ok(weight === 0 || weight === -Infinity);
            if (weight === 0) visible.add(column < rows ? first + column : past + column - rows);
          }
          const oldest = Math.max(0, position - (window ?? Infinity) + 1);
          const expected = Array.from({ length: position - oldest + 1 }, (_, i) => oldest + i);
          assert.deepEqual(visible, new Set(expected));
        }
      }),
    );
  });

  it('are never none: the runtime cannot multiply by matrices without rows', () => {
    assert.equal(spans(withWindow(null), 0, 5)[0]!.rows, 1);
    assert.equal(spans(withWindow(1), 9, 5)[0]!.rows, 1);
  });
});
