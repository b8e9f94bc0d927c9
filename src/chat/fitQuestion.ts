import { GemmaError } from '../protocol/errors.ts';
import type { ChatEngine } from './chatEngine.ts';
import type { Attachment, Question } from './conversation.ts';
import { countEach, countOne } from './countEach.ts';
import { attachmentText, inOrder, instructionOf, questionText } from './questionText.ts';
import { shortenText } from './shortenText.ts';

/** What of an attachment the model doesn't get to see. */
export interface LeftOut {
  readonly label: string;
  /** Lines; null: all of it. */
  readonly lines: number | null;
}

export interface FittedQuestion {
  readonly text: string;
  readonly tokens: number;
  readonly leftOut: readonly LeftOut[];
}

/** Fences and borders between the parts. */
const SEAM_TOKENS = 4;
/** An attachment with less says nothing. */
const LEAST_TOKENS = 32;

type Asked = Pick<Question, 'text' | 'attachments'>;

/**
 * The user's turn in at most `maxTokens` tokens. Definitions go first, the farthest before the nearest; then the longest
 * attachments are shortened, all to the same length. The same question and limit give the same text.
 *
 * @throws GemmaError `bad-input` when what the person wrote is too long by itself
 */
export async function fitQuestion(
  engine: Pick<ChatEngine, 'countTokens'>,
  question: Asked,
  maxTokens: number,
): Promise<FittedQuestion> {
  const whole = questionText(question);
  const tokens = await countOne(engine, whole);
  if (tokens <= maxTokens) return { text: whole, tokens, leftOut: [] };
  const asked = await countOne(engine, instructionOf(question.text));
  const attachments = inOrder(question.attachments);
  for (let room = maxTokens - asked; room > 0; room = Math.floor(room * 0.9)) {
    const fitted = await fitAttachments(engine, attachments, room);
    const text = questionText({ text: question.text, attachments: fitted.attachments });
    const count = await countOne(engine, text);
    if (count <= maxTokens) return { text, tokens: count, leftOut: fitted.leftOut };
  }
  throw new GemmaError('bad-input', 'The question is too long for this model. Ask for less at once.');
}

async function fitAttachments(
  engine: Pick<ChatEngine, 'countTokens'>,
  all: readonly Attachment[],
  room: number,
): Promise<{ attachments: Attachment[]; leftOut: LeftOut[] }> {
  const counts = await countEach(engine, all.map(attachmentText));
  let parts = all.map((attachment, i) => ({ attachment, tokens: (counts[i] ?? 0) + SEAM_TOKENS }));
  const leftOut: LeftOut[] = [];
  while (sumOf(parts) > room) {
    const index = parts.findLastIndex(({ attachment }) => attachment.kind === 'definition');
    const farthest = parts[index];
    if (farthest === undefined) break;
    leftOut.push({ label: farthest.attachment.label, lines: null });
    parts = parts.toSpliced(index, 1);
  }
  const limit = commonLimit(
    parts.map(({ tokens }) => tokens),
    room,
  );
  const attachments: Attachment[] = [];
  for (const { attachment, tokens } of parts) {
    const fitted = tokens <= limit ? attachment : await shortened(engine, attachment, limit, leftOut);
    if (fitted !== null) attachments.push(fitted);
  }
  return { attachments, leftOut };
}

async function shortened(
  engine: Pick<ChatEngine, 'countTokens'>,
  attachment: Attachment,
  limit: number,
  leftOut: LeftOut[],
): Promise<Attachment | null> {
  const frame = await countOne(engine, attachmentText({ ...attachment, text: '' }));
  const room = limit - frame - SEAM_TOKENS;
  if (room < LEAST_TOKENS) {
    leftOut.push({ label: attachment.label, lines: null });
    return null;
  }
  const { text, leftOut: lines } = await shortenText(engine, attachment.text, room, headOf(attachment));
  if (lines > 0) leftOut.push({ label: attachment.label, lines });
  return { ...attachment, text };
}

/** The latest output of a terminal tells most; files begin with what the rest needs. */
function headOf({ kind }: Attachment): number {
  return kind === 'terminal' ? 0.1 : 0.7;
}

/** The length that the longest are cut to so that all fit: the largest x with Σ min(count, x) ≤ room. */
export function commonLimit(counts: readonly number[], room: number): number {
  const ascending = counts.toSorted((a, b) => a - b);
  let left = room;
  for (const [i, count] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (count > share) return Math.max(0, share);
    left -= count;
  }
  return Number.POSITIVE_INFINITY;
}

function sumOf(parts: readonly { tokens: number }[]): number {
  return parts.reduce((sum, { tokens }) => sum + tokens, 0);
}
