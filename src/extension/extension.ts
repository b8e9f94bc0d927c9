import * as vscode from 'vscode';
import { EngineClient } from '../client/engineClient.ts';
import type { ProcessOptions } from '../client/processOptions.ts';
import { registerCommands } from './commands.ts';
import { Completion } from './completion/completion.ts';
import { Engine } from './engine.ts';
import { createLog } from './log.ts';
import { logEngine } from './logEngine.ts';
import { Settings } from './settings.ts';
import { Snooze } from './snooze.ts';
import { StatusBar } from './statusBar.ts';

/** What the extension suite may look at. */
export interface TestApi {
  readonly engine: Engine;
  /** Time that activation took of the extension host. */
  readonly activationMs: number;
}

let engine: Engine | undefined;

export function activate(context: vscode.ExtensionContext): TestApi | undefined {
  const startedAt = performance.now();
  const log = createLog();
  const settings = new Settings();
  const snooze = new Snooze();
  engine = new Engine(() => new EngineClient(processOptions(context)));
  context.subscriptions.push(
    log,
    settings,
    snooze,
    logEngine(engine, log),
    new StatusBar(engine, settings, snooze),
    new Completion(engine, settings, snooze, log),
    registerCommands({ engine, settings, snooze, log }),
  );
  const activationMs = performance.now() - startedAt;
  log.info('activated', { activationMs });
  return context.extensionMode === vscode.ExtensionMode.Test ? { engine, activationMs } : undefined;
}

export async function deactivate(): Promise<void> {
  await engine?.stop();
}

function processOptions(context: vscode.ExtensionContext): ProcessOptions {
  return {
    entry: context.asAbsolutePath('dist/inference/main.mjs'),
    home: context.globalStorageUri.fsPath,
    version: String(context.extension.packageJSON.version),
    client: 'vscode',
  };
}
