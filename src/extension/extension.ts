import * as vscode from 'vscode';
import { EngineClient } from '../client/engineClient.ts';
import type { ProcessOptions } from '../client/processOptions.ts';
import { ConversationStore } from '../conversations/conversationStore.ts';
import { Chat } from './chat/chat.ts';
import { registerCommands } from './commands.ts';
import { registerSelectionCommands } from './commands/registerSelectionCommands.ts';
import { Completion } from './completion/completion.ts';
import { Engine } from './engine.ts';
import { EngineFacts } from './engineFacts.ts';
import { EngineUse } from './engineUse.ts';
import { InspectorView } from './inspector/inspectorView.ts';
import { registerLanguageModel } from './languageModel/languageModel.ts';
import { createLog } from './log.ts';
import { logEngine } from './logEngine.ts';
import { ModelManagement } from './models/modelManagement.ts';
import { registerRemoteCommands } from './remote/remoteCommands.ts';
import { RemoteTokens } from './remote/remoteTokens.ts';
import { Settings } from './settings.ts';
import { BatteryPause } from './power/batteryPause.ts';
import { powerSource } from './power/powerSource.ts';
import { Snooze } from './snooze.ts';
import { StatusBar } from './statusBar.ts';

/** What the extension suite may look at. */
export interface TestApi {
  readonly engine: Engine;
  /** Processor time that activation took of the extension host, in milliseconds. */
  readonly activationCpuMs: number;
}

let engine: Engine | undefined;

export function activate(context: vscode.ExtensionContext): TestApi | undefined {
  const startedAt = process.cpuUsage();
  const log = createLog();
  const settings = new Settings();
  const snooze = new Snooze();
  // Where the engine runs on another machine, its battery is none of ours to tell.
  const battery = new BatteryPause(() =>
    vscode.env.remoteName === undefined ? powerSource() : Promise.resolve('unknown'),
  );
  engine = new Engine(() => new EngineClient(processOptions(context)));
  const facts = new EngineFacts(engine);
  const parts = { engine, settings, snooze, battery, facts };
  const tokens = new RemoteTokens(context.secrets);
  const use = new EngineUse(engine, settings, tokens);
  const completion = new Completion(engine, use, settings, { snooze, battery }, log);
  const management = new ModelManagement({ context, engine, use, settings, log });
  const chat = new Chat({
    context,
    engine,
    use,
    settings,
    log,
    pickModel: (role) => management.pickModel(role),
    getModel: (role) => management.getModel(role),
    store: once(() => ConversationStore.open(context.globalStorageUri.fsPath)),
  });
  context.subscriptions.push(
    log,
    settings,
    snooze,
    tokens,
    battery,
    facts,
    logEngine(engine, log),
    new StatusBar(parts),
    use,
    completion,
    management,
    new InspectorView(context.extensionUri, parts, completion),
    chat,
    registerLanguageModel({ engine, use, settings, memory: context.globalState }),
    registerSelectionCommands(chat),
    registerCommands({ ...parts, log, chat, management }),
    registerRemoteCommands(settings, tokens),
  );
  const { user, system } = process.cpuUsage(startedAt);
  const activationCpuMs = (user + system) / 1_000;
  log.info('activated', { activationCpuMs });
  return context.extensionMode === vscode.ExtensionMode.Test ? { engine, activationCpuMs } : undefined;
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

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
