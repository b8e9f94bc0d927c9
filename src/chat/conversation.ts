import * as v from 'valibot';

/**
 * What people and models said to each other, and with which files: the words of the whole chat. Stored as it is here,
 * so every field is validated when it is read back.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.minValue(0));
/** Milliseconds since 1970. */
const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));

/** Random, so that two windows never choose the same. */
export const Id = v.pipe(v.string(), v.regex(/^[\w-]{8,64}$/u));
export type Id = v.InferOutput<typeof Id>;

/** Lines and characters (UTF-16 units) from 0, the end exclusive. */
const Place = v.object({ line: count, character: count });
export const Range = v.object({ start: Place, end: Place });
export type Range = v.InferOutput<typeof Range>;

export const AttachmentKind = v.picklist([
  'selection',
  'file',
  'outline',
  'problems',
  'changes',
  'terminal',
  'definition',
]);
export type AttachmentKind = v.InferOutput<typeof AttachmentKind>;

/** A piece of the person's work that goes with a question, as it was when it was asked. */
export const Attachment = v.object({
  kind: AttachmentKind,
  /** For people: "refunds.ts:12–30". */
  label: v.string(),
  /** VS Code's language id; empty where there is none. */
  languageId: v.string(),
  text: v.string(),
  /** Where it came from, so that an answer can be put back there. */
  source: v.optional(v.object({ uri: v.string(), range: v.optional(Range) })),
});
export type Attachment = v.InferOutput<typeof Attachment>;

export const Question = v.object({
  role: v.literal('user'),
  id: Id,
  time,
  text: v.string(),
  attachments: v.array(Attachment),
});
export type Question = v.InferOutput<typeof Question>;

/**
 * How an answer ended: the model ended it; the longest answer was reached; the context is full; the person stopped it;
 * the window or the process ended meanwhile; an error.
 */
export const AnswerEnd = v.picklist(['stop', 'limit', 'context', 'cancelled', 'interrupted', 'failed']);
export type AnswerEnd = v.InferOutput<typeof AnswerEnd>;

export const AnswerStatistics = v.object({
  promptTokens: count,
  cachedTokens: count,
  tokens: count,
  prefillMs: milliseconds,
  decodeMs: milliseconds,
});
export type AnswerStatistics = v.InferOutput<typeof AnswerStatistics>;

export const Answer = v.object({
  role: v.literal('model'),
  id: Id,
  time,
  text: v.string(),
  /** What the model wrote before its answer, where it can think. */
  thought: v.string(),
  /** Null while it is written. */
  end: v.nullable(AnswerEnd),
  /** For people, of `failed`. */
  error: v.optional(v.string()),
  model: v.string(),
  statistics: v.optional(AnswerStatistics),
});
export type Answer = v.InferOutput<typeof Answer>;

export const Message = v.variant('role', [Question, Answer]);
export type Message = v.InferOutput<typeof Message>;

/** By turns, a question first. */
export interface Conversation {
  readonly id: Id;
  readonly title: string;
  readonly created: number;
  readonly messages: readonly Message[];
}

/** A conversation in a list. */
export interface ConversationSummary {
  readonly id: Id;
  readonly title: string;
  /** Of the last change. */
  readonly time: number;
}
