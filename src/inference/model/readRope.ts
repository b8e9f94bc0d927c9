import * as v from 'valibot';

interface Rope {
  readonly theta: number;
  readonly factor: number;
}

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** No scaling, or linear scaling; `type` is the older name of `rope_type`. */
const Scaling = v.object({
  rope_type: v.optional(v.picklist(['default', 'linear'])),
  type: v.optional(v.picklist(['default', 'linear'])),
  factor: v.optional(v.nullable(positive)),
});
const Parameters = v.object({ ...Scaling.entries, rope_theta: v.optional(positive) });

/** The keys of a config.json that describe rotary embedding: flat ones, or `rope_parameters` a layer type. */
export const RopeConfig = v.object({
  rope_theta: v.optional(positive, 1_000_000),
  rope_local_base_freq: v.optional(positive, 10_000),
  rope_scaling: v.optional(v.nullable(Scaling)),
  rope_parameters: v.optional(
    v.nullable(v.object({ full_attention: Parameters, sliding_attention: Parameters })),
  ),
});

/** Rotary embedding of layers that attend to everything (`global`) and of those with a window (`local`). */
export function readRope(config: v.InferOutput<typeof RopeConfig>): {
  readonly global: Rope;
  readonly local: Rope;
} {
  const { rope_parameters: parameters } = config;
  const full = parameters?.full_attention;
  const sliding = parameters?.sliding_attention;
  return {
    global: {
      theta: full?.rope_theta ?? config.rope_theta,
      factor: factorOf(full ?? config.rope_scaling),
    },
    local: {
      theta: sliding?.rope_theta ?? config.rope_local_base_freq,
      factor: factorOf(sliding),
    },
  };
}

function factorOf(scaling: v.InferOutput<typeof Scaling> | null | undefined): number {
  const isLinear = (scaling?.rope_type ?? scaling?.type) === 'linear';
  return isLinear ? (scaling?.factor ?? 1) : 1;
}
