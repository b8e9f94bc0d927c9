import * as v from 'valibot';
import type manifest from '../../package.json';
import { batteryChoices } from '../completion/policy.ts';
import { BackendChoice } from '../protocol/engine.ts';

type Section = (typeof manifest)['contributes']['configuration'][number];
type KeysOf<S> = S extends { properties: infer P } ? keyof P : never;

/** Keys of package.json: a misspelt one does not compile. */
export type SettingId = KeysOf<Section>;

/** What a value must be to count; anything else a person has written counts as not written. */
export const settingSchemas = {
  'gemmaCode.completion.enabled': v.boolean(),
  'gemmaCode.completion.automatic': v.boolean(),
  'gemmaCode.completion.languages': v.record(v.string(), v.boolean()),
  'gemmaCode.completion.delay': v.pipe(v.number(), v.minValue(0), v.maxValue(5_000)),
  'gemmaCode.completion.onBattery': v.picklist(batteryChoices),
  'gemmaCode.completion.model': v.pipe(v.string(), v.maxLength(4_096)),
  'gemmaCode.chat.model': v.pipe(v.string(), v.maxLength(4_096)),
  'gemmaCode.models.endpoint': v.pipe(v.string(), v.maxLength(2_048)),
  'gemmaCode.engine.backend': BackendChoice,
  'gemmaCode.engine.memory': v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_048_576)),
  'gemmaCode.engine.snapshots': v.boolean(),
  'gemmaCode.remote.url': v.pipe(v.string(), v.trim(), v.maxLength(2_048)),
  'gemmaCode.remote.model': v.pipe(v.string(), v.maxLength(512)),
  'gemmaCode.remote.use': v.picklist(['chat', 'completion', 'both']),
} as const satisfies Record<SettingId, v.GenericSchema>;

export type SettingValue<K extends SettingId> = v.InferOutput<(typeof settingSchemas)[K]>;

/** As in package.json. */
export const settingDefaults: { readonly [K in SettingId]: SettingValue<K> } = {
  'gemmaCode.completion.enabled': true,
  'gemmaCode.completion.automatic': true,
  'gemmaCode.completion.languages': { '*': true },
  'gemmaCode.completion.delay': 0,
  'gemmaCode.completion.onBattery': 'run',
  'gemmaCode.completion.model': '',
  'gemmaCode.chat.model': '',
  'gemmaCode.models.endpoint': 'https://huggingface.co',
  'gemmaCode.engine.backend': 'auto',
  'gemmaCode.engine.memory': 0,
  'gemmaCode.engine.snapshots': true,
  'gemmaCode.remote.url': '',
  'gemmaCode.remote.model': '',
  'gemmaCode.remote.use': 'chat',
};

/** The person's own `value` when it is usable, else the default. */
export function settingValue<K extends SettingId>(id: K, value: unknown): SettingValue<K> {
  const parsed = v.safeParse(settingSchemas[id], value);
  return parsed.success ? parsed.output : settingDefaults[id];
}
