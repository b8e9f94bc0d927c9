import { chatBudget, TURN_TOKENS } from './chatBudget.ts';
import type { ChatEngine } from './chatEngine.ts';
import type { Attachment } from './conversation.ts';
import { fitQuestion } from './fitQuestion.ts';
import { SYSTEM_TEXT } from './instructions.ts';

/** The longest message. */
const MAX_TOKENS = 256;

/** The message of a commit with these changes; empty when the model had nothing to say. */
export async function askCommitMessage(engine: ChatEngine, changes: Attachment): Promise<string> {
  const { turns } = await chatBudget(engine);
  const question = { text: '/commit', attachments: [changes] };
  const { text } = await fitQuestion(engine, question, turns - TURN_TOKENS);
  const { answer } = await engine.chat(
    {
      purpose: 'edit',
      system: SYSTEM_TEXT,
      turns: [{ role: 'user', text }],
      prefill: '',
      thinking: false,
      maxTokens: MAX_TOKENS,
      sampling: { temperature: 0, topK: 1, topP: 1, seed: 0 },
    },
    () => undefined,
  );
  return commitMessageOf(answer);
}

/** Without the fence, the quotes and the white space that models put around it. */
export function commitMessageOf(answer: string): string {
  const bare = answer
    .trim()
    .replace(/^(?:```|~~~)[^\n]*\n([\s\S]*?)\n?(?:```|~~~)[\s\S]*$/u, '$1')
    .trim();
  const lines = bare.split(/\r?\n/u).map((line) => line.trimEnd());
  const [first = '', ...rest] = lines;
  return [first.replace(/^["'`](.*)["'`]$/u, '$1'), ...rest].join('\n');
}
