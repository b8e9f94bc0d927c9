import * as v from 'valibot';
import { BackendName, CompleteResult, NoSuggestionReason, Quantization } from './engine.ts';

/**
 * The contract between the extension and the page in the sidebar. Both sides validate with the schemas below. Text of
 * a person or a model travels as {@link Shown}, so that the page has nothing to decide about it.
 */

/** The page shows this many completions, newest first. */
export const MAX_RECORDS = 20;
/** More pieces than a suggestion that is cut to a readable length can have. */
const MAX_PIECES = 1_000;
const MAX_PIECE_CHARS = 1_000;
const MAX_CODE_POINT = 0x10_ff_ff;
/** As far as dates of ECMAScript reach. */
const LAST_MOMENT = 8.64e15;

const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const codePoint = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_CODE_POINT));

/** A text in pieces: what can be seen is a string, a character that can't be is its code point. */
export const Shown = v.pipe(
  v.array(v.union([v.pipe(v.string(), v.maxLength(MAX_PIECE_CHARS)), codePoint])),
  v.maxLength(MAX_PIECES),
);
export type Shown = v.InferOutput<typeof Shown>;

export const EngineView = v.object({
  state: v.picklist(['off', 'busy', 'ready', 'error']),
  /** One sentence for people. */
  sentence: Shown,
  /** Of a step that takes long; null: nobody knows. */
  progress: v.nullable(fraction),
  model: v.nullable(
    v.object({
      name: Shown,
      /** Null, as the others: of a model on another machine nobody knows. */
      backend: v.nullable(BackendName),
      quantization: v.nullable(Quantization),
      threads: v.nullable(v.number()),
    }),
  ),
  /** Whether completion is on at all; when it is off, the buttons have nothing to act on. */
  enabled: v.boolean(),
  /** Whether suggestions appear by themselves. */
  automatic: v.boolean(),
});
export type EngineView = v.InferOutput<typeof EngineView>;

/** One answer of the engine. */
export const RecordView = v.object({
  ...v.omit(CompleteResult, ['text', 'model', 'backend']).entries,
  /** Counts up while the window is open. */
  id: v.number(),
  /** Milliseconds since 1970. */
  time: v.pipe(v.number(), v.minValue(0), v.maxValue(LAST_MOMENT)),
  fileName: Shown,
  languageId: Shown,
  /** Null: nothing was good enough, see `reason`. */
  text: v.nullable(Shown),
});
export type RecordView = v.InferOutput<typeof RecordView>;

const label = v.pipe(v.string(), v.maxLength(500));

/** What the page says by itself, in the person's language. `{0}` and `{1}` are filled in by the page. */
export const Strings = v.object({
  engine: label,
  model: label,
  backend: label,
  quantization: label,
  threads: label,
  progress: label,
  restart: label,
  automatic: label,
  on: label,
  off: label,
  turnAutomaticOn: label,
  turnAutomaticOff: label,
  completions: label,
  noCompletions: label,
  nothingSuggested: label,
  source: label,
  sources: v.object({ model: label, copied: label }),
  confidence: label,
  prompt: label,
  promptTokens: label,
  prefill: label,
  decode: label,
  tokens: label,
  reasons: v.record(NoSuggestionReason, label),
});
export type Strings = v.InferOutput<typeof Strings>;

/** What the extension tells the page. */
export const ToInspector = v.variant('type', [
  /** First of all. `language` is a BCP 47 tag. */
  v.object({ type: v.literal('strings'), language: label, strings: Strings }),
  v.object({ type: v.literal('engine'), engine: EngineView }),
  v.object({
    type: v.literal('records'),
    /** Why the engine was not asked for the last keystroke; null: it was, or the engine's state says why not. */
    skipped: v.nullable(label),
    records: v.pipe(v.array(RecordView), v.maxLength(MAX_RECORDS)),
  }),
]);
export type ToInspector = v.InferOutput<typeof ToInspector>;

/** What the page asks of the extension. */
export const FromInspector = v.variant('type', [
  /** The page listens now and knows nothing. */
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('restartEngine') }),
  v.object({ type: v.literal('setAutomatic'), automatic: v.boolean() }),
]);
export type FromInspector = v.InferOutput<typeof FromInspector>;
