/**
 * How often the product is right, on packages that no training, tuning or fitting ever saw, and how many keys it saves
 * somebody who types their files.
 *
 *     npm run eval -- [cursors of each kind]
 */
import { fileURLToPath } from 'node:url';
import { confidenceOf } from '../src/inference/candidates/gate.ts';
import { type Case, casesIn, kinds } from './cases.ts';
import { type Document, isMain, readDocuments } from './documents.ts';
import { type Judged, isRight, judge, loadPebble } from './judge.ts';
import { nGramLines } from './ngram.ts';
import { mulberry32 } from './random.ts';
import { replay, type Typing } from './replay.ts';
import { header, percent, row } from './tables.ts';

const SHARES = [0.1, 0.2, 0.3, 0.4];
/** As shipped, and two stricter ones. */
const THRESHOLDS = [0.25, 0.35, 0.5];
const OTHER_CURSORS = 150;
const REPLAYED_FILES = 6;
const MIN_FILES = 5;

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const count = Number(process.argv[2] ?? 300);
const documents = await readDocuments(file('work/heldout.jsonl'));
const main = documents.filter(isMain);
/** The languages with enough files to say something, the largest first. */
const byLanguage = [...new Set(documents.map(({ language }) => language))]
  .map((language) => ({ language, own: documents.filter((document) => document.language === language) }))
  .filter(({ own }) => own.length >= MIN_FILES)
  .sort((a, b) => b.own.length - a.own.length);

interface Group {
  readonly name: string;
  readonly results: readonly Judged[];
}

const model = await loadPebble();
const judgeAll = async (name: string, cases: readonly Case[]): Promise<Group> => {
  console.error(`${name}: ${cases.length} cursors …`);
  const results: Judged[] = [];
  for (const example of cases) results.push(await judge(model, example));
  return { name, results };
};
const groups: Group[] = [];
for (const kind of kinds) groups.push(await judgeAll(kind, casesIn(main, kind, count, 11)));
const others: Group[] = [];
for (const { language, own } of byLanguage) {
  const cursors = isMain({ language }) ? count : Math.min(count, OTHER_CURSORS);
  others.push(await judgeAll(language, casesIn(own, 'anywhere', cursors, 12)));
}

type Pick = (result: Judged) => Judged['chosen'];
const methods: [string, Pick][] = [
  ['longest copy from the same file, no model', (result) => result.copied],
  ['model alone', (result) => result.written],
  ['both, the model chooses', (result) => result.chosen],
];

const rightIn = (results: readonly Judged[], pick: Pick): string =>
  percent(results.filter((result) => isRight(pick(result), result.case)).length, results.length);

function printExact(shown: readonly Group[]): void {
  header('exact rest of the line, percent', ...shown.map(({ name }) => name));
  const lines = nGramLines(shown.flatMap(({ results }) => results.map((result) => result.case)));
  if (lines !== null)
    row(
      '8-gram model',
      ...shown.map(({ results }) => rightIn(results, (result) => written(lines.get(result.case)))),
    );
  for (const [name, pick] of methods) row(name, ...shown.map(({ results }) => rightIn(results, pick)));
}

const written = (text = ''): Judged['chosen'] => ({
  text,
  source: 'model',
  reading: null,
  matchLength: 0,
  flaw: null,
});

const confidence = ({ chosen }: Judged): number => (chosen === null ? 0 : confidenceOf(chosen));

function printPrecision(shown: readonly Group[]): void {
  header('exact where a suggestion is shown, percent', ...shown.map(({ name }) => name));
  const sorted = shown.map(({ results }) => results.toSorted((a, b) => confidence(b) - confidence(a)));
  for (const share of SHARES) {
    const cells = sorted.map((results) =>
      rightIn(results.slice(0, Math.round(share * results.length)), (result) => result.chosen),
    );
    row(`the surest ${100 * share} %`, ...cells);
  }
  for (const threshold of THRESHOLDS) {
    const cells = sorted.map((results) => {
      const sure = results.filter((result) => confidence(result) >= threshold);
      return `${rightIn(sure, (result) => result.chosen)} (${((100 * sure.length) / results.length).toFixed(0)} % shown)`;
    });
    row(`confidence at least ${threshold}`, ...cells);
  }
}

async function printReplay(): Promise<void> {
  header(
    'typing whole files',
    'characters',
    'saved per key pressed',
    'keys saved, percent',
    'suggestions per 100 keys',
    'never used, percent',
  );
  for (const { language, own } of byLanguage.filter(isMain)) {
    console.error(`typing files of ${language} …`);
    const total: Record<keyof Typing, number> = { characters: 0, keys: 0, shown: 0, useless: 0 };
    for (const document of sample(own, REPLAYED_FILES)) {
      const typing = await replay(model, document);
      for (const key of ['characters', 'keys', 'shown', 'useless'] as const) total[key] += typing[key];
    }
    const { characters, keys, shown, useless } = total;
    row(
      language,
      String(characters),
      ((characters - keys) / keys).toFixed(2),
      ((100 * (characters - keys)) / characters).toFixed(1),
      ((100 * shown) / keys).toFixed(1),
      ((100 * useless) / shown).toFixed(0),
    );
  }
}

function sample(own: readonly Document[], size: number): Document[] {
  const random = mulberry32(13);
  return own
    .map((document) => ({ document, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, size)
    .map(({ document }) => document);
}

printExact([...groups, ...others]);
console.log();
printPrecision([...groups, ...others]);
console.log();
await printReplay();
process.exit(0);
