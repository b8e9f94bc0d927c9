import type { EngineClient } from '../client/engineClient.ts';
import type { RequestParams, RequestResult } from '../protocol/engine.ts';
import { GemmaError } from '../protocol/errors.ts';

type Turn = RequestParams<'chat'>['turns'][number];

/** As the model cards of all Gemma generations recommend. */
const recommended = { temperature: 1, topK: 64, topP: 0.95 };
const MAX_SEED = 2 ** 31;

/** A conversation in a terminal with the loaded model. */
export class Conversation {
  readonly #client: EngineClient;
  readonly #system: string;
  readonly #maxTokens: number;
  readonly #turns: Turn[] = [];
  #streams = 0;

  private constructor(client: EngineClient, system: string, maxTokens: number) {
    this.#client = client;
    this.#system = system;
    this.#maxTokens = maxTokens;
  }

  /** @throws GemmaError as a load does; `bad-input` when the model can't converse */
  static async start(
    client: EngineClient,
    load: RequestParams<'load'>,
    system: string,
  ): Promise<Conversation> {
    const { name, chat, chatContextTokens } = await client.call('load', load);
    if (chat) return new Conversation(client, system, chatContextTokens);
    throw new GemmaError(
      'bad-input',
      `${name} was not trained for conversations; name an instruction-tuned model with --model.`,
    );
  }

  /**
   * Answers the next question. What was written of an answer that was stopped, or failed, is part of the conversation.
   *
   * @param onText hears the answer as it is written
   * @throws GemmaError as the engine; `cancelled` when `signal` aborts
   */
  async ask(
    question: string,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<RequestResult<'chat'>> {
    const stream = String(++this.#streams);
    let heard = '';
    const told = this.#client.onEvent('chatText', ({ stream: name, answer }) => {
      if (name !== stream || signal.aborted) return;
      heard += answer;
      onText(answer);
    });
    const asked: Turn = { role: 'user', text: question };
    try {
      const request: RequestParams<'chat'> = {
        stream,
        purpose: 'chat',
        system: this.#system,
        turns: [...this.#turns, asked],
        prefill: '',
        thinking: false,
        maxTokens: this.#maxTokens,
        sampling: { ...recommended, seed: Math.floor(Math.random() * MAX_SEED) },
      };
      return await this.#client.call('chat', request, signal);
    } finally {
      told.dispose();
      if (heard !== '') this.#turns.push(asked, { role: 'model', text: heard });
    }
  }
}
