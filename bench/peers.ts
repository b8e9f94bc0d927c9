import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { importModel } from '../src/inference/importer/importModel.ts';
import { writeGguf } from '../test/support/llamaCpp/gguf.ts';
import { type PublishedModel, publishedConfigs } from '../test/support/publishedConfigs.ts';
import { repeatedModel, writeRepeatedCheckpoint } from '../test/support/repeatedCheckpoint.ts';
import { type EngineName, engineNames } from './peers/engines.ts';
import { Peer } from './peers/peer.ts';
import { median, table } from './report.ts';
import { withTemporaryHome } from './temporaryHome.ts';

/**
 * The native backend beside llama.cpp, on the same random weights in int4 (Q4_0; embedding and head in 8 bits), with as
 * many threads as the product takes. Both run in turns, a step each.
 */
const MODELS: readonly PublishedModel[] = ['gemma-3-270m', 'gemma-2b'];
const CONTEXTS = [256, 1_024, 4_096];
const ROUNDS = 5;
const DECODED = 8;
/** What a person changed at the end of a prompt. */
const CHANGED = 8;
const STEP = 256;
const POSITIONS = 4_224;

const threads = Number(process.argv[2] ?? Math.max(1, availableParallelism() - 1));

for (const model of MODELS) await withTemporaryHome((home) => compare(model, home));

/** Milliseconds at one length of the context. */
interface Measured {
  readonly decoded: Map<Peer, number>;
  readonly changed: Map<Peer, number>;
  readonly typed: Map<Peer, number>;
}

async function compare(name: PublishedModel, home: string): Promise<void> {
  const paths = await write(name, home);
  const peers: Peer[] = [];
  for (const engine of engineNames) {
    peers.push(await Peer.open({ engine, path: paths[engine], threads, positions: POSITIONS }));
  }
  // Kernels, pages and clocks warm up.
  for (const peer of peers) await peer.run({ past: 0, count: STEP });
  const prefilled = await prefill(peers);
  const measured = new Map<number, Measured>();
  // The longest first: going back forgets what follows.
  for (const context of CONTEXTS.toReversed()) {
    const decoded = await interleaved(peers, (peer) => decode(peer, context));
    const changed = await interleaved(peers, (peer) => peer.run({ past: context - CHANGED, count: CHANGED }));
    const typed = await interleaved(peers, (peer) => peer.run({ past: context - 1, count: 1 }));
    measured.set(context, { decoded, changed, typed });
  }
  const rows: [string, (peer: Peer) => number][] = [];
  for (const context of CONTEXTS) {
    const { decoded, changed, typed } = measured.get(context)!;
    const all = (peer: Peer): number => prefilled.get(peer)!.get(context)!;
    rows.push(
      [`${context} tokens: prefill (ms)`, all],
      ['… decode (ms per token)', (peer) => decoded.get(peer)!],
      [`… prefill : its last ${CHANGED} tokens changed`, (peer) => all(peer) / changed.get(peer)!],
      ['… prefill : one token typed', (peer) => all(peer) / typed.get(peer)!],
    );
  }
  const [first, last] = [CONTEXTS[0]!, CONTEXTS.at(-1)!];
  const growth = (peer: Peer): number =>
    measured.get(last)!.decoded.get(peer)! / measured.get(first)!.decoded.get(peer)!;
  rows.push([`decode after ${last} tokens : after ${first}`, growth]);
  rows.push(['load (ms)', (peer) => peer.loadMs]);
  rows.push(['memory (MB)', (peer) => peer.last.residentMb]);
  rows.push(['of it not the file (MB)', (peer) => peer.last.anonymousMb]);
  const title = `${name}, ${threads} thread${threads === 1 ? '' : 's'}`;
  console.log(
    table(
      [title, ...peers.map(({ engine }) => engine), 'llama.cpp : ours'],
      rows.map(([label, value]) => {
        const [ours, theirs] = peers.map(value);
        return [label, ours!, theirs!, theirs! / ours!];
      }),
    ),
  );
  console.log();
  for (const peer of peers) await peer.close();
}

/** The same weights for each engine. */
async function write(name: PublishedModel, home: string): Promise<Record<EngineName, string>> {
  const config = publishedConfigs[name];
  const source = join(home, 'checkpoint');
  const ours = join(home, 'imported');
  const gguf = join(home, 'model.gguf');
  await writeRepeatedCheckpoint(source, config, 4);
  await importModel({ source, target: ours, quantization: 'q4' });
  await rm(source, { recursive: true });
  await writeGguf(gguf, repeatedModel(config), { body: 'Q4_0', embedding: 'Q8_0' });
  return { ours, 'llama.cpp': gguf };
}

/** Fills the longest context, a step of each peer after the other. @returns milliseconds up to each context */
async function prefill(peers: readonly Peer[]): Promise<Map<Peer, Map<number, number>>> {
  const spent = new Map(peers.map((peer) => [peer, 0]));
  const reached = new Map(peers.map((peer) => [peer, new Map<number, number>()]));
  for (let past = 0; past < CONTEXTS.at(-1)!; past += STEP) {
    for (const peer of peers) {
      const ms = spent.get(peer)! + (await peer.run({ past, count: STEP }));
      spent.set(peer, ms);
      reached.get(peer)!.set(past + STEP, ms);
    }
  }
  return reached;
}

/** Medians. */
async function interleaved(
  peers: readonly Peer[],
  measure: (peer: Peer) => Promise<number>,
): Promise<Map<Peer, number>> {
  const times = new Map(peers.map((peer): [Peer, number[]] => [peer, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const peer of peers) times.get(peer)!.push(await measure(peer));
  }
  return new Map(Array.from(times, ([peer, values]) => [peer, median(values)]));
}

/** Milliseconds a token. */
async function decode(peer: Peer, context: number): Promise<number> {
  const times: number[] = [];
  for (let past = context; past < context + DECODED; past++) times.push(await peer.run({ past, count: 1 }));
  return median(times);
}
