import type { CompleteParams, CompleteResult, NoSuggestionReason } from '../../protocol/engine.ts';
import { findCopies } from '../candidates/copier.ts';
import { bestCandidate } from '../candidates/bestCandidate.ts';
import type { Evidence } from '../candidates/evidence.ts';
import { passesGate } from '../candidates/gate.ts';
import type { Turn } from '../kv/turn.ts';
import { type CompletionModel, type ModelReading, readByModel } from './readByModel.ts';

/** A longer line is data or minified code; nobody writes it by hand. */
const MAX_LINE_CHARS = 2_000;

type Suggestion = Pick<CompleteResult, 'text' | 'reason' | 'source' | 'confidence'>;

/**
 * The rest of the cursor's line: copies from the open files and the model's own line compete, the model ranks them,
 * and the winner is offered only when it is likely enough to be wanted. Copies stand alone where no model can judge.
 *
 * @param model null when the loaded model was not trained for the document's language
 */
export async function completeLine(
  params: CompleteParams,
  model: CompletionModel | null,
  turn: Turn,
): Promise<CompleteResult> {
  const forced = params.forcedPrefix ?? '';
  const request = { ...params, prefix: params.prefix + forced };
  const lineChars = request.prefix.length - request.prefix.lastIndexOf('\n') - 1;
  if (lineChars > MAX_LINE_CHARS)
    return { ...nothing('line-too-long'), ...copiesAlone([]).work, ...by(null) };

  const copies = findCopies(request);
  const { candidates, work } =
    model === null ? copiesAlone(copies) : await readByModel(model, request, copies, turn);
  const suggestion = choose(request, candidates);
  const text = suggestion.text === null ? null : forced + suggestion.text;
  return { ...suggestion, text, ...work, ...by(model) };
}

/** The likeliest candidate that is not worthless, if it passes the gate. */
function choose(request: CompleteParams, candidates: readonly Evidence[]): Suggestion {
  const { best, refused } = bestCandidate(request, candidates);
  if (best === null) return nothing(refused ?? 'nothing-to-complete');
  const { text, source } = best.candidate;
  if (!passesGate(best.confidence, request.trigger)) return nothing('low-confidence', best.confidence);
  return { text, reason: null, source, confidence: best.confidence };
}

function nothing(reason: NoSuggestionReason, confidence: number | null = null): Suggestion {
  return { text: null, reason, source: null, confidence };
}

function copiesAlone(copies: ReturnType<typeof findCopies>): ModelReading {
  return {
    candidates: copies.map(({ text, matchLength }) => ({
      text,
      source: 'copied',
      reading: null,
      matchLength,
      flaw: null,
    })),
    work: { promptTokens: 0, cachedTokens: 0, prefillMs: 0, decodeMs: 0, tokens: 0 },
  };
}

function by(model: CompletionModel | null): Pick<CompleteResult, 'model' | 'backend'> {
  return { model: model?.manifest.name ?? null, backend: model?.backend ?? null };
}
