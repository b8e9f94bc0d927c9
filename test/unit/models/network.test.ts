import assert from 'node:assert/strict';
import * as v from 'valibot';
import { hubAddress, networkOf } from '../../../src/extension/models/network.ts';
import { Network } from '../../../src/protocol/models.ts';

const HUB = 'https://huggingface.co';

const written =
  (settings: Record<string, unknown> = {}) =>
  (id: string): unknown =>
    settings[id];

describe('how the hub is reached', () => {
  it('is what VS Code’s own settings say, and their defaults otherwise', () => {
    assert.deepEqual(networkOf(HUB, null, written()), {
      endpoint: HUB,
      token: null,
      proxy: null,
      noProxy: [],
      strictProxyCertificate: true,
      systemCertificates: true,
    });
    const network = networkOf(
      'https://mirror.example/',
      'hf_token',
      written({
        'http.proxy': 'http://proxy.example:8080',
        'http.noProxy': ['mirror.example'],
        'http.proxyStrictSSL': false,
        'http.systemCertificates': false,
      }),
    );
    assert.deepEqual(network, {
      endpoint: 'https://mirror.example',
      token: 'hf_token',
      proxy: 'http://proxy.example:8080',
      noProxy: ['mirror.example'],
      strictProxyCertificate: false,
      systemCertificates: false,
    });
    v.parse(Network, network);
  });

  it('goes round a proxy that the person switched off', () => {
    const off = written({ 'http.proxySupport': 'off' });
    assert.deepEqual(networkOf(HUB, null, off).noProxy, ['*']);
  });

  it('takes no nonsense for a proxy, rather than going round it', () => {
    for (const proxy of ['proxy:8080', 'socks5://proxy:1080', 7]) {
      assert.throws(() => networkOf(HUB, null, written({ 'http.proxy': proxy })), /http\.proxy/u);
    }
    assert.deepEqual(networkOf(HUB, null, written({ 'http.noProxy': 'all' })).noProxy, []);
  });

  it('begins at an address that nobody can listen to', () => {
    assert.equal(hubAddress('https://mirror.example:8443/'), 'https://mirror.example:8443');
    assert.equal(hubAddress('https://mirror.example/hf/'), 'https://mirror.example/hf');
    for (const local of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:80']) hubAddress(local);
    for (const bad of [
      '',
      'huggingface.co',
      'http://huggingface.co',
      'http://127.0.0.1.example',
      'ftp://localhost',
      'https://name:word@mirror.example',
      'https://mirror.example/?to=elsewhere',
      'file:///etc/passwd',
    ]) {
      assert.throws(() => hubAddress(bad), { code: 'bad-input' }, bad);
    }
  });
});
