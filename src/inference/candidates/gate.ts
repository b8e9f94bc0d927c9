import type { CompleteParams } from '../../protocol/engine.ts';
import type { Evidence } from './evidence.ts';

/**
 * Shown from this probability of being exact on. At the automatic one, two of three suggestions inside a line begin right
 * and more than half are right to the last character (on the validation packages). A person who asks gets the best guess
 * there is.
 */
const THRESHOLDS: Readonly<Record<CompleteParams['trigger'], number>> = { automatic: 0.25, invoked: 0 };

export function passesGate(confidence: number, trigger: CompleteParams['trigger']): boolean {
  return confidence >= THRESHOLDS[trigger];
}

/** Longer matches say nothing more. */
const MAX_MATCH = 64;
/** A match of this length covers more than the cursor's line: the lines above agree as well. */
const LINES_AGREE = 24;

/** Weights of `training/fitGate.ts`, bias first. */
const READ_WEIGHTS = [1.623, 0.679, 1.595, 0.093, -0.509, -0.641, 0.404, -0.357, -0.078, -0.167];
const COPY_WEIGHTS = [-5.005, 1.292];

/** What the gate knows of a line that a model has read. The longer the match, the less the model's opinion counts. */
export function readFeatures({ text, source, reading, matchLength }: Evidence): number[] | undefined {
  if (reading === null) return undefined;
  const { logProbability, tokens } = reading;
  const mean = logProbability / tokens;
  const match = Math.log1p(Math.min(matchLength, MAX_MATCH));
  const length = Math.log1p(text.trim().length);
  return [
    logProbability,
    mean,
    match,
    length,
    source === 'copied' ? 1 : 0,
    matchLength >= LINES_AGREE ? 1 : 0,
    match * mean,
    match * length,
    match * logProbability,
  ];
}

/** What the gate knows of a copy that no model has read. */
export function copyFeatures({ matchLength }: Evidence): number[] {
  return [Math.log1p(Math.min(matchLength, MAX_MATCH))];
}

/** Estimated probability that the candidate is exactly the rest of the line the person wants, 0–1. */
export function confidenceOf(candidate: Evidence): number {
  const features = readFeatures(candidate);
  return features === undefined
    ? logistic(COPY_WEIGHTS, copyFeatures(candidate))
    : logistic(READ_WEIGHTS, features);
}

function logistic([bias = 0, ...weights]: readonly number[], features: readonly number[]): number {
  const sum = features.reduce((total, feature, i) => total + feature * (weights[i] ?? 0), bias);
  return 1 / (1 + Math.exp(-sum));
}
