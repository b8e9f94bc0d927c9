import type { BatteryChoice } from '../completion/policy.ts';
import type { EngineStatus } from './engine.ts';

/** What the status bar says, in one word. */
export type StatusName =
  | 'loading'
  | 'ready'
  | 'working'
  | 'off'
  | 'language-off'
  | 'snoozed'
  | 'on-battery'
  | 'error';

export interface StatusInputs {
  readonly engine: EngineStatus;
  readonly enabled: boolean;
  /** Null: no editor is open. */
  readonly languageOn: boolean | null;
  readonly snoozed: boolean;
  /** What the battery leaves now. */
  readonly battery: BatteryChoice;
}

/** What matters most to a person comes first: what they switched off, then what is broken, then what goes on. */
export function statusNameOf({ engine, enabled, languageOn, snoozed, battery }: StatusInputs): StatusName {
  if (!enabled) return 'off';
  if (battery === 'pause') return 'on-battery';
  if (engine.name === 'off') return 'off';
  if (engine.name === 'failed') return 'error';
  if (engine.name !== 'ready' && engine.name !== 'working') return 'loading';
  if (languageOn === false) return 'language-off';
  if (snoozed) return 'snoozed';
  return battery === 'manual' ? 'on-battery' : engine.name;
}
