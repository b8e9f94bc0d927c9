import type { ChatEngine } from './chatEngine.ts';
import { unitsOf } from './textUnits.ts';

type Counter = Pick<ChatEngine, 'countTokens'>;

/** Few enough that a message stays small and others get their turn. */
const BATCH = 1_000;
const BATCH_CHARS = 200_000;

/** Tokens of each text. Of a text too long for one message it is the sum of its lines. */
export async function countEach(engine: Counter, texts: readonly string[]): Promise<number[]> {
  const counts: number[] = [];
  while (counts.length < texts.length) {
    const next = texts[counts.length] ?? '';
    if (next.length > BATCH_CHARS) {
      const lines = await countEach(engine, unitsOf(next));
      counts.push(lines.reduce((sum, tokens) => sum + tokens, 0));
    } else counts.push(...(await engine.countTokens(batchFrom(texts, counts.length))));
  }
  return counts;
}

export async function countOne(engine: Counter, text: string): Promise<number> {
  const [tokens = 0] = await countEach(engine, [text]);
  return tokens;
}

function batchFrom(texts: readonly string[], from: number): string[] {
  let chars = 0;
  let to = from;
  while (to < texts.length && to - from < BATCH) {
    chars += texts[to]?.length ?? 0;
    if (chars > BATCH_CHARS) break;
    to++;
  }
  return texts.slice(from, to);
}
