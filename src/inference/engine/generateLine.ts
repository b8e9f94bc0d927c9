import { greedy, logSumExp } from '../sampling/logits.ts';
import { endsInRepetition } from '../../text/repetition.ts';
import type { Sequence } from '../kv/sequence.ts';
import type { Turn } from '../kv/turn.ts';
import { Constraint } from './constraint.ts';
import { Decoder } from './decoder.ts';
import type { LineModel } from './lineModel.ts';
import type { PromptLookup } from './promptLookup.ts';

/** The rest of a line as a model writes or reads it. */
export interface ScoredLine {
  readonly text: string;
  /** Σ ln p of the tokens after the constraint, and of the line ending there. */
  readonly logProbability: number;
  /** Terms of the sum. */
  readonly tokens: number;
}

export interface GeneratedLine extends ScoredLine {
  readonly ended: 'line-end' | 'limit' | 'repetition';
}

const MAX_TOKENS = 48;

/**
 * Writes the rest of the line greedily.
 *
 * @param sequence positioned at the end of the prompt; the generated tokens are appended to it
 * @param first logits after the prompt's last token, [vocabSize]
 * @param lookup over the prompt
 */
export async function generateLine(
  model: LineModel,
  sequence: Sequence,
  first: Float32Array,
  constraintText: string,
  lookup: PromptLookup,
  turn: Turn,
): Promise<GeneratedLine> {
  const constraint = new Constraint(model, constraintText);
  const stream = model.tokenizer.stream();
  const decoder = new Decoder(sequence, first.length, lookup);
  const tokens: number[] = [];
  let row = first;
  let text = '';
  let logProbability = 0;
  let ended: GeneratedLine['ended'] = 'limit';

  while (tokens.length < MAX_TOKENS) {
    const { allowed } = constraint;
    if (allowed?.length === 0) break;
    const choice = greedy(row, allowed);
    if (allowed === null) {
      const end = lineEndLogProbability(model, row);
      if (model.isLineEnd[choice.token] === 1 || end > choice.logProbability) {
        logProbability += end;
        ended = 'line-end';
        break;
      }
    }
    tokens.push(choice.token);
    logProbability += choice.logProbability;
    text += stream.push(choice.token);
    constraint.advance(choice.token);
    if (endsInRepetition(tokens)) {
      ended = 'repetition';
      break;
    }
    row = await decoder.next(choice.token, turn);
  }
  decoder.settle();
  return { text: text.slice(constraintText.length), logProbability, tokens: tokens.length + 1, ended };
}

/**
 * How likely the model finds `text` as the rest of the line. The sequence is left as it was.
 *
 * @param first as in generateLine
 */
export async function scoreLine(
  model: LineModel,
  sequence: Sequence,
  first: Float32Array,
  constraintText: string,
  text: string,
  turn: Turn,
): Promise<ScoredLine> {
  const vocabSize = first.length;
  const constraint = new Constraint(model, constraintText);
  const tokens = model.tokenizer.encode(constraintText + text);
  const start = sequence.length;
  const rows = await sequence.append(tokens, tokens.length, turn);
  let row = first;
  let logProbability = 0;
  for (const [i, token] of tokens.entries()) {
    logProbability += row[token]! - logSumExp(row, constraint.allowed);
    constraint.advance(token);
    row = rows.subarray(i * vocabSize, (i + 1) * vocabSize);
  }
  logProbability += lineEndLogProbability(model, row);
  sequence.rewind(start);
  return { text, logProbability, tokens: tokens.length + 1 };
}

/** Upper bound of `scoreLine`'s result, from the prompt's logits alone. */
export function firstTokenLogProbability(
  model: LineModel,
  first: Float32Array,
  constraintText: string,
  text: string,
): number {
  const token = model.tokenizer.encode(constraintText + text)[0];
  if (token === undefined) return -Infinity;
  return first[token]! - logSumExp(first, new Constraint(model, constraintText).allowed);
}

function lineEndLogProbability(model: LineModel, row: Float32Array): number {
  return logSumExp(row, model.lineEnds) - logSumExp(row, null);
}
