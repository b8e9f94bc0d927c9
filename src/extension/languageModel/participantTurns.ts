import { fenced } from '../../chat/fences.ts';
import { commandText } from '../../chat/instructions.ts';

/** What may follow the slash in a question to `@gemma`; package.json contributes exactly these. */
export const participantCommands = ['explain', 'fix', 'tests', 'doc', 'summarize'] as const;

/** Something that was attached to a question. */
export interface Reference {
  /** For the model: a file's name, perhaps with lines. */
  readonly name: string;
  /** VS Code's language id; empty where there is none. */
  readonly languageId: string;
  readonly text: string;
}

export interface Request {
  readonly command: string | undefined;
  readonly prompt: string;
  readonly references: readonly Reference[];
}

/** A question as the model is shown it: what was attached first, then what is asked. */
export function requestText({ command, prompt, references }: Request): string {
  const name = participantCommands.find((known) => known === command);
  const asked = name === undefined ? prompt.trim() : commandText(name, prompt.trim());
  const shown = references.map(
    ({ name: reference, languageId, text }) => `${reference}:\n${fenced(text, languageId)}`,
  );
  return [...shown, asked].filter((part) => part !== '').join('\n\n');
}
