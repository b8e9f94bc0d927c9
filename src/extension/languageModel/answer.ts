import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Sampling } from '../../protocol/engine.ts';
import { GemmaError } from '../../protocol/errors.ts';
import type { OfferedModel } from './offeredModel.ts';
import type { ForeignConversation } from './turns.ts';

/** As the model cards of all Gemma generations recommend. */
const recommended = { temperature: 1, topK: 64, topP: 0.95 };
const MAX_SEED = 2 ** 31;

/** Options that other extensions may give under these usual names; what makes no sense is left out. */
const ModelOptions = v.object({
  temperature: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))), undefined),
  top_p: v.fallback(v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))), undefined),
  max_tokens: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined),
  seed: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined),
});
export type ModelOptions = v.InferOutput<typeof ModelOptions>;

export function readModelOptions(options: unknown): ModelOptions {
  const parsed = v.safeParse(ModelOptions, options);
  return parsed.success ? parsed.output : {};
}

/**
 * Writes the answer to a conversation, without what it was given to begin with.
 *
 * @param maxTokens the longest answer, where the options allow so much
 * @throws GemmaError as OfferedModel.chat; CancellationError
 */
export async function answerConversation(
  model: Pick<OfferedModel, 'chat'>,
  conversation: ForeignConversation,
  maxTokens: number,
  options: ModelOptions,
  onAnswer: (text: string) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const stop = new AbortController();
  const cancellation = token.onCancellationRequested(() => stop.abort());
  if (token.isCancellationRequested) stop.abort();
  let given = conversation.prefill.length;
  try {
    await model.chat(
      {
        ...conversation,
        purpose: 'chat',
        thinking: false,
        maxTokens: Math.min(maxTokens, options.max_tokens ?? maxTokens),
        sampling: samplingOf(options),
      },
      ({ answer }) => {
        const text = answer.slice(given);
        given = Math.max(0, given - answer.length);
        if (text !== '') onAnswer(text);
      },
      stop.signal,
    );
  } catch (error) {
    const isCancelled = error instanceof GemmaError && error.code === 'cancelled';
    throw isCancelled ? new vscode.CancellationError() : error;
  } finally {
    cancellation.dispose();
  }
}

function samplingOf({ temperature, top_p: topP, seed }: ModelOptions): Sampling {
  return {
    temperature: temperature ?? recommended.temperature,
    topK: recommended.topK,
    topP: topP ?? recommended.topP,
    seed: seed ?? Math.floor(Math.random() * MAX_SEED),
  };
}
