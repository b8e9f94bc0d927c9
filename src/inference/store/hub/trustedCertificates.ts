import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

/** Where Linux distributions keep what the system trusts, in PEM; the first that is there counts. */
const LINUX_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Newer than the types of the oldest Node that is supported. */
interface NewerTls {
  readonly getCACertificates?: (type: 'default' | 'system') => string[];
}

/**
 * Certificates in PEM: Node's own, those that NODE_EXTRA_CA_CERTS names, and those that the system trusts. Undefined:
 * nothing is known besides what Node trusts by itself.
 */
export async function trustedCertificates(system: boolean): Promise<string[] | undefined> {
  if (!system) return undefined;
  const { getCACertificates }: NewerTls & typeof tls = tls;
  if (getCACertificates !== undefined)
    return [...getCACertificates('default'), ...getCACertificates('system')];
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  const own = process.env['SSL_CERT_FILE'];
  const bundles = await Promise.all([
    extra === undefined ? null : readText(extra),
    firstText([...(own === undefined ? [] : [own]), ...(process.platform === 'linux' ? LINUX_BUNDLES : [])]),
  ]);
  const found = bundles.filter((bundle) => bundle !== null);
  return found.length === 0 ? undefined : [...tls.rootCertificates, ...found];
}

async function firstText(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const text = await readText(path);
    if (text !== null) return text;
  }
  return null;
}

function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}
