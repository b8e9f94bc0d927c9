import type { ModelInfo } from '../../protocol/engine.ts';
import type { ServerAddress } from '../../remote/serverAddress.ts';

/** A model of a server of the person's, as far as anybody here needs to know it. */
export interface RemoteModelInfo extends Pick<
  ModelInfo,
  'name' | 'chat' | 'contextTokens' | 'chatContextTokens' | 'languages'
> {
  readonly server: ServerAddress;
}

/** Whoever answers for a role. */
export type RunningModel = ModelInfo | RemoteModelInfo;

export function isRemote(model: RunningModel): model is RemoteModelInfo {
  return 'server' in model;
}

/** With where its text goes, which comes first: it must be seen where room is scarce. */
export function nameWithHost(model: RunningModel): string {
  return isRemote(model) ? `→ ${model.server.host} · ${model.name}` : model.name;
}
