import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { setEnvironment } from '../../../src/inference/backends/wasmEnvironment.ts';
import { dropOrtWasm, loadOrtWasm, ortWasmFolder } from '../../../src/inference/backends/wasmModule.ts';

describe('the WebAssembly module', () => {
  it('is one for every model with the same number of threads', async () => {
    assert.equal(await loadOrtWasm(1, ortWasmFolder()), await loadOrtWasm(1, ortWasmFolder()));
  });

  it('is another one after a trap', async () => {
    const trapped = await loadOrtWasm(1, ortWasmFolder());
    await dropOrtWasm(trapped);
    assert.notEqual(await loadOrtWasm(1, ortWasmFolder()), trapped);
  });

  it('is tried again after it failed to start', async () => {
    const absent = '/nowhere';
    const first = loadOrtWasm(1, absent);
    await assert.rejects(first, { code: 'backend-unavailable' });
    assert.notEqual(loadOrtWasm(1, absent), first);
    await assert.rejects(loadOrtWasm(1, absent), { code: 'backend-unavailable' });
  });
});

describe('the environment of the WebAssembly module', () => {
  it('reaches C as getenv reads it', () => {
    const buffer = new SharedArrayBuffer(256);
    const imports = fakeImports(buffer);
    setEnvironment(imports);
    const { Ga: environGet, Ha: environSizesGet } = imports['a']!;

    assert.ok(typeof environSizesGet === 'function' && typeof environGet === 'function');
    assert.equal(environSizesGet(0, 4), 0);
    assert.equal(environGet(16, 64), 0);

    const view = new DataView(buffer);
    const text = 'ORT_GQA_DISABLE_FLASH_ATTENTION=1\0';
    assert.equal(view.getUint32(0, true), 1);
    assert.equal(view.getUint32(4, true), text.length);
    assert.equal(view.getUint32(16, true), 64);
    assert.equal(Buffer.from(Uint8Array.from(new Uint8Array(buffer, 64, text.length))).toString(), text);
  });

  it('is refused for a module built with other names', () => {
    assert.throws(() => setEnvironment({}), /other names/u);
    assert.throws(() => setEnvironment({ a: { a: { buffer: new SharedArrayBuffer(8) } } }), /other names/u);
  });
});

function fakeImports(buffer: SharedArrayBuffer): Record<string, Record<string, unknown>> {
  return { a: { a: { buffer }, Ga: () => 0, Ha: () => 0 } };
}
