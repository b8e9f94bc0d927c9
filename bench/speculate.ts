import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNativeBackend } from '../src/inference/backends/native.ts';
import { computeThreads } from '../src/inference/backends/threads.ts';
import { CancelFlag } from '../src/inference/engine/cancelFlag.ts';
import { Decoder } from '../src/inference/engine/decoder.ts';
import { PromptLookup } from '../src/inference/engine/promptLookup.ts';
import { Sequence } from '../src/inference/kv/sequence.ts';
import { readManifest } from '../src/inference/model/modelManifest.ts';
import { compileTokenizer } from '../src/inference/tokenizer/compile.ts';
import { loadTokenizer } from '../src/inference/tokenizer/loadTokenizer.ts';
import { importLargeModel } from './largeModel.ts';
import { median, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/**
 * What guessing tokens from the prompt gains, with a model of Gemma 2B's shape. Its weights are random, so what it
 * "writes" is prescribed: texts as they come when somebody asks for a rewritten file, and one that repeats nothing. The
 * embedded model's tokenizer cuts them; Gemma's pieces are longer.
 */
const ROUNDS = 3;
const TOKENS = 64;

const root = fileURLToPath(new URL('..', import.meta.url));
const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const tokenizer = loadTokenizer(compileTokenizer(await readFile(join(root, 'models/pebble/tokenizer.json'))));
const original = await text('media/sample/orders.ts');
const functions = original.slice(original.indexOf('function asFields'));
const prose = await text('SECURITY.md');

const traces: readonly (readonly [name: string, written: string])[] = [
  ['rename a variable everywhere', functions.replaceAll('fields', 'record')],
  [
    'describe every function',
    functions.replaceAll(/^(export )?function/gm, '/** Reads a part of the form. */\n$&'),
  ],
  ['throw another error', functions.replaceAll('TypeError', 'RangeError')],
  ['nothing that was there before', prose],
];

await withTemporaryHome(async (home) => {
  const folder = await importLargeModel('gemma-1.1-2b-it', home);
  const manifest = await readManifest(folder);
  const threads = computeThreads('native', manifest.parameters);
  const model = await createNativeBackend().load(folder, manifest, { threads });
  const prompt = [tokenizer.bos, ...tokenizer.encode(`Rewrite this file.\n${original}\n`)];
  const turn = new CancelFlag();
  const asked = new Sequence(model, prompt.length + TOKENS);
  const rows: [string, ...number[]][] = [];
  await asked.append(prompt, 0, turn);

  async function write(
    tokens: readonly number[],
    isGuessing: boolean,
  ): Promise<[ms: number, forwards: number]> {
    const sequence = asked.fork(prompt.length);
    const lookup = isGuessing ? new PromptLookup(prompt, 'native', manifest.quantization) : null;
    const decoder = new Decoder(sequence, manifest.architecture.vocabSize, lookup);
    const start = performance.now();
    for (const token of tokens) await decoder.next(token, turn);
    const ms = performance.now() - start;
    sequence.dispose();
    return [ms, decoder.forwards];
  }

  for (const [name, written] of traces) {
    const tokens = tokenizer.encode(written).slice(0, TOKENS);
    const plain: number[] = [];
    const guessing: number[] = [];
    let forwards = 0;
    for (let round = 0; round < ROUNDS; round++) {
      plain.push((await write(tokens, false))[0] / tokens.length);
      const [ms, count] = await write(tokens, true);
      guessing.push(ms / tokens.length);
      forwards = count;
    }
    const gain = median(plain.map((ms, round) => ms / guessing[round]!));
    rows.push([name, median(plain), median(guessing), gain, tokens.length / forwards]);
    console.error(`${name}: ${gain.toFixed(2)}`);
  }
  await model.dispose();
  const header = ['2B shape, int4, native', 'ms per token', 'with guesses', 'gain', 'tokens per forward'];
  console.log(table(header, rows));
});
