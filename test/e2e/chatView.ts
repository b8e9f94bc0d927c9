import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import type { ServerOptions, Settings } from '../host/server.ts';
import type { Workbench } from '../host/workbench.ts';
import { installScriptedEngine, type ScriptedEngine } from '../support/scripted/installScriptedEngine.ts';
import { chatScript } from './chatScript.ts';
import { InstalledVsCode } from './installed.ts';

export interface ScriptedVsCode {
  readonly code: InstalledVsCode;
  readonly engine: ScriptedEngine;
}

/** A fresh VS Code with the built package, where a model answers by {@link chatScript}. */
export async function startScripted(
  settings: Settings = {},
  options: Pick<ServerOptions, 'workspaceTrust'> = {},
): Promise<ScriptedVsCode> {
  const code = await InstalledVsCode.start({
    settings: { 'gemmaCode.chat.model': '/models/gemma-3-1b-it', ...settings },
    ...options,
  });
  const extensions = path.join(code.folder, 'extensions');
  const folder = (await readdir(extensions)).find((name) => name.startsWith('gemma-code.gemma-code'));
  assert.ok(folder);
  return { code, engine: await installScriptedEngine(path.join(extensions, folder), chatScript) };
}

/** Shows the chat; where no model can be asked, nothing there takes the keyboard. */
export async function showChat(workbench: Workbench): Promise<FrameLocator> {
  await workbench.runCommand('Gemma Code: Open Chat');
  return workbench.page.frameLocator('iframe.webview.ready').first().frameLocator('#active-frame');
}

export async function openChat(workbench: Workbench): Promise<FrameLocator> {
  const chat = await showChat(workbench);
  // VS Code hands the keyboard over a moment after the view is there.
  await box(chat).and(chat.locator(':focus')).waitFor();
  return chat;
}

/** Where questions are typed. */
export function box(chat: FrameLocator): Locator {
  return chat.getByRole('textbox', { name: 'Question', exact: true });
}

export async function ask(chat: FrameLocator, text: string): Promise<void> {
  await box(chat).fill(text);
  await box(chat).press('Enter');
}

/** The last answer can be written anew once it is complete. */
export function finished(answer: Locator): Promise<void> {
  return answer.last().getByRole('button', { name: 'Write another answer' }).waitFor();
}

/** What the model was asked last. */
export async function lastAsked(engine: ScriptedEngine): Promise<string> {
  return (await engine.received()).at(-1)?.turns.at(-1)?.text ?? '';
}
