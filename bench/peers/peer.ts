import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { EngineName } from './engines.ts';
import { type Open, Reply, type Run } from './messages.ts';

/** An engine in a child process. */
export class Peer {
  readonly engine: EngineName;
  readonly loadMs: number;
  last: Reply;
  readonly #child: ChildProcess;

  private constructor(engine: EngineName, child: ChildProcess, opened: Reply) {
    this.engine = engine;
    this.#child = child;
    this.loadMs = opened.ms;
    this.last = opened;
  }

  static async open(options: Open & { readonly engine: EngineName }): Promise<Peer> {
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(options)], {
      execArgv: ['--import', 'tsx'],
    });
    return new Peer(options.engine, child, await answer(child));
  }

  /** @returns milliseconds */
  async run(run: Run): Promise<number> {
    const answered = answer(this.#child);
    this.#child.send(run);
    this.last = await answered;
    return this.last.ms;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

async function answer(child: ChildProcess): Promise<Reply> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('An engine ended.')));
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ended]);
    return v.parse(Reply, message);
  } finally {
    settled.abort();
  }
}
