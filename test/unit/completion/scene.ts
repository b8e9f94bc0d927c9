import { CompletionSession } from '../../../src/completion/session.ts';
import type { CompletionRequest, ShapedSuggestion } from '../../../src/completion/session.ts';
import type { CompleteParams, CompleteResult } from '../../../src/protocol/engine.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';

/** Time that passes only when a test says so. */
export class TestClock {
  #now = 0;
  #sleepers: { until: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ until: this.#now + milliseconds, wake }));
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      const next = this.#sleepers
        .filter((sleeper) => sleeper.until <= end)
        .sort((a, b) => a.until - b.until)[0];
      if (next === undefined) break;
      this.#now = next.until;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      next.wake();
    }
    this.#now = end;
  }
}

/** Lets everything happen that waits for nothing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

export interface EngineCall {
  readonly params: CompleteParams;
  cancelled: boolean;
  answer(text: string | null): void;
  fail(error: GemmaError): void;
}

/** An editor with one document and an engine that answers what the test says. `▮` is the cursor. */
export class Scene {
  readonly clock = new TestClock();
  readonly calls: EngineCall[] = [];
  readonly session: CompletionSession;
  fixedDelayMs: number | null = 0;
  /** Answers at once when set. */
  respond: ((params: CompleteParams) => string | null) | null = null;

  constructor() {
    this.session = new CompletionSession({
      clock: this.clock,
      fixedDelayMs: () => this.fixedDelayMs,
      complete: (params) => {
        const { promise, call } = engineCall(params);
        this.calls.push(call);
        if (this.respond !== null) call.answer(this.respond(params));
        return {
          result: promise,
          cancel: () => {
            call.cancelled = true;
          },
        };
      },
    });
  }

  /** The ghost text at the cursor with what it replaces in brackets, or null. */
  async ask(marked: string, change: Partial<CompletionRequest> = {}): Promise<string | null> {
    const shaped = await this.suggest(marked, change);
    if (shaped === null) return null;
    const replaced = marked.slice(marked.indexOf('▮') + 1).slice(0, shaped.replaceChars);
    return replaced === '' ? shaped.insertText : `${shaped.insertText} [${replaced}]`;
  }

  suggest(marked: string, change: Partial<CompletionRequest> = {}): Promise<ShapedSuggestion | null> {
    const [prefix = '', suffix = ''] = marked.split('▮');
    return this.session.suggest({
      document: 'file:///a.ts',
      fileName: 'a.ts',
      languageId: 'typescript',
      prefix,
      suffix,
      forcedPrefix: '',
      trigger: 'automatic',
      neighbors: () => [],
      isWanted: () => true,
      ...change,
    });
  }
}

function engineCall(params: CompleteParams): { promise: Promise<CompleteResult>; call: EngineCall } {
  let resolve!: (result: CompleteResult) => void;
  let reject!: (error: GemmaError) => void;
  const promise = new Promise<CompleteResult>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const call: EngineCall = {
    params,
    cancelled: false,
    answer: (text) => resolve(completeResult(text)),
    fail: reject,
  };
  return { promise, call };
}

export function completeResult(text: string | null): CompleteResult {
  return {
    text,
    reason: text === null ? 'low-confidence' : null,
    source: text === null ? null : 'model',
    confidence: 0.9,
    model: 'Scripted',
    backend: 'wasm',
    promptTokens: 10,
    cachedTokens: 5,
    prefillMs: 1,
    decodeMs: 2,
    tokens: 3,
  };
}
