import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { isVsCodeHostAvailable } from '../../scripts/setup/vscodeHost.mjs';
import { inferenceProcesses } from '../host/inferenceProcesses.ts';
import { scenes, type Scene } from '../host/sample.ts';
import type { Workbench } from '../host/workbench.ts';
import { EXTENSION_ID, InstalledVsCode, play } from './installed.ts';

/** A random number for its development tools, and what its TypeScript server compiled. */
const VSCODES_OWN = /^(home\/\.cache\/Microsoft\/DeveloperTools|tmp\/node-compile-cache)\//;

describe('the installed extension', function () {
  this.timeout(180_000);
  let code: InstalledVsCode;

  before(async function () {
    if (!isVsCodeHostAvailable()) this.skip();
    code = await InstalledVsCode.start();
  });

  after(() => code?.remove());

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await code.picture(`failed: ${this.currentTest.title}`);
    console.log(await code.server.logs());
  });

  for (const [language, scene] of Object.entries(scenes)) {
    it(`completes a line of ${language}, and Tab writes exactly what was shown`, async () => {
      const workbench = await code.openSample();
      const line = await play(workbench, scene);
      const suggestion = await workbench.waitForGhostText();
      await code.picture(`${language}-ghost-text`);
      await workbench.press('Tab');
      await workbench.ghostTextGone();
      await workbench.save();
      await code.picture(`${language}-accepted`);
      await assertInserted(workbench, scene, line, scene.typed + suggestion);
    });
  }

  it('gives one word at a time on Ctrl+Right and keeps showing the rest', async () => {
    const workbench = await code.openSample();
    const line = await play(workbench, scenes.typescript);
    const suggestion = await workbench.waitForGhostText();
    await workbench.press('Control+ArrowRight');
    await workbench.ghostTextBecomes((text) => text !== suggestion);
    const rest = await workbench.waitForGhostText();
    assert.ok(suggestion.endsWith(rest), `“${rest}” should be the end of “${suggestion}”`);
    await workbench.save();
    const word = suggestion.slice(0, suggestion.length - rest.length);
    assert.match(word, /^\w+\s*$/);
    await assertInserted(workbench, scenes.typescript, line, scenes.typescript.typed + word);
  });

  it('keeps the ghost text while the person types along it', async () => {
    const workbench = await code.openSample();
    await play(workbench, scenes.typescript);
    const suggestion = await workbench.waitForGhostText();
    for (let typed = 1; typed <= 4; typed += 1) {
      await workbench.type(suggestion.charAt(typed - 1));
      await workbench.ghostTextBecomes((text) => text === suggestion.slice(typed));
    }
  });

  it('takes the ghost text away when the person types something else', async () => {
    const workbench = await code.openSample();
    await play(workbench, scenes.typescript);
    const suggestion = await workbench.waitForGhostText();
    await workbench.type('§');
    await workbench.ghostTextBecomes((text) => text !== suggestion.slice(1) && text !== suggestion);
  });

  it('extends the selected item of an open suggest widget, and shows nothing that contradicts it', async () => {
    const workbench = await code.openSample();
    await play(workbench, scenes.go);
    const suggestion = await workbench.waitForGhostText();
    await workbench.press('Control+Space');
    const selected = workbench.page.locator('.suggest-widget.visible .monaco-list-row.focused .label-name');
    await selected.filter({ hasText: /^Error$/ }).waitFor();
    assert.equal(await workbench.waitForGhostText(), suggestion);
    assert.match(suggestion, /^ror\(/, 'the ghost text should go on behind the selected item');
    await code.picture('suggest-widget');
    await workbench.press('ArrowDown');
    await selected.filter({ hasNotText: /^Error$/ }).waitFor();
    await workbench.ghostTextGone();
  });

  it('does nothing at all while it is switched off', async () => {
    const off = await InstalledVsCode.start({ settings: { 'gemmaCode.completion.enabled': false } });
    try {
      const workbench = await off.openSample();
      await play(workbench, scenes.typescript);
      await workbench.page.waitForTimeout(3_000);
      await off.picture('switched-off');
      assert.equal(await workbench.shownGhostText(), '');
      assert.deepEqual(await inferenceProcesses(path.join(off.folder, 'run')), []);
    } finally {
      await off.remove();
    }
  });

  it('says in the status bar that it is ready, with which model and how it runs', async () => {
    const workbench = await code.openSample();
    await workbench.page.locator(`.statusbar-item[id^="${EXTENSION_ID}"] [aria-label*="Ready"]`).waitFor();
    const [state, model, way] = await workbench.statusBarTooltip(EXTENSION_ID);
    assert.equal(state, 'Ready.');
    assert.match(model ?? '', /^pebble/i);
    // The package has no native library inside.
    assert.match(way ?? '', /^wasm backend, /);
  });

  it('keeps to its own folder, and no code gets into its log', async () => {
    const workbench = await code.openSample();
    await play(workbench, scenes.go);
    await workbench.waitForGhostText();
    const written = await filesBelow(code.folder);
    assert.deepEqual(
      written.filter((file) => /^(home|tmp)\//.test(file) && !VSCODES_OWN.test(file)),
      [],
    );
    const storage = path.join(code.folder, 'user-data/User/globalStorage/gemma-code.gemma-code');
    const stored = await filesBelow(storage);
    assert.deepEqual(new Set(stored.map((file) => file.split(path.sep)[0])), new Set(['logs', 'models']));
    const log = await readFile(path.join(storage, 'logs/inference.log'), 'utf8');
    assert.doesNotMatch(log, /http|payload|server\.go|Error/);
  });
});

/** The file on disk is the sample's with one more line. */
async function assertInserted(workbench: Workbench, scene: Scene, line: number, text: string): Promise<void> {
  const original = (await readFile(path.join(root, 'media/sample', scene.file), 'utf8')).split('\n');
  const saved = (await workbench.read(scene.file)).split('\n');
  assert.equal(saved[line - 1]?.trim(), text.trim());
  assert.deepEqual(saved.toSpliced(line - 1, 1), original);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
