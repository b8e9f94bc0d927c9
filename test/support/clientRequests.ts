import type { RequestParams } from '../../src/protocol/engine.ts';

export function completion(prefix: string, document = 'a.ts'): RequestParams<'complete'> {
  return {
    document,
    fileName: 'a.ts',
    languageId: 'typescript',
    prefix,
    suffix: '',
    neighbors: [],
    trigger: 'automatic',
  };
}

export function question(text: string, purpose: 'chat' | 'edit' = 'chat'): RequestParams<'chat'> {
  return {
    stream: text,
    purpose,
    system: '',
    turns: [{ role: 'user', text }],
    prefill: '',
    thinking: false,
    maxTokens: 100,
    sampling: { temperature: 0, topK: 1, topP: 1, seed: 0 },
  };
}
