import type { EngineStatus } from './engine.ts';

/** What the status bar says, in one word. */
export type StatusName = 'loading' | 'ready' | 'working' | 'off' | 'language-off' | 'snoozed' | 'error';

export interface StatusInputs {
  readonly engine: EngineStatus;
  readonly enabled: boolean;
  /** Null: no editor is open. */
  readonly languageOn: boolean | null;
  readonly snoozed: boolean;
}

/** What matters most to a person comes first: what they switched off, then what is broken, then what goes on. */
export function statusNameOf({ engine, enabled, languageOn, snoozed }: StatusInputs): StatusName {
  if (!enabled || engine.name === 'off') return 'off';
  if (engine.name === 'failed') return 'error';
  if (engine.name !== 'ready' && engine.name !== 'working') return 'loading';
  if (languageOn === false) return 'language-off';
  return snoozed ? 'snoozed' : engine.name;
}
