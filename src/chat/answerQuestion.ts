import type { ChatResult, Sampling } from '../protocol/engine.ts';
import { chatBudget, TURN_TOKENS } from './chatBudget.ts';
import type { ChatEngine, Turns } from './chatEngine.ts';
import type { Message, Question } from './conversation.ts';
import { countOne } from './countEach.ts';
import { fitConversation } from './fitConversation.ts';
import type { LeftOut } from './fitQuestion.ts';
import { commandText, SYSTEM_TEXT } from './instructions.ts';
import { attachmentText, inOrder, questionText } from './questionText.ts';
import { parseSlashCommand } from './slashCommands.ts';
import { summarize } from './summarize.ts';
import type { SummaryListener } from './summarize.ts';

/** What was sent for an answer. */
export interface Sent {
  readonly turns: Turns;
  /** Messages at the start of the conversation that the model didn't see. */
  readonly dropped: number;
  readonly leftOut: readonly LeftOut[];
}

export interface AnswerOptions {
  readonly sampling: Sampling;
  readonly thinking: boolean;
}

export interface AnswerListener extends SummaryListener {
  /** Before the first word; not for a text that is summarized part by part. */
  onSent(sent: Sent): void;
}

/**
 * Answers the last question of a conversation. What is to be summarized and is too long for the context is read part
 * by part; everything else is shortened until it fits.
 *
 * @throws GemmaError `bad-input` when the question doesn't fit; `cancelled`; what the engine throws
 */
export async function answerQuestion(
  engine: ChatEngine,
  messages: readonly Message[],
  options: AnswerOptions,
  listener: AnswerListener,
): Promise<ChatResult> {
  const last = messages.at(-1);
  const long = last?.role === 'user' ? await longSummary(engine, last) : null;
  if (long !== null) return summarize(engine, { ...long, thinking: options.thinking }, listener);
  const { turns, answerTokens, dropped, leftOut } = await fitConversation(engine, messages);
  listener.onSent({ turns, dropped, leftOut });
  const { sampling, thinking } = options;
  return engine.chat(
    { purpose: 'chat', system: SYSTEM_TEXT, turns, prefill: '', thinking, maxTokens: answerTokens, sampling },
    (piece) => listener.onText(piece),
  );
}

/** The text, when `question` wants a summary of more than one question can hold. */
async function longSummary(engine: ChatEngine, question: Question) {
  const { name, rest } = parseSlashCommand(question.text);
  if (name !== 'summarize') return null;
  const budget = await chatBudget(engine);
  const tokens = await countOne(engine, questionText(question));
  if (tokens <= budget.turns - TURN_TOKENS) return null;
  const attached = inOrder(question.attachments);
  if (attached.length === 0) return { text: rest, task: commandText('summarize'), budget };
  const [only] = attached;
  const text = attached.length === 1 ? (only?.text ?? '') : attached.map(attachmentText).join('\n\n');
  return { text, task: commandText('summarize', rest), budget };
}
