import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { TestApi } from '../../../src/extension/extension.ts';

/** The first suggestion waits for the model; machines may be busy. */
const LIMIT_MS = 60_000;
const STEP_MS = 300;

export async function activeExtension(): Promise<TestApi> {
  const extension = vscode.extensions.getExtension<TestApi>('gemma-code.gemma-code');
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

export async function until(what: string, condition: () => boolean, limitMs = LIMIT_MS): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    assert.ok(Date.now() < end, `${what} did not happen within ${limitMs / 1000} s`);
    await sleep(50);
  }
}

/** Waits until a model is loaded. */
export async function engineReady(): Promise<TestApi> {
  const api = await activeExtension();
  await until('the engine getting ready', () =>
    ['ready', 'working'].includes(api.engine.statusOf('completion').name),
  );
  return api;
}

/** An editor with `marked` as its text and the cursor at `▮`. */
export async function editorWith(marked: string, language = 'plaintext'): Promise<vscode.TextEditor> {
  const content = marked.replace('▮', '');
  const document = await vscode.workspace.openTextDocument({ content, language });
  const editor = await vscode.window.showTextDocument(document);
  const cursor = document.positionAt(marked.indexOf('▮'));
  editor.selection = new vscode.Selection(cursor, cursor);
  return editor;
}

/** Asks for a suggestion and accepts it with `accept`; false when there is none for `limitMs`. */
export async function accepts(
  editor: vscode.TextEditor,
  limitMs = LIMIT_MS,
  accept = 'editor.action.inlineSuggest.commit',
): Promise<boolean> {
  const { version } = editor.document;
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    await vscode.commands.executeCommand('gemmaCode.triggerCompletion');
    await sleep(STEP_MS);
    await vscode.commands.executeCommand(accept);
    if (editor.document.version !== version) return true;
  }
  return false;
}

/** Accepts what appears by itself; false when nothing does. */
export async function acceptsUnasked(editor: vscode.TextEditor): Promise<boolean> {
  const { version } = editor.document;
  const end = Date.now() + LIMIT_MS;
  while (editor.document.version === version && Date.now() < end) {
    await sleep(STEP_MS);
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
  }
  return editor.document.version !== version;
}

/** Types key by key, as a person does. */
export async function type(text: string): Promise<void> {
  for (const character of text) {
    await vscode.commands.executeCommand('type', { text: character });
    await sleep(20);
  }
}

/** A person's own setting for the time of `work`. */
export async function withSetting(id: string, value: unknown, work: () => Promise<void>): Promise<void> {
  const set = (to: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration().update(id, to, vscode.ConfigurationTarget.Global);
  await set(value);
  try {
    await work();
  } finally {
    await set(undefined);
  }
}

/** Closes everything without asking whether to save. */
export async function closeEditors(): Promise<void> {
  // The editor still has something to do after the text has changed.
  await sleep(STEP_MS);
  while (vscode.window.activeTextEditor !== undefined) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}
