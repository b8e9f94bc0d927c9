import type { CompleteParams } from '../../protocol/engine.ts';
import type { Evidence } from './evidence.ts';

/** Shown from this probability on. A person who asks gets a guess that would not have been volunteered. */
const THRESHOLDS: Readonly<Record<CompleteParams['trigger'], number>> = { automatic: 0.35, invoked: 0.1 };

export function passesGate(confidence: number, trigger: CompleteParams['trigger']): boolean {
  return confidence >= THRESHOLDS[trigger];
}

/** Longer matches say nothing more. */
const MAX_MATCH = 40;

/** Weights of `training/fitGate.ts`, bias first. */
const READ_WEIGHTS = [-0.54, 0.146, 0.634, 0.731, -0.57, -0.472];
const COPY_WEIGHTS = [-5.596, 1.463];

/** What the gate knows of a line that a model has read. */
export function readFeatures({ text, source, reading, matchLength }: Evidence): number[] | undefined {
  if (reading === null) return undefined;
  return [
    reading.logProbability,
    reading.logProbability / reading.tokens,
    Math.log1p(Math.min(matchLength, MAX_MATCH)),
    Math.log1p(text.trim().length),
    source === 'copied' ? 1 : 0,
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
