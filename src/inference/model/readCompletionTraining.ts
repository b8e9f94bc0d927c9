import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import { type CompletionTraining, CompletionTrainingSchema } from './modelManifest.ts';

const Config = v.object({ completion: v.optional(CompletionTrainingSchema) });

/**
 * Our own key of a config.json: how the model was trained to complete code; null when it says nothing.
 *
 * @throws GemmaError `model-damaged` when the key is there but invalid
 */
export function readCompletionTraining(config: unknown): CompletionTraining | null {
  const parsed = v.safeParse(Config, config);
  if (parsed.success) return parsed.output.completion ?? null;
  const [{ message }] = parsed.issues;
  throw new GemmaError('model-damaged', `"completion" in config.json is invalid: ${message}.`);
}
