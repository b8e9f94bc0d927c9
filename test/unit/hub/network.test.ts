import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listRepository } from '../../../src/inference/store/hub/repositoryListing.ts';
import { type ErrorCode, GemmaError } from '../../../src/protocol/errors.ts';
import type { Network } from '../../../src/protocol/models.ts';
import { COMMIT, type Hub, REPOSITORY, startHub } from '../../support/hub.ts';
import { connectTo } from '../../support/hubNetwork.ts';
import { type Proxy, type ProxyOptions, startProxy } from '../../support/proxy.ts';

/** No such name: whoever reaches it went through the proxy. */
const ENDPOINT = 'https://hub.test';
const files = new Map([['config.json', Buffer.from('{}')]]);

const fails = (code: ErrorCode, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GemmaError, String(error));
  assert.match(error.message, sentence);
  assert.equal(error.code, code);
  return true;
};

/** Self-signed, for `name` and 127.0.0.1; of use to nobody but these tests. */
function certificate(name: string): { key: string; cert: string; path: string } {
  const path = fileURLToPath(new URL(`../../support/certificates/${name}.pem`, import.meta.url));
  const key = path.replace(/\.pem$/u, '.key.pem');
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(path, 'utf8'), path };
}

/** The newest commit that the hub names. */
async function list(
  network: Partial<Network>,
  endpoint = ENDPOINT,
  signal = new AbortController().signal,
): Promise<string> {
  await using connection = await connectTo(endpoint, { systemCertificates: true, ...network });
  return (await listRepository(connection.hub, REPOSITORY, null, signal)).commit;
}

/** The proxy would be asked at once, but looking up a name that nobody has takes seconds. */
const goesDirectly = (network: Partial<Network>): Promise<string> =>
  list(network, ENDPOINT, AbortSignal.timeout(300));

describe('The way to the hub', () => {
  const variables = ['SSL_CERT_FILE', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];
  const before_ = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  let hub: Hub;
  let proxyTls: ProxyOptions['tls'];

  before(async () => {
    const hubTls = certificate('hub.test');
    proxyTls = certificate('proxy.test');
    for (const name of variables) delete process.env[name];
    process.env['SSL_CERT_FILE'] = hubTls.path;
    hub = await startHub(files, { tls: hubTls });
  });
  afterEach(() => {
    for (const name of variables.slice(1)) delete process.env[name];
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    for (const [name, value] of Object.entries(before_)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  const proxyTo = (options: Partial<ProxyOptions> = {}): Promise<Proxy> =>
    startProxy({ port: Number(new URL(hub.origin).port), ...options });
  it('is the proxy that is set, which sees a host and no token', async () => {
    await using proxy = await proxyTo({ credentials: 'ada:sec ret' });
    const url = proxy.origin.replace('//', '//ada:sec%20ret@');
    assert.equal(await list({ proxy: url, token: 'hf_secret' }), COMMIT);
    assert.equal(proxy.asked[0]?.target, 'hub.test:443');
    assert.ok(!JSON.stringify(proxy.asked).includes('hf_secret'));
    assert.equal(hub.asked.at(-1)?.headers.authorization, 'Bearer hf_secret');
    assert.equal(hub.asked.at(-1)?.headers['proxy-authorization'], undefined);
  });

  it('is the proxy of the environment when none is set', async () => {
    await using proxy = await proxyTo();
    process.env['HTTPS_PROXY'] = proxy.origin;
    assert.equal(await list({}), COMMIT);
    const { length } = proxy.asked;
    assert.ok(length > 0);
    process.env['NO_PROXY'] = '.test';
    await assert.rejects(goesDirectly({}));
    assert.equal(proxy.asked.length, length);
  });

  it('leaves out the proxy for the own machine and for hosts that are listed', async () => {
    await using proxy = await proxyTo();
    assert.equal(await list({ proxy: proxy.origin }, hub.origin), COMMIT);
    for (const noProxy of [['hub.test'], ['.test'], ['example.com', '*']]) {
      await assert.rejects(goesDirectly({ proxy: proxy.origin, noProxy }));
    }
    assert.deepEqual(proxy.asked, []);
  });

  it('trusts what the system trusts only when that is wanted, and says so at once', async () => {
    const asked = hub.asked.length;
    assert.equal(await list({}, hub.origin), COMMIT);
    await assert.rejects(
      list({ systemCertificates: false }, hub.origin),
      fails('network', /certificate of 127\.0\.0\.1:\d+, .* is not trusted/),
    );
    assert.equal(hub.asked.length, asked + 1);
  });

  it('checks the certificate of the proxy unless that is not wanted, and always that of the hub', async () => {
    await using proxy = await proxyTo({ ...(proxyTls && { tls: proxyTls }) });
    await assert.rejects(list({ proxy: proxy.origin }), fails('network', /certificate .* is not trusted/));
    const loose = { proxy: proxy.origin, strictProxyCertificate: false };
    assert.equal(await list(loose), COMMIT);
    await assert.rejects(
      list({ ...loose, systemCertificates: false }),
      fails('network', /certificate of hub\.test, .* is not trusted/),
    );
  });

  it('says what a proxy has against it', async () => {
    await using strict = await proxyTo({ credentials: 'ada:secret' });
    await assert.rejects(list({ proxy: strict.origin }), fails('network', /wants a name and a password/));
    assert.equal(strict.asked.length, 1);
    await using closed = await proxyTo({ refusal: 403 });
    await assert.rejects(
      list({ proxy: closed.origin }),
      fails('network', /does not let us reach hub\.test \(403\)/),
    );
    for (const proxy of ['ftp://proxy.test', 'nothing:1']) {
      await assert.rejects(list({ proxy }), fails('bad-input', /proxy that is set/));
    }
  });
});
