import type { CompleteParams } from '../protocol/engine.ts';
import { isClosing } from './shaping.ts';

/** Documents a person writes in. Output, diffs, source control and settings views are left alone. */
export const documentSchemes = [
  'file',
  'untitled',
  'vscode-notebook-cell',
  'vscode-remote',
  'vscode-vfs',
] as const;

/** Longer documents are data or generated. */
const MAX_LINES = 100_000;

/** As in the engine: nobody writes a longer line by hand. */
const MAX_LINE_CHARS = 2_000;

/** Why the engine is not asked. */
export type SkipReason =
  | 'disabled'
  | 'language-off'
  | 'snoozed'
  | 'on-battery'
  | 'manual-only'
  | 'selecting'
  | 'several-cursors'
  | 'document-too-large'
  | 'line-too-long'
  | 'mid-line'
  | 'nothing-before-cursor';

/** What a person wants of completion while the machine lives on its battery. */
export const batteryChoices = ['run', 'manual', 'pause'] as const;
export type BatteryChoice = (typeof batteryChoices)[number];

/** What the person has switched on and off. */
export interface CompletionSwitches {
  readonly enabled: boolean;
  /** False: only when asked. */
  readonly automatic: boolean;
  /** By VS Code language id; `*` is for all that are not named. */
  readonly languages: Readonly<Record<string, boolean>>;
  readonly snoozed: boolean;
  /** What the battery leaves now; `run` on the mains. */
  readonly battery: BatteryChoice;
}

/** What the editor looks like at the cursor. */
export interface EditorSituation {
  readonly trigger: CompleteParams['trigger'];
  readonly languageId: string;
  readonly lineCount: number;
  /** The cursor's line, left and right of the cursor. */
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly cursors: number;
  readonly selecting: boolean;
}

/** Null when the engine may be asked. What a person asks for is done wherever it is possible. */
export function skipReason(switches: CompletionSwitches, situation: EditorSituation): SkipReason | null {
  const { trigger, linePrefix, lineSuffix } = situation;
  const automatic = trigger === 'automatic';
  if (!switches.enabled) return 'disabled';
  if (!isLanguageOn(switches.languages, situation.languageId)) return 'language-off';
  if (automatic && switches.snoozed) return 'snoozed';
  if (switches.battery === 'pause' || (automatic && switches.battery === 'manual')) return 'on-battery';
  if (automatic && !switches.automatic) return 'manual-only';
  if (situation.cursors > 1) return 'several-cursors';
  if (situation.selecting) return 'selecting';
  if (situation.lineCount > MAX_LINES) return 'document-too-large';
  if (linePrefix.length + lineSuffix.length > MAX_LINE_CHARS) return 'line-too-long';
  return automatic && !isClosing(lineSuffix) ? 'mid-line' : null;
}

/** Whether there is anything to continue. A blank document is only answered to a person who asks. */
export function hasContext(prefix: string, trigger: CompleteParams['trigger']): boolean {
  return trigger === 'invoked' || prefix.trim() !== '';
}

export function isLanguageOn(languages: CompletionSwitches['languages'], languageId: string): boolean {
  for (const key of [languageId, '*']) if (Object.hasOwn(languages, key)) return languages[key] === true;
  return true;
}
