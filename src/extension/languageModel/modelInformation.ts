import type { EngineStatus } from '../engine.ts';
import { isRemote, nameWithHost } from '../remote/remoteModelInfo.ts';
import type { RunningModel } from '../remote/remoteModelInfo.ts';

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
const MAX_ANSWER_TOKENS = 4_096;

/** The model that can converse; null: there is none. While the engine starts anew, the one it had. */
export function chatModelAfter(status: EngineStatus, last: RunningModel | null): RunningModel | null {
  if (status.name === 'ready' || status.name === 'working') return status.model.chat ? status.model : null;
  return status.name === 'off' || status.name === 'failed' ? null : last;
}

export function informationOf(model: RunningModel): ModelInformation {
  const maxOutputTokens = Math.min(MAX_ANSWER_TOKENS, model.chatContextTokens >> 1);
  return {
    id: model.name,
    name: nameWithHost(model),
    family: isRemote(model) && !/gemma/iu.test(model.name) ? 'other' : 'gemma',
    version: isRemote(model) ? 'remote' : `${model.architecture}-${model.quantization}`,
    maxInputTokens: model.chatContextTokens - maxOutputTokens,
    maxOutputTokens,
    capabilities: { toolCalling: false, imageInput: false },
  };
}
