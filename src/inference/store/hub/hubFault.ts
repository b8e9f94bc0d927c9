import { GemmaError } from '../../../protocol/errors.ts';

/**
 * Something that may be better the next time. `broken`: the connection or the server failed; `false`: the answer isn't
 * what was asked for.
 */
export class HubFault extends Error {
  override readonly name = 'HubFault';
  readonly kind: 'broken' | 'false';
  /** What the server asked to wait, in milliseconds; 0: it didn't say. */
  readonly waitMs: number;
  /** What a person is told when it doesn't get better. */
  readonly final: GemmaError;

  constructor(kind: HubFault['kind'], final: GemmaError, waitMs = 0) {
    super(final.message, { cause: final });
    this.kind = kind;
    this.waitMs = waitMs;
    this.final = final;
  }
}

/** @param what a sentence that says what broke */
export function broken(what: string, options: { waitMs?: number; cause?: unknown } = {}): HubFault {
  const { waitMs, cause } = options;
  const message = `${what} What was received is kept: try again when the connection is better.`;
  return new HubFault('broken', new GemmaError('network', message, { cause }), waitMs);
}

/** @param what a sentence that says what was wrong with the answer */
export function falseAnswer(what: string): HubFault {
  const message = `${what} It was not used. Try again, or choose another endpoint.`;
  return new HubFault('false', new GemmaError('untrusted', message));
}

/** A captive portal, or a firewall that explains itself. */
export function webPage(host: string): HubFault {
  const message = `${host} answered with a web page instead of the model. Sign in to the network in a browser, or check the proxy.`;
  return new HubFault('false', new GemmaError('network', message));
}

/** An address that the hub gave out may have expired; then it gives a new one. */
export function refusedElsewhere(host: string, status: number): HubFault {
  const message = `${host}, where the hub keeps the file, does not give it out (${status}). Try again, or choose another endpoint.`;
  return new HubFault('false', new GemmaError('network', message));
}
