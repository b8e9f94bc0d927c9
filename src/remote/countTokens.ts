import * as v from 'valibot';
import type { ServerKind } from './describeServer.ts';
import { askJson } from './http.ts';
import type { Connection } from './http.ts';

const SILENCE_MS = 10_000;
/** At once: a server counts in no time, what takes time is the way. */
const PARALLEL = 8;

const Tokenized = {
  'llama.cpp': v.pipe(
    v.object({ tokens: v.array(v.unknown()) }),
    v.transform(({ tokens }) => tokens.length),
  ),
  vllm: v.pipe(
    v.object({ count: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
    v.transform(({ count }) => count),
  ),
} as const;

/** Whether a server of this kind counts tokens. */
export function canCount(kind: ServerKind): kind is keyof typeof Tokenized {
  return kind in Tokenized;
}

/** Tokens of each text by itself. @throws GemmaError as askJson */
export async function countTokens(
  connection: Connection,
  kind: keyof typeof Tokenized,
  model: string,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const counts: number[] = [];
  const one = (text: string): Promise<number> => {
    const body =
      kind === 'vllm'
        ? { model, prompt: text, add_special_tokens: false }
        : { model, content: text, add_special: false };
    return askJson(connection, { path: '/tokenize', body, signal, silenceMs: SILENCE_MS }, Tokenized[kind]);
  };
  while (counts.length < texts.length)
    counts.push(...(await Promise.all(texts.slice(counts.length, counts.length + PARALLEL).map(one))));
  return counts;
}
