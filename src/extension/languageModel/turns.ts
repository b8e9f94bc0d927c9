import type { CountChatParams } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';

/** A message of another extension, without VS Code's classes. */
export interface ForeignMessage {
  readonly role: 'system' | 'user' | 'model';
  readonly parts: readonly ForeignPart[];
}

export type ForeignPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toolCall'; readonly name: string; readonly input: object }
  | { readonly kind: 'toolResult'; readonly text: string }
  | { readonly kind: 'data'; readonly mimeType: string; readonly bytes: Uint8Array };

/** A conversation as the engine takes it. */
export type ForeignConversation = Pick<CountChatParams, 'system' | 'turns' | 'prefill'>;
export type Turn = ForeignConversation['turns'][number];

const TEXTUAL = /^(?:text\/|application\/(?:json|xml)\b)/;

/**
 * The text of a message. Tools can't be called by the models, so what earlier calls gave is told in words.
 *
 * @throws GemmaError `bad-input` for pictures and other data that is no text
 */
export function textOf({ parts }: ForeignMessage): string {
  return parts.map(partText).join('');
}

/**
 * Messages as alternating turns from a user's to a user's. VS Code has no role for instructions, so of several user
 * messages at the start all but the last are taken for them. A last message of the model is the beginning of its answer.
 *
 * @throws GemmaError `bad-input` when nothing is asked, or a message holds what is no text
 */
export function turnsOf(messages: readonly ForeignMessage[]): ForeignConversation {
  const said = messages
    .map((message) => ({ role: message.role, text: textOf(message) }))
    .filter(({ text }) => text.trim() !== '');
  const instructions = said.filter(({ role }) => role === 'system').map(({ text }) => text);
  const spoken = said.flatMap(({ role, text }) => (role === 'system' ? [] : [{ role, text }]));

  const firstAnswer = spoken.findIndex(({ role }) => role === 'model');
  const atStart = firstAnswer < 0 ? spoken.length : firstAnswer;
  const leading = spoken.splice(0, Math.max(0, atStart - 1));
  const system = [...instructions, ...leading.map(({ text }) => text)].join('\n\n');
  return { system, ...alternate(spoken) };
}

/**
 * What was said as alternating turns from a user's to a user's. What the model said last begins its answer.
 *
 * @throws GemmaError `bad-input` when nothing is asked
 */
export function alternate(spoken: readonly Turn[]): Pick<ForeignConversation, 'turns' | 'prefill'> {
  const turns = merged(spoken.filter(({ text }) => text.trim() !== ''));
  const prefill = turns.at(-1)?.role === 'model' ? (turns.pop()?.text ?? '') : '';
  if (turns.length === 0) throw new GemmaError('bad-input', 'There is no question among the messages.');
  // A conversation that the model began.
  if (turns[0]?.role === 'model') turns.unshift({ role: 'user', text: '' });
  return { turns, prefill };
}

/** One turn of what one side said without a break. */
function merged(spoken: readonly Turn[]): Turn[] {
  const turns: Turn[] = [];
  for (const { role, text } of spoken) {
    const last = turns.at(-1);
    if (last?.role === role) last.text += `\n\n${text}`;
    else turns.push({ role, text });
  }
  return turns;
}

function partText(part: ForeignPart): string {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'toolResult') return `\n[The tool answered:]\n${part.text}\n`;
  if (part.kind === 'toolCall')
    return `\n[Called the tool ${part.name} with ${JSON.stringify(part.input)}.]\n`;
  if (TEXTUAL.test(part.mimeType)) return new TextDecoder().decode(part.bytes);
  throw new GemmaError('bad-input', `The model reads text only, not ${part.mimeType}.`);
}
