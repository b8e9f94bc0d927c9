import * as v from 'valibot';
import { GemmaError } from '../protocol/errors.ts';
import { piecesOf } from '../text/hiddenCharacters.ts';

const MAX_WORDS = 300;

const Words = v.string();
/** As OpenAI, vLLM, Ollama, FastAPI and others put it. */
const Complaint = v.union([
  v.pipe(
    v.object({ error: v.object({ message: Words }) }),
    v.transform(({ error }) => error.message),
  ),
  v.pipe(
    v.object({ error: Words }),
    v.transform(({ error }) => error),
  ),
  v.pipe(
    v.object({ message: Words }),
    v.transform(({ message }) => message),
  ),
  v.pipe(
    v.object({ detail: Words }),
    v.transform(({ detail }) => detail),
  ),
]);

/** What a server says of its failure, in one line without anything unseen; empty: nothing. */
export function complaintOf(body: unknown): string {
  const { success, output } = v.safeParse(Complaint, body);
  if (!success) return '';
  const seen = piecesOf(output.slice(0, MAX_WORDS)).map((piece) => (typeof piece === 'string' ? piece : ' '));
  return seen.join('').replaceAll(/\s+/gu, ' ').trim();
}

/**
 * What an HTTP status other than success means for a person.
 *
 * @returns with the status as its cause where the server is there and may answer the next time
 * @param words of the server; empty where they must not be told, since they may repeat what was sent
 */
export function statusError(host: string, status: number, words: string): GemmaError {
  const said = words === '' ? '' : ` It says: ${words}`;
  switch (status) {
    case 401:
      return new GemmaError(
        'unauthorized',
        `${host} wants a token, or refuses the one it was given. Set it by “Set Remote Server Token…”.`,
      );
    case 403:
      return new GemmaError(
        'unauthorized',
        `${host} does not allow this with the token it was given.${said}`,
      );
    case 404:
    case 501:
      return new GemmaError('no-model', `${host} does not have this model, or cannot do this.${said}`);
    case 429:
      return new GemmaError('network', `${host} is busy or your quota is used up. Try again later.${said}`, {
        cause: status,
      });
    case 500:
      return new GemmaError('network', `${host} failed (500). Try again, or look into its log.${said}`, {
        cause: status,
      });
    default:
      return status > 500
        ? new GemmaError('network', `${host} failed (${status}). Try again, or look into its log.${said}`)
        : new GemmaError('bad-input', `${host} refuses the request (${status}).${said}`);
  }
}

/** Codes of Node and undici by what they mean. */
const reasons: readonly (readonly [RegExp, (host: string) => GemmaError])[] = [
  [/^ECONNREFUSED$/u, (host) => network(`Nothing answers at ${host}. Is the server running?`)],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/u, (host) => network(`${host} is unknown to the network.`)],
  [/TIMEOUT|ETIMEDOUT/u, (host) => network(`${host} does not answer in time.`)],
  [
    /CERT|SELF_SIGNED|VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/u,
    (host) =>
      new GemmaError(
        'untrusted',
        `The certificate of ${host} is not trusted on this machine, or it does not speak https there.`,
      ),
  ],
];

/** What kept a request from being answered. */
export function connectionError(host: string, error: unknown): GemmaError {
  if (error instanceof GemmaError) return error;
  const code = codeOf(error);
  const reason = reasons.find(([pattern]) => pattern.test(code));
  return reason === undefined
    ? new GemmaError('network', `The connection to ${host} broke.`, { cause: error })
    : reason[1](host);
}

function network(message: string): GemmaError {
  return new GemmaError('network', message);
}

/** Of the error or of what caused it, however deep. */
function codeOf(error: unknown): string {
  for (let depth = 0, current = error; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    // Of several addresses that were tried.
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return '';
}
