import * as v from 'valibot';
import type { Network } from '../../protocol/models.ts';
import { GemmaError } from '../../protocol/errors.ts';

/** Of VS Code's own settings, as a person wrote them. */
export type HttpSettings = (
  id: 'http.proxy' | 'http.proxySupport' | 'http.noProxy' | 'http.proxyStrictSSL' | 'http.systemCertificates',
) => unknown;

const Hosts = v.array(v.pipe(v.string(), v.maxLength(255)));
const Url = v.pipe(v.string(), v.url(), v.maxLength(2_048));

/**
 * How the hub is reached: by the person's own settings, and by the environment where they say nothing.
 *
 * @param token of the endpoint's origin
 * @throws GemmaError `bad-input` for an endpoint or a proxy that is no address
 */
export function networkOf(endpoint: string, token: string | null, http: HttpSettings): Network {
  return {
    endpoint: hubAddress(endpoint),
    token,
    proxy: proxyOf(http('http.proxy')),
    noProxy:
      http('http.proxySupport') === 'off' ? ['*'] : v.parse(v.fallback(Hosts, []), http('http.noProxy')),
    strictProxyCertificate: http('http.proxyStrictSSL') !== false,
    systemCertificates: http('http.systemCertificates') !== false,
  };
}

/**
 * Address of the hub or of a mirror of it, without a slash at its end.
 *
 * @throws GemmaError `bad-input` unless it is https, or http on this machine
 */
export function hubAddress(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const isLoopback = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
  if (
    url === null ||
    !isSafe ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new GemmaError(
      'bad-input',
      'The setting gemmaCode.models.endpoint is not the https address of a hub, such as https://huggingface.co.',
    );
  }
  return url.href.replace(/\/+$/u, '');
}

function proxyOf(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (v.is(Url, value) && /^https?:/u.test(value)) return value;
  throw new GemmaError(
    'bad-input',
    'Downloads need a proxy whose address in the setting http.proxy begins with http.',
  );
}
