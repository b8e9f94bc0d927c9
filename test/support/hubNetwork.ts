import { HubConnection } from '../../src/inference/store/hub/hubConnection.ts';
import type { Timing } from '../../src/inference/store/hub/patience.ts';
import type { Network } from '../../src/protocol/models.ts';

/** As patient as the product, in a hundredth of the time. */
export const FAST: Timing = {
  stallMs: 300,
  firstWaitMs: 1,
  longestWaitMs: 20,
  giveUpMs: 300,
  falseAnswers: 4,
};

export function networkTo(endpoint: string, more: Partial<Network> = {}): Network {
  return {
    endpoint,
    token: null,
    proxy: null,
    noProxy: [],
    strictProxyCertificate: true,
    systemCertificates: false,
    ...more,
  };
}

export interface OpenHub extends AsyncDisposable {
  readonly hub: HubConnection;
}

export async function connectTo(endpoint: string, more: Partial<Network> = {}): Promise<OpenHub> {
  const hub = await HubConnection.open(networkTo(endpoint, more), FAST);
  return { hub, [Symbol.asyncDispose]: () => hub.close() };
}
