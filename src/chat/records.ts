import * as v from 'valibot';
import { AnswerEnd, AnswerStatistics, Id, Question } from './conversation.ts';
import type { Answer, Conversation, Message } from './conversation.ts';

/**
 * A conversation on disk: one record a line, only ever appended. Every record names what it is about, so records of two
 * windows may come in any order without damage.
 */

/** Of the lines of a file. Raise when an older version would misread them. */
export const RECORDS_VERSION = 1;

const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));

export const Header = v.object({
  type: v.literal('conversation'),
  /** As RECORDS_VERSION; a file of a later version is only read. */
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  id: Id,
  created: time,
});
export type Header = v.InferOutput<typeof Header>;

export const Record = v.variant('type', [
  Header,
  v.object({ type: v.literal('title'), title: v.string() }),
  v.object({ type: v.literal('question'), question: Question }),
  /** To `question`, behind which it belongs whatever another window asked meanwhile; absent: to what is last. */
  v.object({ type: v.literal('answer'), id: Id, question: v.optional(Id), time, model: v.string() }),
  /** Added to the end of an answer. */
  v.object({ type: v.literal('text'), id: Id, text: v.string(), thought: v.string() }),
  v.object({
    type: v.literal('end'),
    id: Id,
    end: AnswerEnd,
    error: v.optional(v.string()),
    statistics: v.optional(AnswerStatistics),
  }),
  /** Message `from` and all after it are gone. */
  v.object({ type: v.literal('cut'), from: Id }),
]);
export type Record = v.InferOutput<typeof Record>;

/** What the records up to now say. */
export class Folding {
  readonly header: Header;
  #title: string | null = null;
  #messages: Message[] = [];

  constructor(header: Header) {
    this.header = header;
  }

  get conversation(): Conversation {
    const { id, created } = this.header;
    return { id, created, title: this.#title ?? titleOf(this.#messages), messages: [...this.#messages] };
  }

  /** Records about what isn't there (any more) count for nothing. */
  add(record: Record): void {
    switch (record.type) {
      case 'conversation':
        return;
      case 'title':
        this.#title = record.title;
        return;
      case 'question':
        this.#push(record.question);
        return;
      case 'answer': {
        const { id, question, time: begun, model } = record;
        const answer: Answer = { role: 'model', id, time: begun, text: '', thought: '', end: null, model };
        if (question === undefined) this.#push(answer);
        else this.#answer(question, answer);
        return;
      }
      case 'text':
        this.#change(record.id, (answer) => ({
          ...answer,
          text: answer.text + record.text,
          thought: answer.thought + record.thought,
        }));
        return;
      case 'end': {
        const { type: _type, id, ...end } = record;
        this.#change(id, (answer) => ({ ...answer, ...end }));
        return;
      }
      case 'cut': {
        const from = this.#messages.findIndex(({ id }) => id === record.from);
        if (from >= 0) this.#messages = this.#messages.slice(0, from);
      }
    }
  }

  #push(message: Message): void {
    if (!this.#messages.some(({ id }) => id === message.id)) this.#messages.push(message);
  }

  #answer(question: Id, answer: Answer): void {
    const asked = this.#messages.findIndex(({ id }) => id === question);
    if (asked < 0 || this.#messages.some(({ id }) => id === answer.id)) return;
    const next = this.#messages.findIndex(({ role }, index) => index > asked && role === 'user');
    this.#messages.splice(next < 0 ? this.#messages.length : next, 0, answer);
  }

  #change(id: Id, change: (answer: Answer) => Answer): void {
    const index = this.#messages.findLastIndex((message) => message.id === id);
    const message = this.#messages[index];
    if (message?.role === 'model' && message.end === null) this.#messages[index] = change(message);
  }
}

/** Longest title that is made of a question, in UTF-16 units. */
const MAX_TITLE_CHARS = 60;

/** The first words of the first question. */
function titleOf(messages: readonly Message[]): string {
  const question = messages.find((message) => message.role === 'user')?.text ?? '';
  const words = question.replaceAll(/\s+/gu, ' ').trim();
  if (words.length <= MAX_TITLE_CHARS) return words;
  const cut = words.slice(0, MAX_TITLE_CHARS);
  const space = cut.lastIndexOf(' ');
  return `${(space > MAX_TITLE_CHARS / 2 ? cut.slice(0, space) : cut).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}
