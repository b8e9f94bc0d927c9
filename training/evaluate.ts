/**
 * How often the product is right, on packages that no training, tuning or fitting ever saw.
 *
 *     npx tsx training/evaluate.ts [cases of each kind]
 */
import { fileURLToPath } from 'node:url';
import { confidenceOf } from '../src/inference/candidates/gate.ts';
import { type Case, kinds, readCases } from './cases.ts';
import { type Judged, isRight, judge, loadPebble } from './judge.ts';

const SHARES = [0.1, 0.2, 0.3, 0.4];
const count = Number(process.argv[2] ?? 300);
const cases = await readCases(fileURLToPath(new URL('work/heldout.jsonl', import.meta.url)), count, 11);
const model = await loadPebble();
const judged: Judged[] = [];
for (const example of cases) judged.push(await judge(model, example));

/** Percent with its standard error. */
const percent = (right: number, of: number): string => {
  const rate = right / of;
  return `${(100 * rate).toFixed(1)} % ± ${(100 * Math.sqrt((rate * (1 - rate)) / of)).toFixed(1)}`;
};
const rightIn = (results: readonly Judged[], pick: (result: Judged) => Judged['chosen']): number =>
  results.filter((result) => isRight(pick(result), result.case)).length;

const methods: [string, (result: Judged) => Judged['chosen']][] = [
  ['longest copy from the same file, no model', (result) => result.copied],
  ['model alone', (result) => result.written],
  ['both, the model chooses', (result) => result.chosen],
];
const groups: [string, (example: Case) => boolean][] = [
  ...kinds.map((kind): [string, (example: Case) => boolean] => [kind, (example) => example.kind === kind]),
  ...['typescript', 'javascript', 'python'].map((language): [string, (example: Case) => boolean] => [
    `anywhere, ${language}`,
    (example) => example.kind === 'anywhere' && example.language === language,
  ]),
];

const inGroup = (belongs: (example: Case) => boolean): Judged[] => judged.filter((result) => belongs(result.case));
console.log(`| exact rest of the line | ${groups.map(([name]) => name).join(' | ')} |`);
console.log(`| --- |${' ---: |'.repeat(groups.length)}`);
for (const [name, pick] of methods) {
  const cells = groups.map(([, belongs]) => {
    const results = inGroup(belongs);
    return percent(rightIn(results, pick), results.length);
  });
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

console.log(`\n| share of cursors with a suggestion | ${kinds.join(' | ')} |`);
console.log(`| --- |${' ---: |'.repeat(kinds.length)}`);
const confidence = ({ chosen }: Judged): number => (chosen === null ? 0 : confidenceOf(chosen));
for (const share of SHARES) {
  const cells = kinds.map((kind) => {
    const results = inGroup((example) => example.kind === kind).sort((a, b) => confidence(b) - confidence(a));
    const shown = results.slice(0, Math.round(share * results.length));
    return percent(rightIn(shown, (result) => result.chosen), shown.length);
  });
  console.log(`| surest ${100 * share} % | ${cells.join(' | ')} |`);
}
for (const threshold of [0.2, 0.35, 0.5]) {
  const cells = kinds.map((kind) => {
    const results = inGroup((example) => example.kind === kind);
    const shown = results.filter((result) => confidence(result) >= threshold);
    const share = `${((100 * shown.length) / results.length).toFixed(0)} % shown`;
    return shown.length === 0 ? share : `${share}, ${percent(rightIn(shown, (result) => result.chosen), shown.length)}`;
  });
  console.log(`| confidence ≥ ${threshold} | ${cells.join(' | ')} |`);
}
process.exit(0);
