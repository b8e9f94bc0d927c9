import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { engineNames, openEngine } from './engines.ts';
import { Open, type Reply, Run } from './messages.ts';

/** An engine in a process of its own, so that memory can be told apart. */
const {
  engine: name,
  path,
  threads,
  positions,
} = v.parse(
  v.object({ ...Open.entries, engine: v.picklist(engineNames) }),
  JSON.parse(process.argv[2] ?? ''),
);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const start = performance.now();
const engine = await openEngine(name, path, threads, positions);
reply(performance.now() - start);

process.on('message', (message) => {
  const { past, count } = v.parse(Run, message);
  const tokens = Array.from({ length: count }, (_, i) => 5 + (((past + i) * 37) % 250));
  void timed(() => engine.run(past, tokens)).then(reply);
});

function reply(ms: number): void {
  const status = readFileSync('/proc/self/status', 'utf8');
  const kilobytes = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]);
  const memory = { residentMb: kilobytes('VmRSS') / 1_000, anonymousMb: kilobytes('RssAnon') / 1_000 };
  process.send?.({ ms, ...memory } satisfies Reply);
}
