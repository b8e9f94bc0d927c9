import { GemmaError } from '../protocol/errors.ts';
import type { Sampling } from '../protocol/engine.ts';
import { TURN_TOKENS } from './chatBudget.ts';
import type { ChatEngine } from './chatEngine.ts';
import type { Attachment } from './conversation.ts';
import { countOne } from './countEach.ts';
import { fitQuestion } from './fitQuestion.ts';
import { SYSTEM_TEXT } from './instructions.ts';
import { proposeEdit } from './proposeEdit.ts';
import type { Proposal } from './proposeEdit.ts';

const sampling: Sampling = { temperature: 0, topK: 1, topP: 1, seed: 0 };

export interface EditRequest {
  /** What is to be done: a slash command, or `editText` of a wish. */
  readonly text: string;
  /** Whole lines. They are sent whole or not at all. */
  readonly selection: Attachment;
  readonly others: readonly Attachment[];
}

/**
 * What the model puts in the place of a selection. It has half of the context to write in.
 *
 * @param onProgress characters written so far
 * @throws GemmaError `bad-input` when the selection is too long to be changed at once; what the engine throws
 */
export async function askEdit(
  engine: ChatEngine,
  { text, selection, others }: EditRequest,
  onProgress: (chars: number) => void,
): Promise<Proposal> {
  const system = await countOne(engine, SYSTEM_TEXT);
  const half = Math.floor((engine.contextTokens - system - 2 * TURN_TOKENS) / 2);
  const question = { text, attachments: [...others, selection] };
  const { text: turn, leftOut } = await fitQuestion(engine, question, half);
  if (half < 1 || leftOut.some(({ label }) => label === selection.label)) throw tooLong();
  let chars = 0;
  const { answer, ended } = await engine.chat(
    {
      purpose: 'edit',
      system: SYSTEM_TEXT,
      turns: [{ role: 'user', text: turn }],
      prefill: '',
      thinking: false,
      maxTokens: half,
      sampling,
    },
    (piece) => onProgress((chars += piece.answer.length)),
  );
  if (ended !== 'stop') throw tooLong();
  return proposeEdit(selection.text, answer);
}

function tooLong(): GemmaError {
  return new GemmaError('bad-input', 'The selection is too long to be changed at once. Select less.');
}
