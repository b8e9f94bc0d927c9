import { GemmaError } from '../../protocol/errors.ts';
import { commonPrefix } from '../kv/commonPrefix.ts';
import type { ChatTemplateName } from '../model/chatTemplateName.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { AnswerStream, type ThoughtBorders } from './answerStream.ts';
import { chatTemplates } from './chatTemplates.ts';
import { type Control, requireFixedControl } from './requireControl.ts';

export type Turn = UserTurn | ModelTurn;

export interface UserTurn {
  readonly role: 'user';
  readonly text: string;
}

/**
 * An answer as it was generated, what was prefilled included and the stop token not; or its text, where the tokens are
 * unknown. Only the tokens are sure to continue what the KV cache holds: encoding the text can give others.
 */
export type ModelTurn =
  | { readonly role: 'model'; readonly tokens: readonly number[] }
  | { readonly role: 'model'; readonly text: string };

export interface Conversation {
  readonly system: string;
  /** Whether the model shall think before it answers; models that can't ignore it. */
  readonly thinking: boolean;
  /** User and model by turns, a user's first and last. */
  readonly turns: readonly Turn[];
}

export interface ChatPrompt {
  /** Everything the model is shown, up to where it goes on. */
  readonly tokens: readonly number[];
  /** The part at their end that the answer begins with. */
  readonly prefilled: readonly number[];
  /** Tokens at their start that are the same in all conversations with this system text; 0: it has none. */
  readonly stem: number;
}

/** ThoughtControls by id. */
interface ThoughtIds extends ThoughtBorders {
  readonly think: number;
  readonly closedWhenOff: boolean;
}

/**
 * Conversations as tokens of one model. Text never becomes a control token.
 *
 * A conversation only grows at its end: `prompt(c).tokens`, then the tokens generated, are the beginning of the next
 * turn's prompt, as long as the answers have no thoughts. Those are left out of later prompts, as the models' own
 * templates do; then the prompts are alike up to the last answer.
 */
export class ChatFormat {
  /** Ids that end an answer. */
  readonly stops: ReadonlySet<number>;
  readonly #tokenizer: Tokenizer;
  readonly #hasSystemTurn: boolean;
  readonly #start: number;
  readonly #end: readonly number[];
  readonly #thought: ThoughtIds | null;

