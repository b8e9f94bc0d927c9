import type { CompletionRecord } from '../../src/extension/inspector/records.ts';

/** A completion as it usually is, but for `change`. */
export function record(change: Partial<CompletionRecord> = {}): CompletionRecord {
  return {
    id: 1,
    time: Date.UTC(2026, 0, 2, 3, 4, 5),
    fileName: 'orders.ts',
    languageId: 'typescript',
    text: "tomerId = readString(fields, 'customerId');",
    reason: null,
    source: 'model',
    confidence: 0.874,
    model: 'pebble-1',
    backend: 'wasm',
    promptTokens: 412,
    cachedTokens: 398,
    prefillMs: 12.3,
    decodeMs: 45.6,
    tokens: 9,
    ...change,
  };
}
