import type { ChatParams, ChatResult, CompleteParams, CompleteResult } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';
import { chat } from './chat.ts';
import type { OnText } from './chat.ts';
import { chatText } from './chatRequest.ts';
import { complete } from './complete.ts';
import { canCount, countTokens } from './countTokens.ts';
import { chooseModel, contextOf, describeServer, fillInOf } from './describeServer.ts';
import type { FillIn, ServerDescription, ServerKind } from './describeServer.ts';
import type { Connection } from './http.ts';
import { TokenEstimate } from './tokenEstimate.ts';

/** A model of a server, and what it can do. */
export interface RemoteModel {
  readonly kind: ServerKind;
  readonly name: string;
  /** Longest prompt and answer together, in tokens. */
  readonly contextTokens: number;
}

/** Beyond it a list of texts is estimated: asking for each would take longer than it is worth. */
const MAX_COUNTED = 64;
/** Texts that were counted before are asked for again with every question of a conversation. */
const MAX_REMEMBERED = 2_000;

/** Gemma 1 and 2 and CodeGemma, whose own chat templates fail over a system turn. */
const WITHOUT_SYSTEM_TURN = /gemma(?![-_ ]?[3-9]n?(?:[-_:. ]|$))/iu;

/**
 * One model of a server of the person's that speaks OpenAI's protocol: answers what the inference process answers. What
 * the server is and can do is asked once; after a failure, again.
 */
export class RemoteEngine {
  readonly #connection: Connection;
  readonly #wanted: string;
  readonly #over = new AbortController();
  readonly #estimate = new TokenEstimate();
  readonly #counted = new Map<string, number>();
  #server: Promise<ServerDescription> | null = null;
  #fillIn: Promise<FillIn | null> | null = null;
  /** Learnt from a refusal. */
  #refusesSystemTurn = false;

  /** @param model empty: the server's first */
  constructor(connection: Connection, model: string) {
    this.#connection = connection;
    this.#wanted = model;
  }

  /** Ends what is open. */
  dispose(): void {
    this.#over.abort();
  }

  /** Names of the server's models. @throws GemmaError as describeServer */
  async models(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#described(signal)).models;
  }

  /** @throws GemmaError as describeServer; `no-model` when the server doesn't have the model */
  async describe(signal: AbortSignal): Promise<RemoteModel> {
    const server = await this.#described(signal);
    const name = chooseModel(this.#connection.address.host, server, this.#wanted);
    return { kind: server.kind, name, contextTokens: contextOf(server, name) };
  }

  /** How it completes at a cursor; null: it can't. @throws GemmaError as describe */
  async fillIn(signal: AbortSignal): Promise<FillIn | null> {
    const { kind, name } = await this.describe(signal);
    this.#fillIn ??= fillInOf(this.#connection, kind, name, this.#over.signal).catch((error: unknown) => {
      this.#fillIn = null;
      throw error;
    });
    return untilAborted(this.#fillIn, signal);
  }

  /** @throws GemmaError as `chat` of the layer; `cancelled` */
  async chat(params: Omit<ChatParams, 'stream'>, onText: OnText, signal: AbortSignal): Promise<ChatResult> {
    const { kind, name: model } = await this.describe(signal);
    const hasSystemTurn = !this.#refusesSystemTurn && !WITHOUT_SYSTEM_TURN.test(model);
    let heard = false;
    const told: OnText = (text) => {
      heard = true;
      if (!signal.aborted) onText(text);
    };
    const ask = (hasTurn: boolean): Promise<ChatResult> =>
      chat(this.#connection, { kind, model, hasSystemTurn: hasTurn }, params, told, signal);
    const result = await ask(hasSystemTurn).catch((error: unknown) => {
      // Templates that know no system role fail on it, each server with a status of its own.
      const isRefused = error instanceof GemmaError && /system/iu.test(error.message);
      if (heard || !isRefused || !hasSystemTurn || params.system === '') throw error;
      this.#refusesSystemTurn = true;
      return ask(false);
    });
    this.#estimate.learn(chatText(params), result.promptTokens);
    return result;
  }

  /** @throws GemmaError `no-model` when the server can't complete at a cursor; as `complete` of the layer */
  async complete(params: CompleteParams, signal: AbortSignal): Promise<CompleteResult> {
    const { name: model, contextTokens } = await this.describe(signal);
    const fillIn = await this.fillIn(signal);
    if (fillIn === null) throw cannotComplete(this.#connection.address.host, model);
    return complete(this.#connection, { model, fillIn, contextTokens }, params, signal);
  }

  /**
   * Of each text by itself: counted by the server where it does that, else estimated, rather too many than too few.
   *
   * @throws GemmaError as describe
   */
  async countTokens(texts: readonly string[], signal: AbortSignal): Promise<readonly number[]> {
    const { kind, name } = await this.describe(signal);
    const unknown = [...new Set(texts)].filter((text) => text !== '' && !this.#counted.has(text));
    if (canCount(kind) && unknown.length <= MAX_COUNTED) {
      const counts = await countTokens(this.#connection, kind, name, unknown, signal);
      for (const [index, text] of unknown.entries()) this.#remember(text, counts[index] ?? 0);
    }
    return this.estimate(texts);
  }

  /** As countTokens, but nothing is sent. */
  estimate(texts: readonly string[]): readonly number[] {
    return texts.map((text) => (text === '' ? 0 : (this.#counted.get(text) ?? this.#estimate.of(text))));
  }

  #described(signal: AbortSignal): Promise<ServerDescription> {
    this.#server ??= describeServer(this.#connection, this.#over.signal).catch((error: unknown) => {
      this.#server = null;
      throw error;
    });
    return untilAborted(this.#server, signal);
  }

  #remember(text: string, tokens: number): void {
    if (this.#counted.size === MAX_REMEMBERED) {
      const oldest = this.#counted.keys().next();
      if (oldest.done !== true) this.#counted.delete(oldest.value);
    }
    this.#counted.set(text, tokens);
  }
}

export function cannotComplete(host: string, model: string): GemmaError {
  return new GemmaError(
    'no-model',
    `${host} can't complete at a cursor with ${model}. Choose a model that was trained to, such as CodeGemma 2B, or use the server for the chat alone.`,
  );
}

/** Of work that goes on, since others may wait for it. @throws GemmaError `cancelled` at once when `signal` aborts */
function untilAborted<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new GemmaError('cancelled', 'The request was cancelled.'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    void shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
