/**
 * Fits the confidence gate on the validation packages, which neither training nor evaluation sees.
 *
 *     npx tsx training/fitGate.ts [cases of each kind]
 *
 * Prints the weights for src/inference/candidates/gate.ts.
 */
import { fileURLToPath } from 'node:url';
import { copyFeatures, readFeatures } from '../src/inference/candidates/gate.ts';
import { casesIn } from './cases.ts';
import { isMain, readDocuments } from './documents.ts';
import { isRight, judge, loadPebble } from './judge.ts';

interface Example {
  readonly features: readonly number[];
  readonly right: boolean;
}

const count = Number(process.argv[2] ?? 500);
const documents = await readDocuments(fileURLToPath(new URL('work/validation.jsonl', import.meta.url)));
// Whole lines are not offered by themselves; they would only dilute the fit.
const cases = (['separator', 'anywhere'] as const).flatMap((kind) =>
  casesIn(documents.filter(isMain), kind, count, 5),
);
const model = await loadPebble();
const read: Example[] = [];
const copied: Example[] = [];
for (const example of cases) {
  const judged = await judge(model, example);
  for (const candidate of judged.candidates) {
    const features = readFeatures(candidate);
    if (features !== undefined) read.push({ features, right: isRight(candidate, example) });
  }
  if (judged.copied !== null)
    copied.push({ features: copyFeatures(judged.copied), right: isRight(judged.copied, example) });
}

/** Logistic regression by Newton's method with a little ridge. */
function fit(examples: readonly Example[]): number[] {
  const size = (examples[0]?.features.length ?? 0) + 1;
  const weights = Array.from({ length: size }, () => 0);
  for (let iteration = 0; iteration < 30; iteration++) {
    const gradient = weights.map((weight) => -1e-3 * weight);
    const hessian: number[][] = weights.map((_, row) =>
      weights.map((__, column) => (row === column ? 1e-3 : 0)),
    );
    for (const { features, right } of examples) {
      const x = [1, ...features];
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)));
      for (const [i, xi] of x.entries()) {
        gradient[i] = (gradient[i] ?? 0) + ((right ? 1 : 0) - p) * xi;
        const row = hessian[i] ?? [];
        for (const [j, xj] of x.entries()) row[j] = (row[j] ?? 0) + p * (1 - p) * xi * xj;
      }
    }
    for (const [i, step] of solve(hessian, gradient).entries()) weights[i] = (weights[i] ?? 0) + step;
  }
  return weights;
}

/** Gaussian elimination; the matrix is symmetric and positive definite. */
function solve(matrix: number[][], vector: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, vector[i] ?? 0]);
  for (const [i, pivot] of rows.entries()) {
    for (const [k, row] of rows.entries()) {
      if (k === i) continue;
      const factor = (row[i] ?? 0) / (pivot[i] ?? 1);
      for (let j = i; j < row.length; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, i) => (row.at(-1) ?? 0) / (row[i] ?? 1));
}

for (const [name, examples] of Object.entries({ read, copied })) {
  const right = examples.filter((example) => example.right).length;
  console.log(
    name,
    `${right} of ${examples.length} right`,
    fit(examples).map((weight) => Number(weight.toFixed(3))),
  );
}
process.exit(0);
