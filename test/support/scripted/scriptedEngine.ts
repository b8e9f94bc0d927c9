import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, LoadedModels, OnText } from '../../../src/inference/engine/engine.ts';
import type { Turn } from '../../../src/inference/kv/turn.ts';
import type {
  ChatParams,
  ChatResult,
  CountChatParams,
  ModelInfo,
  Role,
} from '../../../src/protocol/engine.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import type { Script } from './script.ts';

const MODEL = 'gemma-scripted-it';
/** How long a cancel may wait. */
const STEP_MS = 20;

const tokensOf = (text: string): string[] => text.match(/\S+\s*|\s+/g) ?? [];
const count = (text: string): number => tokensOf(text).length;
const countChat = ({ system, turns, prefill }: CountChatParams): number =>
  [system, ...turns.map(({ text }) => text), prefill].reduce((sum, text) => sum + count(text), 0);

/**
 * An engine that computes nothing and answers chats by a script, always the same, word by word at a steady pace.
 * It completes no code. `onChat` is told of every question before it is answered.
 */
export function createScriptedEngine(script: Script, onChat: (params: ChatParams) => void): Engine {
  const models: Record<Role, ModelInfo | null> = { completion: null, chat: null };
  const loaded = (): LoadedModels => ({ models: { ...models }, weightBytes: 1 });
  return {
    kv: null,
    probe: async (choice) => (choice === 'auto' ? 'native' : choice),
    async load(role, { folder, backend }) {
      await delay(script.loadMs);
      models[role] = modelInfo(folder, backend, script);
      return loaded();
    },
    async unload(role) {
      models[role] = null;
      return loaded();
    },
    resize: async () => loaded(),
    trim: async () => undefined,
    complete: async () => ({
      text: null,
      reason: 'nothing-to-complete',
      source: null,
      confidence: null,
      model: null,
      backend: null,
      promptTokens: 0,
      cachedTokens: 0,
      prefillMs: 0,
      decodeMs: 0,
      tokens: 0,
    }),
    warmUp: async () => ({ promptTokens: 0, cachedTokens: 0 }),
    snapshot: async () => undefined,
    prepareQuestion: async () => undefined,
    countTokens: async (texts) => texts.map(count),
    countChat: async (params) => countChat(params),
    async chat(params, onText, turn) {
      onChat(params);
      return answer(script, params, onText, turn);
    },
    backends: async () => ['native'],
    measure: async () => [],
    logits: async () => new Float32Array(1),
  };
}

async function answer(script: Script, params: ChatParams, onText: OnText, turn: Turn): Promise<ChatResult> {
  const start = performance.now();
  const question = params.turns.at(-1)?.text.toLowerCase() ?? '';
  const scripted = script.answers.find(({ when }) => question.includes(when.toLowerCase()));
  if (scripted === undefined) throw new GemmaError('bad-input', 'The script has no answer to this.');
  const { tokensPerSecond = script.tokensPerSecond, end } = scripted;

  const thoughts = params.thinking ? tokensOf(scripted.thought) : [];
  const words = [...thoughts, ...tokensOf(scripted.answer)];
  const text = { thought: '', answer: params.prefill };
  if (params.prefill !== '') onText(text);
  const written = words.slice(0, params.maxTokens);
  for (const [index, word] of written.entries()) {
    await waitUntil(start + ((index + 1) * 1_000) / tokensPerSecond, turn);
    const part = index < thoughts.length ? { thought: word, answer: '' } : { thought: '', answer: word };
    text.thought += part.thought;
    text.answer += part.answer;
    onText(part);
  }
  if (end === 'crash') {
    // The last words leave the process before it goes.
    await delay(100);
    process.kill(process.pid, 'SIGKILL');
  }
  if (typeof end === 'object') throw new GemmaError('internal', end.error);
  return {
    ...text,
    ended: written.length < words.length ? 'limit' : 'stop',
    model: MODEL,
    backend: 'native',
    promptTokens: countChat(params),
    cachedTokens: 0,
    tokens: written.length,
    forwards: written.length,
    prefillMs: 0,
    decodeMs: performance.now() - start,
  };
}

/** Lets others have the engine meanwhile. @throws GemmaError `cancelled` */
async function waitUntil(time: number, turn: Turn): Promise<void> {
  for (;;) {
    await turn.step();
    const rest = time - performance.now();
    if (rest <= 0) return;
    await turn.aside(delay(Math.min(rest, STEP_MS)));
  }
}

function modelInfo(folder: string, backend: ModelInfo['backend'], script: Script): ModelInfo {
  const isEmbedded = basename(folder) === 'pebble';
  return {
    name: isEmbedded ? MODEL : basename(folder),
    architecture: 'gemma3',
    parameters: 1_000_000_000,
    quantization: 'q4',
    backend,
    threads: 1,
    contextTokens: 1_024,
    chat: script.chat,
    chatContextTokens: script.chat ? script.contextTokens : 0,
    languages: [],
    weightBytes: 500_000_000,
    loadMs: script.loadMs,
  };
}
