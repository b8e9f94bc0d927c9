/** Which inference process to meet, and how to start it. */
export interface ProcessOptions {
  /** The inference process's bundle, `dist/inference/main.mjs`. */
  readonly entry: string;
  /** Imported models, logs: the extension's global storage. */
  readonly home: string;
  /** Of the extension; processes of different versions never meet. */
  readonly version: string;
  /** The embedded model; absent: beside the bundle. */
  readonly embeddedModel?: string;
  /** Further arguments, such as `--idle-exit-ms`. */
  readonly processArguments?: readonly string[];
  /** Who connects, for the process's log. */
  readonly client: string;
  /** How long the process may stay silent before it counts as hung; default DEFAULT_HANG_MS. */
  readonly hangMs?: number;
  /** How long a new process may take to listen; default DEFAULT_START_MS. */
  readonly startMs?: number;
}

export const DEFAULT_HANG_MS = 10_000;
export const DEFAULT_START_MS = 20_000;
