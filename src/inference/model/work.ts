import type { Architecture } from './architecture.ts';
import { lastKvLayer } from './architecture.ts';

/**
 * Weights that every token of a prompt is multiplied with: not the head, nor what only the tokens need whose logits are
 * wanted.
 */
export function promptWeights(architecture: Architecture): number {
  const { hiddenSize, heads, perLayerInputSize, layers, attention, ffnSizes } = architecture;
  const last = lastKvLayer(architecture);
  let weights = layers * perLayerInputSize * hiddenSize;
  for (const [layer, { kvHeads, headDim, valuesFromKeys }] of attention.entries()) {
    if (layer > last) break;
    const queries = heads * headDim;
    weights += hiddenSize * (queries + (valuesFromKeys ? 1 : 2) * kvHeads * headDim);
    if (layer === last) break;
    weights += hiddenSize * (queries + 3 * (ffnSizes[layer] ?? 0) + 2 * perLayerInputSize);
  }
  return weights;
}
