import { GemmaError } from '../../../protocol/errors.ts';
import type { HubConnection, HubResponse } from './hubConnection.ts';
import { broken, falseAnswer, type HubFault, refusedElsewhere, webPage } from './hubFault.ts';

/** Statuses that another try may change. */
const BUSY = new Set([408, 425, 429]);

/** Why an answer can't be used, by its status and its kind; null: it can. */
export function refusalOf(
  response: HubResponse,
  hub: HubConnection,
  repository: string,
): GemmaError | HubFault | null {
  const { status, url } = response;
  if (status === 200 || status === 206) return isWebPage(response) ? webPage(url.host) : null;
  if (BUSY.has(status) || status >= 500) {
    return broken(`${url.host} is too busy (${status}).`, { waitMs: retryAfter(response) });
  }
  if (!response.fromEndpoint) return refusedElsewhere(url.host, status);
  if (status === 404) return missing(response, hub, repository);
  if (status === 401 || status === 403) {
    const errorCode = response.header('x-error-code');
    // A firewall's page, and no word of the hub.
    if (errorCode === null && status === 403 && isWebPage(response)) return webPage(url.host);
    return forbidden(status, errorCode === 'GatedRepo', hub, repository);
  }
  return falseAnswer(`${url.host} gave an answer that nobody expects (${status}).`);
}

function missing(response: HubResponse, { host }: HubConnection, repository: string): GemmaError {
  const what =
    response.header('x-error-code') === 'RevisionNotFound'
      ? `${repository} at ${host} does not have the revision of the catalogue.`
      : `${host} does not have ${repository}, or a file of it.`;
  return new GemmaError('bad-input', `${what} Choose another model or endpoint.`);
}

function forbidden(
  status: 401 | 403,
  isGated: boolean,
  { host, sendsToken }: HubConnection,
  repository: string,
): GemmaError {
  if (!sendsToken) {
    return new GemmaError(
      'unauthorized',
      `${host} wants an access token for ${repository}: accept the licence on its page, then enter a token that may read.`,
    );
  }
  if (status === 403 && isGated) {
    return new GemmaError(
      'licence',
      `The licence of ${repository} has not been accepted with this account: accept it on the page of the model, then try again.`,
    );
  }
  return new GemmaError(
    'unauthorized',
    `${host} does not accept the access token for ${repository}: it has expired, or may not read models behind a licence.`,
  );
}

/** In milliseconds; 0: it says nothing. */
function retryAfter(response: HubResponse): number {
  const value = response.header('retry-after') ?? '';
  const seconds = /^\d{1,6}$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : 0;
}

function isWebPage(response: HubResponse): boolean {
  return /^(?:text\/html|application\/xhtml)/i.test(response.header('content-type') ?? '');
}
