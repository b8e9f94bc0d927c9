import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { type ChatResult, ModelInfo } from '../../protocol/engine.ts';
import { ChatModel } from '../chat/chatModel.ts';
import { Disposable } from '../disposable.ts';
import type { ChatText, Engine } from '../engine.ts';
import type { EngineUse } from '../engineUse.ts';
import type { Settings } from '../settings.ts';
import { informationOf, type KnownModel, type ModelInformation, offered } from './modelInformation.ts';

export interface OfferedModelParts {
  readonly engine: Engine;
  readonly use: EngineUse;
  readonly settings: Settings;
  readonly memory: vscode.Memento;
}

const KNOWN = 'languageModel.known';
const Known = v.object({ chosen: v.string(), model: ModelInfo });

/** The person's chat model as others see it. It is loaded once to be known, and then whenever it is asked. */
export class OfferedModel extends Disposable {
  readonly #parts: OfferedModelParts;
  readonly #model: ChatModel;
  readonly #changed = this.own(new vscode.EventEmitter<void>());
  readonly onChange = this.#changed.event;
  #information: ModelInformation | null;
  #users = 0;
  /** What was loaded to be known, whatever came of it. */
  #tried = '';

  constructor(parts: OfferedModelParts) {
    super();
    this.#parts = parts;
    this.#model = this.own(new ChatModel(parts.engine, parts.settings));
    this.#information = this.#read();
    this.own(this.#model.onChange(() => this.#refresh()));
  }

  /** Null: there is none, or none that is known yet. */
  get information(): ModelInformation | null {
    const chosen = this.#chosen;
    if (this.#information === null && chosen !== '' && chosen !== this.#tried) {
      this.#tried = chosen;
      this.#whileLoaded(async () => undefined).catch(() => undefined);
    }
    return this.#information;
  }

  /** As Engine.chat, with no longer answers than the model should give. */
  chat(
    params: Parameters<Engine['chat']>[0],
    onText: (text: ChatText) => void,
    signal: AbortSignal,
  ): Promise<ChatResult> {
    return this.#whileLoaded((model) => {
      const maxTokens = Math.min(params.maxTokens, informationOf(model).maxOutputTokens);
      return this.#parts.engine.chat({ ...params, maxTokens }, onText, signal);
    }, signal);
  }

  /** As Engine.countTokens. */
  countTokens(texts: readonly string[]): Promise<readonly number[]> {
    return this.#whileLoaded(() => this.#parts.engine.countTokens(texts));
  }

  /** @throws GemmaError `no-model` when there is none, `cancelled`; what `work` throws */
  async #whileLoaded<T>(
    work: (model: ModelInfo) => Promise<T>,
    signal = new AbortController().signal,
  ): Promise<T> {
    this.#count(1);
    try {
      return await work(await this.#model.ready(signal));
    } finally {
      this.#count(-1);
    }
  }

  get #chosen(): string {
    return this.#parts.settings.get('gemmaCode.chat.model');
  }

  #count(change: number): void {
    this.#users += change;
    this.#parts.use.set('languageModel', this.#users > 0);
  }

  #refresh(): void {
    const { info } = this.#model;
    const known = info && { chosen: this.#chosen, model: info };
    if (known !== null && !isDeepStrictEqual(known, this.#known))
      void this.#parts.memory.update(KNOWN, known);
    const information = this.#read();
    const isNew = JSON.stringify(information) !== JSON.stringify(this.#information);
    this.#information = information;
    if (isNew) this.#changed.fire();
  }

  #read(): ModelInformation | null {
    const model = offered(this.#chosen, this.#parts.engine.statusOf('chat'), this.#known);
    return model && informationOf(model);
  }

  get #known(): KnownModel | null {
    const { success, output } = v.safeParse(Known, this.#parts.memory.get(KNOWN));
    return success ? output : null;
  }
}
