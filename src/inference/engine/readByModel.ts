import type { BackendName, CompleteParams, NoSuggestionReason } from '../../protocol/engine.ts';
import type { CopiedCandidate } from '../candidates/copier.ts';
import type { Evidence } from '../candidates/evidence.ts';
import type { KvCache } from '../kv/kvCache.ts';
import type { Turn } from '../kv/turn.ts';
import { layOutCompletion } from '../prompt/completionLayouts.ts';
import type { CompletionPrompt } from '../prompt/completionPrompt.ts';
import { firstTokenLogProbability, type GeneratedLine, generateLine, scoreLine } from './generateLine.ts';
import type { LineModel } from './lineModel.ts';
import { LONGEST_MATCH, PromptLookup } from './promptLookup.ts';

export interface CompletionModel extends LineModel {
  readonly backend: BackendName;
  readonly cache: KvCache;
  readonly contextTokens: number;
  /** The line written last, after the tokens before it: as long as typing agrees with it, it comes again. */
  lastLine: readonly number[];
}

export interface ModelReading {
  readonly candidates: readonly Evidence[];
  readonly work: Work;
}

/** What one completion cost. */
export interface Work {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly tokens: number;
}

/** A copy whose first token the model finds less likely than this (ln p) is not worth a forward pass. */
const UNLIKELY = -6;
const MAX_READ = 4;

export function promptFor(
  model: CompletionModel,
  request: Pick<CompleteParams, 'fileName' | 'languageId' | 'prefix' | 'suffix'>,
): CompletionPrompt {
  return layOutCompletion(model.tokenizer, model.manifest, model.contextTokens, request);
}

/** Lets the model write its own line and judge the copies, on one prefill of the prompt. */
export async function readByModel(
  model: CompletionModel,
  request: CompleteParams,
  copies: readonly CopiedCandidate[],
  turn: Turn,
): Promise<ModelReading> {
  const start = performance.now();
  const prompt = promptFor(model, request);
  const { sequence, cachedTokens, logits } = await model.cache.prefill(prompt.tokens, turn);
  // The backend reuses its output buffer; this row is read again for every candidate.
  const first = logits.slice();
  const prefilled = performance.now();

  const end = sequence.length;
  const tail = prompt.tokens.slice(-LONGEST_MATCH);
  const lookup = new PromptLookup(
    [...prompt.tokens, ...model.lastLine, ...tail],
    model.backend,
    model.manifest.quantization,
  );
  const line = await generateLine(model, sequence, first, prompt.constraint, lookup, turn);
  model.lastLine = [...tail, ...sequence.tokens.slice(end)];
  sequence.rewind(end);
  const own = line.text.trimEnd();
  const matchLength = copies.find((copy) => copy.text === own)?.matchLength ?? 0;

  const candidates: Evidence[] = [
    {
      text: own,
      source: 'model',
      reading: line,
      matchLength,
      flaw: flawOf(model, line, matchLength),
    },
  ];
  const worthReading = copies
    .filter((copy) => copy.text !== own)
    .filter((copy) => firstTokenLogProbability(model, first, prompt.constraint, copy.text) > UNLIKELY)
    .slice(0, MAX_READ);
  for (const copy of worthReading) {
    const reading = await scoreLine(model, sequence, first, prompt.constraint, copy.text, turn);
    candidates.push({
      text: copy.text,
      source: 'copied',
      reading,
      matchLength: copy.matchLength,
      flaw: null,
    });
  }

  return {
    candidates,
    work: {
      promptTokens: prompt.tokens.length,
      cachedTokens,
      prefillMs: prefilled - start,
      decodeMs: performance.now() - prefilled,
      tokens: line.tokens - 1,
    },
  };
}

/** Why what the model wrote is not worth offering, whatever it thinks of it. */
function flawOf(
  { manifest: { completion } }: CompletionModel,
  { text, ended }: GeneratedLine,
  matchLength: number,
): NoSuggestionReason | null {
  if (ended === 'repetition') return 'repetition';
  // A model that answers in a code block closes it where it thinks the file ends.
  if (completion?.layout === 'instruction' && text.trimStart().startsWith('```'))
    return 'nothing-to-complete';
  const mostChars = completion?.maxLineChars ?? Infinity;
  return matchLength === 0 && text.trimEnd().length > mostChars ? 'too-long' : null;
}
