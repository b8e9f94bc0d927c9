import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { inferenceProcesses } from '../host/inferenceProcesses.ts';
import { scenes } from '../host/sample.ts';
import { openInspector } from './inspectorView.ts';
import { InstalledVsCode, play } from './installed.ts';

describe('the package for this platform', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;

  before(async function () {
    if (!isVsCodeHostAvailable() || process.platform !== 'linux' || process.arch !== 'x64') this.skip();
    code = await InstalledVsCode.start({}, 'linux-x64');
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  it('completes with the native library that it brings', async () => {
    const workbench = await code.openSample();
    const view = await openInspector(workbench);
    await view.getByRole('status').filter({ hasText: 'Ready.' }).waitFor();
    assert.match(await view.locator('.facts').first().innerText(), /Pebble \(built in\)[^]*native/);
    await play(workbench, scenes.typescript);
    assert.notEqual((await workbench.waitForGhostText()).trim(), '');
    const [pid] = await inferenceProcesses(path.join(code.folder, 'run'));
    const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
    const libraries = maps.split('\n').flatMap((line) => /\S*\/libonnxruntime\S*/.exec(line) ?? []);
    assert.notEqual(libraries.length, 0);
    for (const file of libraries) assert.ok(file.startsWith(path.join(code.folder, 'extensions')), file);
    assert.deepEqual(code.foreignRequests, []);
  });
});
