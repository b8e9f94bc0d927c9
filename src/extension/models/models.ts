import * as v from 'valibot';
import * as vscode from 'vscode';
import type { RequestParams, RequestResult } from '../../protocol/engine.ts';
import { type GemmaError, toGemmaError } from '../../protocol/errors.ts';
import { MachineSpeed } from '../../protocol/models.ts';
import type { Machine, ModelList, TransferView } from '../../protocol/models.ts';
import { Disposable } from '../disposable.ts';
import type { Engine, ManagementRequest } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import type { Settings } from '../settings.ts';
import type { ModelFacts } from './modelRows.ts';

const SPEEDS = 'models.speeds';

/** Models on this machine and on their way to it, as this window knows them. The process runs while they are held. */
export class Models extends Disposable {
  readonly #engine: Engine;
  readonly #use: EngineUse;
  readonly #settings: Settings;
  readonly #memory: vscode.Memento;
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onChange = this.#changed.event;
  #holders = 0;
  #list: ModelList | null = null;
  #machine: Machine | null = null;
  #failure: GemmaError | null = null;
  #reading: Promise<void> = Promise.resolve();
  #nextReading: Promise<void> | null = null;

  constructor(engine: Engine, use: EngineUse, settings: Settings, memory: vscode.Memento) {
    super();
    this.#engine = engine;
    this.#use = use;
    this.#settings = settings;
    this.#memory = memory;
    this.own(engine.onTransfers((transfers) => this.#noteTransfers(transfers)));
    const readAgain = (): void => {
      if (this.#holders > 0) void this.read();
    };
    this.own(engine.onInstalled(readAgain));
    this.own(engine.onConnected(readAgain));
    this.own(settings.onChange(() => this.#changed.fire()));
  }

  /** Null: not read yet. */
  get list(): ModelList | null {
    return this.#list;
  }

  /** Why the list could not be read the last time; null: it could. */
  get failure(): GemmaError | null {
    return this.#failure;
  }

  /** Null: not read yet. */
  get facts(): ModelFacts | null {
    if (this.#list === null) return null;
    const chosen = {
      completion: this.#settings.get('gemmaCode.completion.model'),
      chat: this.#settings.get('gemmaCode.chat.model'),
    };
    const { freeBytes: freeDiskBytes } = this.#list;
    const machine = this.#machine === null ? null : { ...this.#machine, freeDiskBytes };
    return { list: this.#list, machine, speeds: this.speeds, chosen };
  }

  /** As measured on this machine; empty: not yet. */
  get speeds(): readonly MachineSpeed[] {
    return v.parse(v.fallback(v.array(MachineSpeed), []), this.#memory.get(SPEEDS));
  }

  async keepSpeeds(speeds: readonly MachineSpeed[]): Promise<void> {
    await this.#memory.update(SPEEDS, speeds);
    this.#changed.fire();
  }

  transfer(id: string): TransferView | undefined {
    return this.#list?.transfers.find((transfer) => transfer.id === id);
  }

  isInstalled(id: string): boolean {
    return this.#list?.installed.some((model) => model.id === id) ?? false;
  }

  /** Has the process run until it is given back. */
  hold(): vscode.Disposable {
    this.#holders++;
    this.#use.set('models', true);
    let held = true;
    return new vscode.Disposable(() => {
      if (!held) return;
      held = false;
      this.#holders--;
      if (this.#holders === 0) this.#use.set('models', false);
    });
  }

  /** As `request`, for what is told step by step. @param onProgress hears 0–1 */
  async requestSteps<N extends 'installModel' | 'moveModels'>(
    name: N,
    params: RequestParams<N>,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<RequestResult<N>> {
    const telling = this.#engine.onProgress(onProgress);
    try {
      return await this.request(name, params, signal);
    } finally {
      telling.dispose();
    }
  }

  /** @throws GemmaError as the process answered */
  async request<N extends ManagementRequest>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<RequestResult<N>> {
    const held = this.hold();
    try {
      return await this.#engine.request(name, params, signal);
    } finally {
      held.dispose();
    }
  }

  /** Reads everything anew. How it fails is said by {@link failure}. */
  read(): Promise<void> {
    // What is being read now may have been asked for too early.
    this.#nextReading ??= this.#reading.then(() => {
      this.#nextReading = null;
      this.#reading = this.#readNow();
      return this.#reading;
    });
    return this.#nextReading;
  }

  async #readNow(): Promise<void> {
    try {
      this.#list = await this.request('listModels', {});
      this.#failure = null;
      this.#changed.fire();
      this.#machine ??= await this.request('machine', {});
    } catch (error) {
      this.#failure = toGemmaError(error);
    }
    this.#changed.fire();
  }

  #noteTransfers(transfers: TransferView[]): void {
    if (this.#list === null) return;
    this.#list = { ...this.#list, transfers };
    this.#changed.fire();
  }
}
