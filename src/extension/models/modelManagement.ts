import * as v from 'valibot';
import * as vscode from 'vscode';
import { Role } from '../../protocol/engine.ts';
import { toGemmaError } from '../../protocol/errors.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import { modelCommands, modelsView, remoteCommands } from '../ids.ts';
import type { ModelCommandId } from '../ids.ts';
import type { Log } from '../log.ts';
import { usesServer } from '../remote/remoteSettings.ts';
import type { Settings } from '../settings.ts';
import { DownloadFlow } from './downloadFlow.ts';
import { Downloads } from './downloads.ts';
import { importModel, moveModels } from './folders.ts';
import { Format } from './format.ts';
import { getModel } from './getModel.ts';
import { Hub } from './hub.ts';
import { measureMachine } from './measureMachine.ts';
import { Models } from './models.ts';
import { ModelsView } from './modelsView.ts';
import { pickModel } from './pickModel.ts';
import { rowActions } from './rowActions.ts';
import { WantedDownloads } from './wantedDownloads.ts';

export interface ManagementParts {
  readonly context: vscode.ExtensionContext;
  readonly engine: Engine;
  readonly use: EngineUse;
  readonly settings: Settings;
  readonly log: Log;
}

/** Models for people: the view of them, and all that is done with them. */
export class ModelManagement extends Disposable {
  readonly #parts: ManagementParts;
  readonly #format = new Format(vscode.env.language);
  readonly #flow: DownloadFlow;
  readonly models: Models;

  constructor(parts: ManagementParts) {
    super();
    this.#parts = parts;
    const { context, engine, use, settings, log } = parts;
    const format = this.#format;
    this.models = this.own(new Models(engine, use, settings, context.globalState));
    const { models } = this;
    const hub = new Hub(settings, context.secrets);
    const wanted = new WantedDownloads(context.globalState);
    const downloads = new Downloads({ engine, models, hub, wanted });
    this.#flow = new DownloadFlow({ models, downloads, hub, settings, log, format });
    this.own(new ModelsView(models, format));
    const handlers: Record<ModelCommandId, (argument?: unknown) => unknown> = {
      [modelCommands.showModels]: () => vscode.commands.executeCommand(`${modelsView}.focus`),
      [modelCommands.getModel]: (role) => this.getModel(v.is(Role, role) ? role : undefined),
      [modelCommands.importModel]: () => importModel(models, format),
      [modelCommands.measureMachine]: () => measureMachine(models, settings, format),
      [modelCommands.moveModels]: () => moveModels(models, format),
      [modelCommands.refreshModels]: () => models.read(),
      [modelCommands.removeToken]: async () => {
        await hub.removeToken();
        void vscode.window.showInformationMessage(
          vscode.l10n.t('There is no token for {0} any more.', hub.host),
        );
      },
    };
    const actions = rowActions({ models, downloads, flow: this.#flow, hub, settings, format });
    for (const [id, handler] of Object.entries({ ...handlers, ...actions })) this.#register(id, handler);
    this.#flow.resume();
  }

  getModel(role?: Role): Promise<void> {
    return getModel({ models: this.models, flow: this.#flow, format: this.#format }, role);
  }

  async pickModel(role: Role): Promise<void> {
    const { settings, context } = this.#parts;
    // A model of this machine would change nothing while a server answers.
    if (usesServer(settings, role)) {
      await vscode.commands.executeCommand(remoteCommands.use);
      return;
    }
    await pickModel(
      {
        models: this.models,
        settings,
        memory: context.globalState,
        format: this.#format,
        getModel: (wanted) => this.getModel(wanted),
      },
      role,
    );
  }

  /** What goes wrong is said to the person, who asked for it. */
  #register(id: string, handler: (...args: never[]) => unknown): void {
    const run = async (...args: never[]): Promise<void> => {
      try {
        await handler(...args);
      } catch (error) {
        const failure = toGemmaError(error);
        if (failure.code === 'cancelled') return;
        this.#parts.log.info('models', { failed: failure.code });
        void vscode.window.showErrorMessage(failure.message);
      }
    };
    this.own(vscode.commands.registerCommand(id, run));
  }
}
