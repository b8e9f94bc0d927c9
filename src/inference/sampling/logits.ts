/** A choice and its natural log-probability (≤ 0). */
export interface Choice {
  readonly token: number;
  readonly logProbability: number;
}

/** ln Σ exp(logits[i]) over `ids`, or over the whole row when `ids` is null. */
export function logSumExp(row: Float32Array, ids: Int32Array | null): number {
  let max = -Infinity;
  let sum = 0;
  if (ids === null) {
    for (let i = 0; i < row.length; i++) if (row[i]! > max) max = row[i]!;
    for (let i = 0; i < row.length; i++) sum += Math.exp(row[i]! - max);
  } else {
    for (const id of ids) if (row[id]! > max) max = row[id]!;
    for (const id of ids) sum += Math.exp(row[id]! - max);
  }
  return max + Math.log(sum);
}

/** The likeliest token among `ids` (null: all), its probability normalized over them. `ids` must not be empty. */
export function greedy(row: Float32Array, ids: Int32Array | null): Choice {
  let token = -1;
  let best = -Infinity;
  if (ids === null) {
    for (let i = 0; i < row.length; i++) if (row[i]! > best) best = row[(token = i)]!;
  } else {
    for (const id of ids) if (row[id]! > best) best = row[(token = id)]!;
  }
  return { token, logProbability: best - logSumExp(row, ids) };
}
