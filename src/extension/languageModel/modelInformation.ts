import type { ModelInfo } from '../../protocol/engine.ts';
import type { EngineStatus } from '../engine.ts';

/** What VS Code shows of a model, and what other extensions choose it by. */
export interface ModelInformation {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly version: string;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly capabilities: { readonly toolCalling: false; readonly imageInput: false };
}

/** More than an answer should have, and at most half of the context. */
export const MAX_ANSWER_TOKENS = 4_096;

/** A model as it was when it was loaded for what the person had chosen. */
export interface KnownModel {
  readonly chosen: string;
  readonly model: ModelInfo;
}

/** The model to offer for what is `chosen`, whether it is loaded or not; null: none that converses, or none known yet. */
export function offered(chosen: string, status: EngineStatus, known: KnownModel | null): ModelInfo | null {
  if (chosen === '' || status.name === 'failed') return null;
  if (status.name === 'ready' || status.name === 'working') return status.model.chat ? status.model : null;
  return known?.chosen === chosen ? known.model : null;
}

export function informationOf(model: ModelInfo): ModelInformation {
  const maxOutputTokens = Math.min(MAX_ANSWER_TOKENS, model.chatContextTokens >> 1);
  return {
    id: model.name,
    name: model.name,
    family: 'gemma',
    version: `${model.architecture}-${model.quantization}`,
    maxInputTokens: model.chatContextTokens - maxOutputTokens,
    maxOutputTokens,
    capabilities: { toolCalling: false, imageInput: false },
  };
}