  /** @throws GemmaError `model-damaged` when the tokenizer lacks a control token of the template */
  constructor(name: ChatTemplateName, tokenizer: Tokenizer) {
    const template = chatTemplates[name];
    const id = (control: Control): number => requireFixedControl(tokenizer, control, 'the chat template');
    this.#tokenizer = tokenizer;
    this.#hasSystemTurn = template.hasSystemTurn;
    this.#start = id(template.turnStart);
    const turnEnd = id(template.turnEnd);
    this.#end = [turnEnd, ...tokenizer.encode('\n')];
    this.stops = new Set([tokenizer.eos, turnEnd, ...template.otherStops.map(id)]);
    const { thought } = template;
    this.#thought = thought && {
      think: id(thought.think),
      open: id(thought.open),
      close: id(thought.close),
      closedWhenOff: thought.closedWhenOff,
    };
  }

  /**
   * @param prefill what the answer must begin with, taken as it is
   * @throws GemmaError `bad-input` unless the turns alternate from a user's to a user's, and for a prefill where the
   * model would think first
   */
  prompt(conversation: Conversation, prefill = ''): ChatPrompt {
    const { turns, thinking } = conversation;
    if (!isOrdered(turns) || turns.length % 2 === 0) {
      throw new GemmaError('bad-input', 'The turns of a conversation must alternate, from a user to a user.');
    }
    if (prefill !== '' && thinking && this.#thought !== null) {
      throw new GemmaError('bad-input', "A model that thinks first can't be given the start of its answer.");
    }
    const prefilled = this.#tokenizer.encode(prefill);
    const tokens = [...this.#told(conversation), ...this.#openAnswer(thinking), ...prefilled];
    return { tokens, prefilled, stem: commonPrefix(this.#stem(conversation), tokens) };
  }

  /**
   * What the prompt of the next question will begin with, whatever is asked.
   *
   * @throws GemmaError `bad-input` unless the turns alternate from a user's to the model's
   */
  past(conversation: Conversation): Omit<ChatPrompt, 'prefilled'> {
    const { turns } = conversation;
    if (!isOrdered(turns) || turns.length === 0 || turns.length % 2 === 1) {
      throw new GemmaError('bad-input', 'Only after an answer of the model a question can come.');
    }
    const tokens = this.#told(conversation);
    return { tokens, stem: commonPrefix(this.#stem(conversation), tokens) };
  }

  /** Whether the token opens or closes a thought. */
  isBorder(token: number): boolean {
    return token === this.#thought?.open || token === this.#thought?.close;
  }

  /** For what the model generates, without the stop token; push `prefilled` first to have it in the text. */
  answer(): AnswerStream {
    return new AnswerStream(this.#tokenizer, this.#thought);
  }

  #told(conversation: Conversation): number[] {
    const told = conversation.turns.map((turn, i) =>
      turn.role === 'user'
        ? this.#user(turn, i === 0 ? conversation.system : '')
        : this.#answered(turn, conversation.thinking),
    );
    return [this.#tokenizer.bos, ...this.#systemTurn(conversation), ...told.flat()];
  }

  /** What stands in front of a first question, as far as that doesn't change it. */
  #stem(conversation: Conversation): number[] {
    const system = conversation.system.trim();
    if (system === '') return [];
    if (this.#hasSystemTurn) return [this.#tokenizer.bos, ...this.#systemTurn(conversation)];
    return [this.#tokenizer.bos, ...this.#open('user'), ...this.#tokenizer.encode(`${system}\n\n`)];
  }

  #systemTurn({ system, thinking }: Conversation): number[] {
    if (!this.#hasSystemTurn) return [];
    const think =
      thinking && this.#thought !== null ? [this.#thought.think, ...this.#tokenizer.encode('\n')] : [];
    if (think.length === 0 && system.trim() === '') return [];
    return [...this.#open('system'), ...think, ...this.#text(system), ...this.#end];
  }

  /** Without a system turn, its text stands in front of the first user's. */
  #user({ text }: UserTurn, system: string): number[] {
    const isAlone = this.#hasSystemTurn || system.trim() === '';
    const all = isAlone ? text : `${system.trim()}\n\n${text.trim()}`;
    return [...this.#open('user'), ...this.#text(all), ...this.#end];
  }

  #answered(turn: ModelTurn, thinking: boolean): number[] {
    const said = 'text' in turn ? this.#text(turn.text) : this.#said(turn.tokens);
    return [...this.#openAnswer(thinking), ...said, ...this.#end];
  }

  #openAnswer(thinking: boolean): number[] {
    const opening = this.#open('model');
    if (thinking || this.#thought?.closedWhenOff !== true) return opening;
    return [...opening, this.#thought.open, ...this.#tokenizer.encode('thought\n'), this.#thought.close];
  }

  #open(role: 'system' | 'user' | 'model'): number[] {
    return [this.#start, ...this.#tokenizer.encode(`${role}\n`)];
  }

  /** The templates trim, so that the end of the turn follows the last word. */
  #text(text: string): number[] {
    return this.#tokenizer.encode(text.trim());
  }

  /** An answer without the thoughts that say something, and without control tokens, which no answer should have. */
  #said(answer: readonly number[]): number[] {
    const said: number[] = [];
    let thought: number[] | null = null;
    for (const id of answer) {
      if (id === this.#thought?.open) thought = [id];
      else if (id === this.#thought?.close) {
        if (thought !== null && this.#isEmpty(thought)) said.push(...thought, id);
        thought = null;
      } else if (!this.#tokenizer.isControl(id)) (thought ?? said).push(id);
    }
    return said;
  }

  /** Nothing but the line with the channel's name. */
  #isEmpty(thought: readonly number[]): boolean {
    return /^[^\n]*\s*$/.test(this.#tokenizer.decode(thought));
  }
}

function isOrdered(turns: readonly Turn[]): boolean {
  return turns.every((turn, i) => turn.role === (i % 2 === 0 ? 'user' : 'model'));
}
