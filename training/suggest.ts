/**
 * Prints what the model writes at random cursors of a file that `corpus.py build` wrote, as JSON strings: `verbatim.py`
 * tells which of them stand in the training text. Cursors in `train.jsonl` are the worst case.
 *
 *     npx tsx training/suggest.ts work/train.jsonl 1000
 */
import { resolve } from 'node:path';
import { casesIn, kinds } from './cases.ts';
import { readDocuments } from './documents.ts';
import { judge, loadPebble } from './judge.ts';

const [, , file = '', count = '1000'] = process.argv;
const documents = await readDocuments(resolve(file));
const model = await loadPebble();
for (const kind of kinds) {
  for (const example of casesIn(documents, kind, Number(count), 17)) {
    const { written } = await judge(model, example);
    if (written !== null) console.log(JSON.stringify(written.text));
  }
}
process.exit(0);
