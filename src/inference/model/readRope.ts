import * as v from 'valibot';

export interface Rope {
  readonly theta: number;
  readonly factor: number;
  /** Share of the pairs that rotate, 0–1. */
  readonly share: number;
}

/** What a model's config class falls back to. */
export interface RopeDefaults {
  readonly global: Rope;
  readonly local: Rope;
}

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const type = v.optional(v.picklist(['default', 'linear', 'proportional']));

/** No scaling, or linear scaling; `type` is the older name of `rope_type`. */
const Scaling = v.object({ rope_type: type, type, factor: v.optional(v.nullable(positive)) });
const Parameters = v.object({
  ...Scaling.entries,
  rope_theta: v.optional(positive),
  partial_rotary_factor: v.optional(v.nullable(v.pipe(positive, v.maxValue(1)))),
});
type Parameters = v.InferOutput<typeof Parameters>;

/** The keys of a config.json that describe rotary embedding: flat ones, or `rope_parameters`, for all layers or by type. */
export const ropeEntries = {
  rope_theta: v.optional(positive),
  rope_local_base_freq: v.optional(positive),
  rope_scaling: v.optional(v.nullable(Scaling)),
  rope_parameters: v.optional(
    v.nullable(
      v.object({
        ...Parameters.entries,
        full_attention: v.optional(Parameters),
        sliding_attention: v.optional(Parameters),
      }),
    ),
  ),
};
const RopeConfig = v.object(ropeEntries);

/** Rotary embedding of layers that attend to everything (`global`) and of those with a window (`local`). */
export function readRope(config: v.InferOutput<typeof RopeConfig>, defaults: RopeDefaults): RopeDefaults {
  const { rope_theta: theta, rope_scaling: scaling, rope_parameters: parameters } = config;
  const flat: Parameters = {
    ...scaling,
    ...(theta === undefined ? {} : { rope_theta: theta }),
    ...parameters,
  };
  // Models with one theta for all layers have no key for the local ones; the others never scale those.
  const hasOneTheta = defaults.local.theta === defaults.global.theta;
  const local = config.rope_local_base_freq ?? (hasOneTheta ? flat.rope_theta : undefined);
  return {
    global: rope(parameters?.full_attention ?? flat, defaults.global),
    local: rope(
      parameters?.sliding_attention ?? {
        ...(hasOneTheta ? flat : {}),
        ...(local === undefined ? {} : { rope_theta: local }),
      },
      defaults.local,
    ),
  };
}

function rope(given: Parameters, defaults: Rope): Rope {
  const kind = given.rope_type ?? given.type;
  const isProportional = kind === 'proportional';
  return {
    theta: given.rope_theta ?? defaults.theta,
    factor: kind === 'linear' || isProportional ? (given.factor ?? 1) : 1,
    share: kind === undefined ? defaults.share : isProportional ? (given.partial_rotary_factor ?? 1) : 1,
  };
}
