import { measure } from './measure.ts';
import { shapes } from './models.ts';

/** float32 against float64, over as many as 36,864 products a sum. */
const MAX_ERROR = 1e-5;
const MIN_COSINE = 0.999;

const wanted = process.argv.slice(2);
const chosen = shapes.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.error(`No model has such a name. There are: ${shapes.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

const row = (...cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(14))).join('');
console.log(row('true shapes, few layers', 'f32 error', 'same tokens', 'int4 cosine', 'seconds', ''));
let failures = 0;
for (const shape of chosen) {
  const started = performance.now();
  const { error, agreeing, generated, cosine } = await measure(shape);
  const isRight = error <= MAX_ERROR && agreeing === generated && cosine >= MIN_COSINE;
  if (!isRight) failures++;
  console.log(
    row(
      shape.name,
      error.toExponential(1),
      `${agreeing} of ${generated}`,
      cosine.toFixed(7),
      ((performance.now() - started) / 1000).toFixed(0),
      isRight ? 'right' : 'WRONG',
    ),
  );
}
console.log(`${chosen.length - failures} of ${chosen.length} right`);
process.exitCode = failures === 0 ? 0 : 1;
