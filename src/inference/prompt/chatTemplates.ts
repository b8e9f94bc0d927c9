import type { ChatTemplateName } from '../model/chatTemplateName.ts';
import type { Control } from './requireControl.ts';

/** One way to lay out a conversation, as data. */
export interface ChatTemplate {
  readonly turnStart: Control;
  readonly turnEnd: Control;
  /** Ends an answer, besides `<eos>` and the end of the turn. */
  readonly otherStops: readonly Control[];
  /** False: the system text stands in front of the first user turn, with an empty line between. */
  readonly hasSystemTurn: boolean;
  /** Null: a model of this generation has no marked thoughts. */
  readonly thought: ThoughtControls | null;
}

export interface ThoughtControls {
  /** First in the system turn: the model shall think. */
  readonly think: Control;
  readonly open: Control;
  readonly close: Control;
  /** Whether a model that shall not think is shown an empty thought. */
  readonly closedWhenOff: boolean;
}

const gemma4 = {
  turnStart: ['<|turn>', 105],
  turnEnd: ['<turn|>', 106],
  otherStops: [['<|tool_response>', 50]],
  hasSystemTurn: true,
  thought: {
    think: ['<|think|>', 98],
    open: ['<|channel>', 100],
    close: ['<channel|>', 101],
    closedWhenOff: false,
  },
} as const satisfies ChatTemplate;

/**
 * The templates of the model cards as code: a model's own template file is never run. Ids from `gm/text/_tokenizer.py`
 * of google-deepmind/gemma; layouts from https://ai.google.dev/gemma/docs/formatting and, for Gemma 4,
 * https://ai.google.dev/gemma/docs/core/prompt-formatting-gemma4.
 */
export const chatTemplates: Readonly<Record<ChatTemplateName, ChatTemplate>> = {
  gemma: {
    turnStart: ['<start_of_turn>', 106],
    turnEnd: ['<end_of_turn>', 107],
    otherStops: [],
    hasSystemTurn: false,
    thought: null,
  },
  gemma3: {
    turnStart: ['<start_of_turn>', 105],
    turnEnd: ['<end_of_turn>', 106],
    otherStops: [],
    hasSystemTurn: false,
    thought: null,
  },
  gemma4,
  'gemma4-closed-thought': { ...gemma4, thought: { ...gemma4.thought, closedWhenOff: true } },
};
