import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { GemmaError } from '../../../protocol/errors.ts';
import type { Network } from '../../../protocol/models.ts';
import { broken, falseAnswer, HubFault } from './hubFault.ts';
import { cancelled, type Timing } from './patience.ts';
import { trustedCertificates } from './trustedCertificates.ts';

export interface HubResponse {
  readonly status: number;
  /** Who answered; the endpoint may have pointed to another host. */
  readonly url: URL;
  readonly fromEndpoint: boolean;
  /** What the endpoint said of a file before it pointed to another host. */
  readonly linked: { readonly etag: string | null; readonly size: string | null };
  readonly body: Dispatcher.ResponseData['body'];
  header(name: string): string | null;
}

/** The hub uses one; a mirror may put itself before it. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Never through a proxy. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const CERTIFICATE_ERROR = /CERT|SIGNATURE|ISSUER|ERR_TLS|PRX_TLS/;

/** Requests to one hub or mirror, through the proxy and with the certificates that a person wants. */
export class HubConnection {
  readonly timing: Timing;
  /** Without a slash at the end. */
  readonly #endpoint: URL;
  readonly #token: string | null;
  readonly #dispatcher: Dispatcher;

  private constructor(endpoint: URL, token: string | null, dispatcher: Dispatcher, timing: Timing) {
    this.#endpoint = endpoint;
    this.#token = token;
    this.#dispatcher = dispatcher;
    this.timing = timing;
  }

  /** @throws GemmaError `bad-input` when endpoint or proxy can't be used */
  static async open(network: Network, timing: Timing): Promise<HubConnection> {
    const endpoint = new URL(network.endpoint);
    const { username, password, search, hash } = endpoint;
    if (!isSafe(endpoint, endpoint) || [username, password, search, hash].join('') !== '') {
      throw new GemmaError(
        'bad-input',
        'The endpoint must be a plain https address, without a name or password in it.',
      );
    }
    const ca = await trustedCertificates(network.systemCertificates);
    const trust = ca === undefined ? {} : { ca };
    try {
      const dispatcher = new EnvHttpProxyAgent({
        ...proxyOf(network),
        noProxy: noProxyOf(network),
        connect: { ...trust, timeout: timing.stallMs },
        requestTls: { ...trust, timeout: timing.stallMs },
        proxyTls: { ...trust, rejectUnauthorized: network.strictProxyCertificate, timeout: timing.stallMs },
        headersTimeout: timing.stallMs,
        bodyTimeout: timing.stallMs,
      });
      return new HubConnection(endpoint, network.token, dispatcher, timing);
    } catch (cause) {
      throw new GemmaError('bad-input', 'The proxy that is set can not be used: check its address.', {
        cause,
      });
    }
  }

  get sendsToken(): boolean {
    return this.#token !== null;
  }

  get host(): string {
    return this.#endpoint.host;
  }

  /**
   * The answer to a GET, whatever its status, after redirects. Its body must be read or destroyed.
   *
   * @param path below the endpoint, from its slash on
   * @throws HubFault; GemmaError `network` (certificate, proxy), `cancelled`
   */
  async get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HubResponse> {
    let url = new URL(`${this.#endpoint.href.replace(/\/+$/, '')}${path}`);
    let linked: HubResponse['linked'] = { etag: null, size: null };
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#ask(url, headers, signal);
      if (response.fromEndpoint) {
        linked = {
          etag: response.header('x-linked-etag') ?? linked.etag,
          size: response.header('x-linked-size') ?? linked.size,
        };
      }
      if (!REDIRECTS.has(response.status)) return { ...response, linked };
      response.body.destroy();
      const location = response.header('location') ?? '';
      const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
      if (next === null || !isSafe(next, this.#endpoint)) {
        throw falseAnswer(`${url.host} pointed to an address that is not https.`);
      }
      url = next;
    }
    throw falseAnswer(`${this.#endpoint.host} pointed from one address to the next without end.`);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #ask(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Omit<HubResponse, 'linked'>> {
    const fromEndpoint = url.origin === this.#endpoint.origin;
    try {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(url, {
        dispatcher: this.#dispatcher,
        signal,
        headers: {
          'user-agent': 'gemma-code',
          // Ranges and lengths are of the bytes themselves.
          'accept-encoding': 'identity',
          ...headers,
          ...(fromEndpoint && this.#token !== null && { authorization: `Bearer ${this.#token}` }),
        },
      });
      // Whoever reads it listens as well; a body that nobody reads may break without harm.
      body.on('error', () => undefined);
      return {
        status: statusCode,
        url,
        fromEndpoint,
        body,
        header: (name) => [answered[name]].flat()[0] ?? null,
      };
    } catch (error) {
      if (signal.aborted) throw cancelled();
      throw explain(error, url.host);
    }
  }
}

/** https, or http on the own machine when the endpoint itself is there. */
function isSafe(url: URL, endpoint: URL): boolean {
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isLoopback(url) && isLoopback(endpoint);
}

function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.includes(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function proxyOf({ proxy }: Network): { httpProxy?: string; httpsProxy?: string; token?: string } {
  if (proxy === null) return {};
  const { username, password } = new URL(proxy);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    httpProxy: proxy,
    httpsProxy: proxy,
    ...(username !== '' && { token: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
}

function noProxyOf({ noProxy }: Network): string {
  const environment = process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '';
  const hosts = [...LOOPBACK, ...noProxy, ...environment.split(/[,\s]+/)];
  return hosts.includes('*') ? '*' : hosts.join(',');
}

function explain(error: unknown, host: string): HubFault | GemmaError {
  const { code = '', message = '' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (CERTIFICATE_ERROR.test(code)) {
    return new GemmaError(
      'network',
      `The certificate of ${host}, or of the proxy before it, is not trusted (${code}). If your network checks connections, let the system's certificates be used.`,
      { cause: error },
    );
  }
  const refused = /^Proxy response \((\d+)\)/.exec(message)?.[1];
  if (refused === '407') {
    return new GemmaError('network', 'The proxy wants a name and a password: put them into its address.', {
      cause: error,
    });
  }
  const what =
    refused === undefined
      ? `${host} can't be reached (${code === '' ? 'connection lost' : code}).`
      : `The proxy does not let us reach ${host} (${refused}).`;
  return broken(what, { cause: error });
}
