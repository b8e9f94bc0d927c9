import { randomInt } from 'node:crypto';
import * as vscode from 'vscode';
import { answerQuestion } from '../../chat/answerQuestion.ts';
import type { Sent } from '../../chat/answerQuestion.ts';
import type { Answer, AnswerEnd, AnswerStatistics, Id, Message } from '../../chat/conversation.ts';
import type { Sampling } from '../../protocol/engine.ts';
import type { ChatResult } from '../../protocol/engine.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import type { OpenConversation } from '../../conversations/openConversation.ts';
import type { ChatModel } from './chatModel.ts';

/** What is said of an answer while it is written. */
export interface AnswerEvents {
  onSent(id: string, sent: Sent): void;
  onProgress(answer: Answer, progress: string): void;
  onText(text: { readonly thought: string; readonly answer: string }): void;
}

/** Close to the likeliest words, as code wants it; K and P as Gemma's model cards recommend. */
function samplingNow(): Sampling {
  return { temperature: 0.2, topK: 64, topP: 0.95, seed: randomInt(2 ** 31) };
}

/** An answer that is being written; what the model says goes to disk as it comes. */
export class Answering {
  readonly conversation: OpenConversation;
  readonly #abort = new AbortController();
  #answer: Answer;

  private constructor(conversation: OpenConversation, answer: Answer) {
    this.conversation = conversation;
    this.#answer = answer;
  }

  /** All there is of it, saved or not. */
  get answer(): Answer {
    return this.#answer;
  }

  stop(): void {
    this.#abort.abort();
  }

  /**
   * Answers a question with all that was said before it. Resolves when the answer is saved, however it ended.
   *
   * @throws GemmaError `disk-full` when it can't be saved
   */
  static async run(
    model: ChatModel,
    conversation: OpenConversation,
    question: Id,
    events: AnswerEvents,
    onBegin: (answering: Answering) => void,
  ): Promise<{ readonly answer: Answer; readonly result: ChatResult | null }> {
    const { messages } = conversation.conversation;
    const asked = messages.slice(0, messages.findIndex(({ id }) => id === question) + 1);
    const name = model.info?.name ?? '';
    const writer = await conversation.beginAnswer(name, question);
    const answering = new Answering(conversation, {
      role: 'model',
      id: writer.id,
      time: Date.now(),
      text: '',
      thought: '',
      end: null,
      model: name,
    });
    onBegin(answering);
    const { result, ...end } = await answering.#ask(model, asked, events, (text, thought) =>
      writer.push(text, thought),
    );
    answering.#answer = { ...answering.#answer, ...end };
    const { end: ending, ...rest } = end;
    await writer.end(ending, rest);
    return { answer: answering.#answer, result };
  }

  async #ask(
    model: ChatModel,
    messages: readonly Message[],
    events: AnswerEvents,
    save: (text: string, thought: string) => void,
  ): Promise<Ending> {
    const { signal } = this.#abort;
    const { id } = this.#answer;
    try {
      await model.ready(signal);
      const options = { sampling: samplingNow(), thinking: false };
      const result = await answerQuestion(model.engine(signal), messages, options, {
        onSent: (sent) => events.onSent(id, sent),
        onPart: (part, parts) =>
          events.onProgress(this.#answer, vscode.l10n.t('Reading part {0} of {1}', part, parts)),
        onText: (text) => {
          const { text: before, thought } = this.#answer;
          this.#answer = { ...this.#answer, text: before + text.answer, thought: thought + text.thought };
          save(text.answer, text.thought);
          events.onText(text);
        },
      });
      const { promptTokens, cachedTokens, tokens, prefillMs, decodeMs } = result;
      const statistics = { promptTokens, cachedTokens, tokens, prefillMs, decodeMs };
      return { end: result.ended, statistics, result };
    } catch (error) {
      return { ...endOf(error, signal), result: null };
    }
  }
}

interface Ending {
  readonly end: AnswerEnd;
  readonly error?: string;
  readonly statistics?: AnswerStatistics;
  readonly result: ChatResult | null;
}

function endOf(error: unknown, signal: AbortSignal): Pick<Ending, 'end' | 'error'> {
  if (signal.aborted) return { end: 'cancelled' };
  const { code, message } = toGemmaError(error);
  if (code === 'cancelled') return { end: 'cancelled' };
  if (code === 'engine-stopped') return { end: 'interrupted' };
  return { end: 'failed', error: message };
}
