type Numbers = Float32Array | Float64Array | readonly number[];

/** Largest difference over all rows, relative to the largest reference logit. */
export function relativeError(actual: readonly Numbers[], expected: readonly Numbers[]): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} rows instead of ${expected.length}.`);
  let difference = 0;
  let largest = 0;
  for (const [row, values] of expected.entries()) {
    const other = actual[row]!;
    if (other.length !== values.length)
      throw new Error(`${other.length} logits instead of ${values.length}.`);
    for (let i = 0; i < values.length; i++) {
      // Math.max would let a NaN through as NaN, which compares as false: count it as infinite.
      const distance = Math.abs(other[i]! - values[i]!);
      difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance);
      largest = Math.max(largest, Math.abs(values[i]!));
    }
  }
  return difference / largest;
}

/** Smallest cosine of corresponding rows. */
export function smallestCosine(actual: readonly Numbers[], expected: readonly Numbers[]): number {
  const cosines = expected.map((row, index) => {
    const other = actual[index]!;
    return dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other));
  });
  return Math.min(...cosines);
}

function dot(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
