import * as v from 'valibot';

const size = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Open = v.object({ engine: v.string(), path: v.string(), threads: size, positions: size });
export type Open = v.InferOutput<typeof Open>;

/** Compute `count` tokens after the first `past`. */
export const Run = v.object({ past: size, count: size });
export type Run = v.InferOutput<typeof Run>;

/** After opening, and after every run. */
export const Reply = v.object({ ms: v.number(), residentMb: v.number(), anonymousMb: v.number() });
export type Reply = v.InferOutput<typeof Reply>;
