import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import {
  accepts,
  activeExtension,
  closeEditors,
  editorWith,
  engineReady,
  until,
  withSetting,
} from './support/editor.ts';

const LINE = 'the harbour light at the southern breakwater gate is registered before every summer';
const MARKED = `${LINE}\n\n${LINE.slice(0, 60)}▮\n`;

/** Time in which a suggestion would have come. */
const QUIET_MS = 3_000;

describe('switching completion off', function () {
  this.timeout(120_000);

  afterEach(closeEditors);

  it('works for one language', async () => {
    await engineReady();
    await withSetting('gemmaCode.completion.languages', { '*': true, plaintext: false }, async () => {
      assert.equal(await accepts(await editorWith(MARKED), QUIET_MS), false);
    });
    assert.ok(await accepts(await editorWith(MARKED)));
  });

  it('is toggled by a command for the language of the editor', async () => {
    const setting = 'gemmaCode.completion.languages';
    await editorWith(MARKED);
    try {
      await vscode.commands.executeCommand('gemmaCode.toggleLanguage');
      assert.deepEqual(vscode.workspace.getConfiguration().get(setting), { '*': true, plaintext: false });
      await vscode.commands.executeCommand('gemmaCode.toggleLanguage');
      assert.deepEqual(vscode.workspace.getConfiguration().get(setting), { '*': true, plaintext: true });
    } finally {
      await vscode.workspace.getConfiguration().update(setting, undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('leaves the inference process, and starts none however much is typed', async () => {
    const { engine } = await engineReady();
    const { pid } = engine;
    assert.ok(pid !== null);
    await withSetting('gemmaCode.completion.enabled', false, async () => {
      await until('leaving the process', () => engine.pid === null);
      // It would stay for a while in case another window needs it.
      process.kill(pid, 'SIGKILL');
      assert.equal(await accepts(await editorWith(MARKED), QUIET_MS), false);
      assert.equal(engine.pid, null);
      assert.equal(engine.statusOf('completion').name, 'off');
    });
    await engineReady();
    assert.notEqual(engine.pid, pid);
    assert.ok(await accepts(await editorWith(MARKED)));
  });

  it('can not be done by an opened folder, nor can it choose a model', async () => {
    const { engine } = await engineReady();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder, 'the tests need an open folder');
    const settings = path.join(folder.uri.fsPath, '.vscode');
    await mkdir(settings, { recursive: true });
    const marker = 'editor.rulers';
    const hostile = {
      'gemmaCode.completion.enabled': false,
      'gemmaCode.completion.languages': { '*': false },
      'gemmaCode.completion.model': '/nowhere',
      'gemmaCode.chat.model': '/nowhere',
      gemmaCode: { completion: { enabled: false, model: '/nowhere' }, chat: { model: '/nowhere' } },
      [marker]: [77],
    };
    await writeFile(path.join(settings, 'settings.json'), JSON.stringify(hostile));
    try {
      const rulers = (): unknown => vscode.workspace.getConfiguration().get(marker);
      await until('reading the settings of the folder', () => JSON.stringify(rulers()) === '[77]');
      assert.ok(await accepts(await editorWith(MARKED)));
      assert.ok(
        engine.statusOf('completion').name === 'ready' || engine.statusOf('completion').name === 'working',
      );
    } finally {
      await rm(settings, { recursive: true });
    }
  });

  it('survives a nonsensical value', async () => {
    await activeExtension();
    await withSetting('gemmaCode.completion.delay', 'soon', async () => {
      assert.ok(await accepts(await editorWith(MARKED)));
    });
  });
});
