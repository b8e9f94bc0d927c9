import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkFiles, checkPackage, REQUIRED } from '../../../scripts/package/check.mjs';
import { installedLibrary, type Library } from '../../../scripts/package/libraries.mjs';
import { thirdPartyNotices } from '../../../scripts/package/notices.mjs';
import { billOfMaterials } from '../../../scripts/package/sbom.mjs';
import { type TargetName, targets } from '../../../scripts/package/targets.mjs';
import { type PackageFile, writeZip } from '../../../scripts/package/zip.mjs';
import { root } from '../../../scripts/setup/paths.mjs';

const BILL = 'extension/sbom.cdx.json';
const NOTICES = 'extension/THIRD_PARTY_NOTICES.txt';
const BINARIES = 'node_modules/onnxruntime-node/bin/napi-v6';

/** A package of the right form, with next to nothing in its files but the real binaries. */
class Draft {
  readonly target: TargetName;
  readonly files = new Map<string, Buffer>();
  libraries: readonly Library[] = [];

  private constructor(target: TargetName) {
    this.target = target;
  }

  static async of(target: TargetName): Promise<Draft> {
    const draft = new Draft(target);
    for (const name of REQUIRED) draft.files.set(name, Buffer.from(name));
    const platform = target === 'universal' ? '' : ` TargetPlatform="${target}"`;
    draft.files.set('extension.vsixmanifest', Buffer.from(`<Identity Id="gemma-code"${platform}/>`));
    const native = targets[target].native;
    for (const name of Object.keys(native?.files ?? {}))
      await draft.addBinary(name, `${native?.folder}/${name}`);
    draft.libraries = [await installedLibrary('valibot'), await installedLibrary('onnxruntime-web')];
    draft.files.set(NOTICES, Buffer.from(await thirdPartyNotices(draft.libraries)));
    return draft;
  }

  async addBinary(name: string, from: string): Promise<void> {
    const file = `extension/${BINARIES}/${targets[this.target].native?.folder}/${name}`;
    this.files.set(file, await readFile(path.join(root, BINARIES, from)));
  }

  /** With its bill of materials. */
  finish(): PackageFile[] {
    this.files.delete(BILL);
    const files = [...this.files].map(([name, bytes]) => ({ path: name, bytes }));
    const manifest = { name: 'gemma-code', version: '1.2.3', license: 'Apache-2.0' };
    const contents = new Map([['extension/dist/extension.cjs', this.libraries]]);
    const bill = billOfMaterials({
      manifest,
      target: this.target,
      files,
      contents,
      libraries: this.libraries,
    });
    return [...files, { path: BILL, bytes: Buffer.from(JSON.stringify(bill)) }];
  }
}

describe('the check of a package', () => {
  for (const target of ['universal', 'linux-x64', 'darwin-arm64', 'win32-x64'] as const) {
    it(`has nothing against a good one for ${target}`, async () => {
      assert.deepEqual(checkFiles(target, (await Draft.of(target)).finish()), []);
    });
  }

  it('notices what does not belong in it, and what is missing', async () => {
    const draft = await Draft.of('universal');
    draft.files.set('extension/dist/cli.mjs', Buffer.from(''));
    draft.files.set('extension/node_modules/onnxruntime-node/package.json', Buffer.from('{}'));
    draft.files.delete('extension/models/pebble/model.safetensors');
    assert.deepEqual(checkFiles('universal', draft.finish()), [
      'universal: extension/dist/cli.mjs does not belong in it',
      'universal: extension/node_modules/onnxruntime-node/package.json does not belong in it',
      'universal: extension/models/pebble/model.safetensors is missing',
    ]);
  });

  it('notices a package for another platform, and one that is too large', async () => {
    const draft = await Draft.of('universal');
    assert.match(checkFiles('win32-x64', draft.finish()).join('\n'), /its manifest is for universal/);
    draft.files.set('extension/media/noise.png', randomBytes(targets.universal.maxBytes));
    assert.match(checkPackage('universal', writeZip(draft.finish())).join('\n'), /bytes, more than/);
  });

  it('notices a library of another machine, one that nothing loads, and one that finds nothing', async () => {
    const draft = await Draft.of('linux-x64');
    await draft.addBinary('libonnxruntime.so.1', 'linux/arm64/libonnxruntime.so.1');
    await draft.addBinary('libonnxruntime_providers_cuda.so', 'linux/x64/onnxruntime_binding.node');
    assert.deepEqual(checkFiles('linux-x64', draft.finish()), [
      `linux-x64: extension/${BINARIES}/linux/x64/libonnxruntime_providers_cuda.so does not belong in it`,
      'linux-x64: libonnxruntime.so.1 is a ELF file for machine 183',
    ]);
    const windows = await Draft.of('win32-x64');
    await windows.addBinary('onnxruntime.dll', 'win32/x64/dxil.dll');
    assert.match(
      checkFiles('win32-x64', windows.finish()).join('\n'),
      /needs ADVAPI32.dll, which is nowhere/,
    );
  });

  it('notices what the bill of materials leaves out, invents or gets wrong', async () => {
    const draft = await Draft.of('universal');
    const changed = draft
      .finish()
      .map((file) =>
        file.path === 'extension/dist/chat.js' ? { path: file.path, bytes: Buffer.from('other') } : file,
      );
    assert.deepEqual(checkFiles('universal', changed), [
      'universal: the bill says something else of extension/dist/chat.js',
    ]);
    const more = [...draft.finish(), { path: 'extension/media/new.svg', bytes: Buffer.from('') }];
    assert.match(checkFiles('universal', more).join('\n'), /the bill says something else of .*new\.svg/);
    const fewer = draft.finish().filter(({ path: name }) => name !== 'extension.vsixmanifest');
    assert.match(checkFiles('universal', fewer).join('\n'), /the bill invents extension\.vsixmanifest/);
  });

  it('notices a licence that nobody has looked at, and a library without its terms', async () => {
    const strange = { ...(await installedLibrary('valibot')), name: 'strange', licence: 'GPL-3.0-only' };
    await assert.rejects(thirdPartyNotices([strange]), /GPL-3\.0-only/);
    await assert.rejects(
      thirdPartyNotices([{ ...strange, licence: 'MIT', folder: path.join(root, 'src') }]),
      /text of the licence of strange is missing/,
    );
    const draft = await Draft.of('universal');
    draft.libraries = [...draft.libraries, { ...strange, licence: 'MIT' }];
    assert.deepEqual(checkFiles('universal', draft.finish()), [
      "universal: the notices don't mention strange",
    ]);
    draft.libraries = [strange];
    assert.match(
      checkFiles('universal', draft.finish()).join('\n'),
      /bill of materials is wrong at .*licenses/,
    );
  });
});
