import type { CompleteParams } from '../../protocol/engine.ts';
import type { Evidence } from './evidence.ts';

/** Shown from this probability on. A person who asks gets a guess that would not have been volunteered. */
const THRESHOLDS: Readonly<Record<CompleteParams['trigger'], number>> = { automatic: 0.45, invoked: 0.1 };

export function passesGate(confidence: number, trigger: CompleteParams['trigger']): boolean {
  return confidence >= THRESHOLDS[trigger];
}

/** Longer matches say nothing more. */
const MAX_MATCH = 40;

/** Estimated probability that the candidate is exactly the rest of the line the person wants, 0–1. */
export function confidenceOf({ reading, matchLength }: Evidence): number {
  const match = Math.log1p(Math.min(matchLength, MAX_MATCH));
  if (reading === null) return logistic(-4.2 + 1.15 * match);
  const mean = reading.logProbability / reading.tokens;
  return logistic(0.9 + 0.55 * reading.logProbability + 0.9 * mean + 0.25 * match);
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
