import type * as v from 'valibot';
import type { Script } from '../support/scripted/script.ts';

/** What the model of the chat's tests says about the sample project. */
export const chatScript: v.InferInput<typeof Script> = {
  tokensPerSecond: 400,
  answers: [
    {
      when: 'explain what this code does',
      answer: `**\`totalOf\` adds up what all orders cost:** quantity times price of each.

- It starts at \`0\`, so an empty list costs nothing.
- Every order adds \`quantity * price\`.
- The list itself is only read.

| order | quantity | price | so far |
| :-- | --: | --: | --: |
| A-1 | 2 | 4.50 | 9.00 |
| A-2 | 1 | 12.00 | 21.00 |

Prices are numbers here, so sums of many orders may be off by a fraction of a cent. The same in one expression:

\`\`\`typescript
export function totalOf(orders: readonly Order[]): number {
  return orders.reduce((total, { quantity, price }) => total + quantity * price, 0);
}
\`\`\`
`,
    },
    {
      when: 'use reduce',
      answer: `\`\`\`typescript
export function totalOf(orders: readonly Order[]): number {
  return orders.reduce((total, { quantity, price }) => total + quantity * price, 0);
}
\`\`\`
`,
    },
    { when: 'git commit', answer: 'Count refunds in cents' },
    { when: 'slowly', answer: 'One word after the other. '.repeat(100), tokensPerSecond: 20 },
    { when: 'crash', answer: 'This is the last that is heard. ', tokensPerSecond: 50, end: 'crash' },
    { when: 'link', answer: 'Read [the guide](https://example.com/guide).' },
    { when: '', answer: 'An answer to something else.' },
  ],
};
