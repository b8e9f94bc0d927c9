/** In front of every conversation with `@gemma`. */
export const participantSystem =
  'You are Gemma Code, a programming assistant that runs on the own machine of the person who asks. ' +
  'Answer briefly, in Markdown, with code in fenced blocks that name their language. ' +
  'Say so when you are not sure.';

/** What follows the slash, and what the model is asked then. package.json contributes exactly these. */
export const slashRequests: Readonly<Record<string, string>> = {
  explain: 'Explain what this code does and how.',
  fix: 'Find what is wrong in this code, say what it is, and show the corrected code.',
  tests: 'Write tests for this code.',
  doc: 'Write documentation comments for this code, and show the code with them.',
  summarize: 'Summarize this in a few sentences.',
};

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
  const asked = [command === undefined ? '' : (slashRequests[command] ?? ''), prompt.trim()];
  const shown = references.map(({ name, languageId, text }) => {
    const fence = fenceFor(text);
    return `${name}:\n${fence}${languageId}\n${text}\n${fence}`;
  });
  return [...shown, ...asked].filter((part) => part !== '').join('\n\n');
}

/** Longer than every run of backticks inside, so that the text can't close it (CommonMark 0.31, §4.5). */
function fenceFor(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  return '`'.repeat(Math.max(3, ...runs.map(({ length }) => length + 1)));
}
