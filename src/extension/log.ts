import * as vscode from 'vscode';
import type { SkipReason } from '../completion/policy.ts';
import type { SuggestionOrigin } from '../completion/session.ts';
import type { AnswerEnd } from '../chat/conversation.ts';
import type { BackendName, NoSuggestionReason, Role } from '../protocol/engine.ts';
import type { ErrorCode, GemmaError } from '../protocol/errors.ts';
import type { EngineStatus } from './engine.ts';

/** A word of ours. There is no way to log text of a person: it would not compile. */
type Word =
  | AnswerEnd
  | BackendName
  | ErrorCode
  | EngineStatus['name']
  | NoSuggestionReason
  | Role
  | SkipReason
  | SuggestionOrigin;

type Facts = Readonly<Record<string, number | boolean | Word | null | undefined>>;

/** What happened and how long it took; never code, prompts or suggestions. */
export interface Log {
  info(event: string, facts?: Facts): void;
  debug(event: string, facts?: Facts): void;
  /** A failure with its sentence, which is ours. */
  failure(event: string, error: GemmaError): void;
  show(): void;
  dispose(): void;
}

export function createLog(): Log {
  const channel = vscode.window.createOutputChannel('Gemma Code', { log: true });
  return {
    info: (event, facts) => channel.info(line(event, facts)),
    debug: (event, facts) => channel.debug(line(event, facts)),
    failure: (event, error) => channel.warn(`${event} ${error.code}: ${error.message}`),
    show: () => channel.show(),
    dispose: () => channel.dispose(),
  };
}

function line(event: string, facts: Facts = {}): string {
  const parts = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`,
  );
  return [event, ...parts].join(' ');
}
