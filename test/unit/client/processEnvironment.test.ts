import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { processEnvironment } from '../../../src/client/processEnvironment.ts';

describe('environment of the inference process', () => {
  it('runs Electron as Node and passes what a process needs', () => {
    assert.deepEqual(processEnvironment({ PATH: '/bin', HOME: '/home/ada', windir: 'C:\\Windows' }), {
      PATH: '/bin',
      HOME: '/home/ada',
      windir: 'C:\\Windows',
      ELECTRON_RUN_AS_NODE: '1',
    });
  });

  it('passes the way to the hub: proxies and certificates', () => {
    const way = { https_proxy: 'http://proxy', NO_PROXY: 'here', NODE_EXTRA_CA_CERTS: '/etc/company.pem' };
    assert.deepEqual(processEnvironment(way), { ...way, ELECTRON_RUN_AS_NODE: '1' });
  });

  it('drops what could load code into it or carry secrets', () => {
    const hostile = {
      NODE_OPTIONS: '--require ./evil.js',
      LD_PRELOAD: 'evil.so',
      LD_LIBRARY_PATH: '/evil',
      DYLD_INSERT_LIBRARIES: 'evil.dylib',
      ELECTRON_ENABLE_LOGGING: '1',
      GITHUB_TOKEN: 'secret',
      VSCODE_IPC_HOOK: '/run/x',
    };
    assert.deepEqual(processEnvironment(hostile), { ELECTRON_RUN_AS_NODE: '1' });
  });

  it('never passes a variable that Node or a linker reads as an option', () => {
    const name = fc.oneof(
      fc.string(),
      fc
        .constantFrom('NODE_', 'LD_', 'DYLD_', 'ELECTRON_')
        .chain((start) => fc.string().map((end) => start + end)),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (parent) => {
        delete parent['NODE_EXTRA_CA_CERTS'];
        const { ELECTRON_RUN_AS_NODE, ...rest } = processEnvironment(parent);
        assert.equal(ELECTRON_RUN_AS_NODE, '1');
        assert.ok(Object.keys(rest).every((key) => !/^(?:NODE_|LD_|DYLD_|ELECTRON_)/i.test(key)));
      }),
    );
  });
});
