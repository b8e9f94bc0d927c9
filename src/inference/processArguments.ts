import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';

const milliseconds = (standard: number) =>
  v.optional(v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number)), String(standard));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4_096));

const MINUTE = 60_000;

const ProcessArguments = v.object({
  /** The private endpoint folder. */
  folder: path,
  /** Windows only: the pipe's name. */
  pipe: v.optional(path),
  /** Imported models, snapshots and the log. */
  home: path,
  /** Checkpoint folder of the embedded model. */
  'embedded-model': path,
  'connect-ms': milliseconds(20_000),
  'idle-exit-ms': milliseconds(5 * MINUTE),
  'vanish-ms': milliseconds(500),
  /** Without requests for this long, the weights are given back. */
  'unload-ms': milliseconds(10 * MINUTE),
  /** How often the machine is asked how much memory it has left. */
  'pressure-ms': milliseconds(5_000),
  /** Without requests for this long, what was computed is written to disk, where a load allows it. */
  'snapshot-ms': milliseconds(30_000),
  /** A job that goes on this long after its cancellation is beyond reach. */
  'obey-ms': milliseconds(2_000),
});
export type ProcessArguments = v.InferOutput<typeof ProcessArguments>;

/**
 * @param moduleUrl of the bundle: the embedded model lies at `../../models/pebble` from it
 * @throws when an argument is unknown, missing or malformed
 */
export function readArguments(argv: readonly string[], moduleUrl: string): ProcessArguments {
  const options = Object.fromEntries(
    Object.keys(ProcessArguments.entries).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({ args: [...argv], options, strict: true });
  const embedded = fileURLToPath(new URL('../../models/pebble', moduleUrl));
  return v.parse(ProcessArguments, { 'embedded-model': embedded, ...values });
}
