import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Code has three to four characters a token; more text than this is not worth encoding. */
const MAX_CHARS_PER_TOKEN = 8;

/** At most `limit` ids of the beginning of `text`. */
export function firstTokens(tokenizer: Tokenizer, text: string, limit: number): number[] {
  return tokenizer.encode(text.slice(0, limit * MAX_CHARS_PER_TOKEN)).slice(0, limit);
}

/** As many whole first lines of `text` as fit `limit` tokens, without the line end behind them. */
export function firstLines(tokenizer: Tokenizer, text: string, limit: number): string {
  const head = text.slice(0, Math.max(0, limit) * MAX_CHARS_PER_TOKEN);
  const lines = head.split('\n');
  if (head.length < text.length) lines.pop();
  const kept: string[] = [];
  let room = limit;
  for (const line of lines) {
    room -= tokenizer.encode(`${line}\n`).length;
    if (room < 0) break;
    kept.push(line);
  }
  return kept.join('\n');
}
