import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { documentSchemes } from '../../completion/policy.ts';
import type { CompletionSwitches, SkipReason } from '../../completion/policy.ts';
import { CompletionSession } from '../../completion/session.ts';
import type { RunningCompletion } from '../../completion/session.ts';
import type { CompleteParams } from '../../protocol/engine.ts';
import { Disposable } from '../disposable.ts';
import type { Engine } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import { contextKeys, internalCommands } from '../ids.ts';
import type { CompletionRecord } from '../inspector/records.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';
import type { BatteryPause } from '../power/batteryPause.ts';
import type { Snooze } from '../snooze.ts';
import { Neighbors } from './neighbors.ts';
import { CompletionProvider } from './provider.ts';
import { WarmUp } from './warmUp.ts';

/** What may hold completion up for a while. */
export interface Pauses {
  readonly snooze: Snooze;
  readonly battery: BatteryPause;
}

/** Completion in the editor: on and off with its settings. */
export class Completion extends Disposable {
  readonly #use: EngineUse;
  readonly #settings: Settings;
  readonly #snooze: Snooze;
  readonly #battery: BatteryPause;
  readonly #log: Log;
  readonly #session: CompletionSession;
  readonly #completed = this.own(new vscode.EventEmitter<CompletionRecord>());
  /** The engine answered. */
  readonly onCompleted = this.#completed.event;
  readonly #requested = this.own(new vscode.EventEmitter<SkipReason | null>());
  /** The editor wants something: why the engine is not asked, or null when it may be. */
  readonly onRequest = this.#requested.event;
  #answered = 0;
  #accepted = 0;

  constructor(engine: Engine, use: EngineUse, settings: Settings, pauses: Pauses, log: Log) {
    super();
    this.#use = use;
    this.#settings = settings;
    this.#snooze = pauses.snooze;
    this.#battery = pauses.battery;
    this.#log = log;
    this.#session = new CompletionSession({
      clock: { now: () => performance.now(), sleep: (milliseconds) => sleep(milliseconds) },
      complete: (params) => this.#noted(engine.complete(params), params),
      fixedDelayMs: () => settings.get('gemmaCode.completion.delay') || null,
    });
    const switches = (): CompletionSwitches => this.#switches();
    const neighbors = this.own(new Neighbors());
    const onRequest = (skipped: SkipReason | null): void => this.#requested.fire(skipped);
    const provider = new CompletionProvider({ session: this.#session, neighbors, switches, onRequest, log });
    const selector = documentSchemes.map((scheme) => ({ scheme }));
    this.own(vscode.languages.registerInlineCompletionItemProvider(selector, provider));
    this.own(new WarmUp(engine, switches));
    this.own(vscode.commands.registerCommand(internalCommands.didAccept, () => this.#didAccept()));
    this.own(settings.onChange(() => this.#apply()));
    this.own(this.#battery.onChange(() => this.#apply()));
    this.own({ dispose: () => this.#session.clear() });
    this.#apply();
  }

  #apply(): void {
    this.#session.clear();
    const enabled = this.#settings.get('gemmaCode.completion.enabled');
    void vscode.commands.executeCommand('setContext', contextKeys.completionEnabled, enabled);
    this.#battery.watch(enabled ? this.#settings.get('gemmaCode.completion.onBattery') : 'run');
    this.#use.set('completion', enabled && this.#battery.now !== 'pause');
  }

  #switches(): CompletionSwitches {
    return {
      enabled: this.#settings.get('gemmaCode.completion.enabled'),
      automatic: this.#settings.get('gemmaCode.completion.automatic'),
      languages: this.#settings.get('gemmaCode.completion.languages'),
      snoozed: this.#snooze.active,
      battery: this.#battery.now,
    };
  }

  /** Stays on this machine, in the log. */
  #didAccept(): void {
    this.#log.info('accepted', { count: ++this.#accepted });
  }

  /** Writes down what it cost, and tells who wants to know. How it fails is reported to whoever waits for it. */
  #noted(running: RunningCompletion, { fileName, languageId }: CompleteParams): RunningCompletion {
    running.result.then(
      (result) => {
        const { reason, confidence, promptTokens, cachedTokens, prefillMs, decodeMs, tokens } = result;
        const costs = { promptTokens, cachedTokens, prefillMs, decodeMs, tokens };
        this.#log.info('completion', { reason, confidence, ...costs });
        if (!this.#settings.get('gemmaCode.completion.enabled')) return;
        this.#completed.fire({ ...result, id: ++this.#answered, time: Date.now(), fileName, languageId });
      },
      () => undefined,
    );
    return running;
  }
}
