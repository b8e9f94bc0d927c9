import * as v from 'valibot';

const ScriptedAnswer = v.object({
  /** Chosen when the last question has these words, in any case. */
  when: v.string(),
  /** Markdown; written token by token, a word with the space behind it each. */
  answer: v.string(),
  /** Written first where the request asks for thoughts. */
  thought: v.optional(v.string(), ''),
  /** In the place of the script's own. */
  tokensPerSecond: v.optional(v.number()),
  /** How it ends after the last word: as an answer does, as an error with this message, or with the process. */
  end: v.optional(v.union([v.literal('stop'), v.literal('crash'), v.object({ error: v.string() })]), 'stop'),
});

/** What a scripted model says. The first answer that fits is given; the one for '' fits all. */
export const Script = v.object({
  tokensPerSecond: v.number(),
  /** False: a model that only completes. */
  chat: v.optional(v.boolean(), true),
  contextTokens: v.optional(v.number(), 4_096),
  loadMs: v.optional(v.number(), 0),
  answers: v.array(ScriptedAnswer),
});
export type Script = v.InferOutput<typeof Script>;

const explanation = `The function **\`median\`** sorts a copy of the numbers and takes the middle one.

1. \`toSorted\` leaves the given array as it is.
2. \`>> 1\` halves the length and drops the rest.
3. With an even count it takes the *mean* of the two in the middle.

| Numbers | Sorted | Median |
| :-- | :-- | --: |
| 3, 1, 2 | 1, 2, 3 | 2 |
| 4, 1, 3, 2 | 1, 2, 3, 4 | 2.5 |

\`\`\`typescript
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
\`\`\`

> An empty list has no median: the function returns \`NaN\`.
`;

const rewritten = `\`\`\`typescript
export function total(prices: readonly number[]): number {
  return prices.reduce((sum, price) => sum + price, 0);
}
\`\`\`
`;

/** Answers of every kind that a page has to show. */
export const defaultScript: v.InferInput<typeof Script> = {
  tokensPerSecond: 200,
  answers: [
    { when: 'explain', answer: explanation, thought: 'The person wants to know what the code does.\n' },
    { when: 'fix', answer: `The sum began at \`1\` instead of \`0\`.\n\n${rewritten}` },
    { when: 'rewrite', answer: rewritten },
    { when: 'slow', answer: 'One word after the other comes slowly. '.repeat(20), tokensPerSecond: 10 },
    { when: 'fail', answer: 'It begins well, ', end: { error: 'The model failed on purpose.' } },
    { when: 'crash', answer: 'This is the last that is heard: ', tokensPerSecond: 50, end: 'crash' },
    { when: '', answer: 'A short answer with `code` and a [link](https://example.com/).' },
  ],
};

/** Beside the module of the process. */
export const SCRIPT_FILE = 'script.json';
/** What was asked, one ChatParams a line. */
export const RECEIVED_FILE = 'received.jsonl';
