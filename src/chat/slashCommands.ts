/** What a person may write after a slash at the start of a question, in the order in which it is offered. */
export const slashCommandNames = [
  'explain',
  'summarize',
  'fix',
  'doc',
  'tests',
  'commit',
  'new',
  'clear',
  'help',
] as const;
export type SlashCommandName = (typeof slashCommandNames)[number];

/** Those that ask nothing of the model: a new conversation, this one emptied, what can be written here. */
const local = ['new', 'clear', 'help'] as const satisfies SlashCommandName[];
export type LocalCommandName = (typeof local)[number];
export type AskedCommandName = Exclude<SlashCommandName, LocalCommandName>;

export interface TypedCommand {
  /** Null: nothing but text. */
  readonly name: SlashCommandName | null;
  /** What follows the command, without white space around it. */
  readonly rest: string;
}

/** Reads "/fix the rest". A word after a slash that is no command is part of the text: it may be a path. */
export function parseSlashCommand(text: string): TypedCommand {
  const [, word, rest = ''] = /^\s*\/([a-z]+)(?:\s+([\s\S]*))?$/u.exec(text) ?? [];
  const name = slashCommandNames.find((known) => known === word);
  return name === undefined ? { name: null, rest: text.trim() } : { name, rest: rest.trim() };
}

export function isLocalCommand(name: SlashCommandName): name is LocalCommandName {
  return local.some((known) => known === name);
}
