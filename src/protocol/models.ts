import * as v from 'valibot';
import { errorCodes } from './errors.ts';

/**
 * Models on this machine and on their way to it, as client and inference process speak of them. `engine.ts` has the
 * requests.
 */

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4_096));

/** Weight format of an imported model: int4 (native), int8 (WASM) or full precision. */
export const Quantization = v.picklist(['q4', 'q8', 'f32']);
export type Quantization = v.InferOutput<typeof Quantization>;

/** Name of an installed model: of its folder below the models folder, and never anything but a plain name. */
export const ModelId = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,99}$/u));
export type ModelId = v.InferOutput<typeof ModelId>;

/** As the hub spells it: owner/name. */
export const Repository = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/u));
/** A commit of the hub's repository. */
export const Revision = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/u));
export const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u));

/** How the hub is reached. */
export const Network = v.object({
  /** Origin of the hub or of a mirror of it: https, or http on loopback. */
  endpoint: v.pipe(v.string(), v.url(), v.maxLength(2_048)),
  /** Sent to the endpoint's own origin and to no other. */
  token: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(4_096))),
  /** URL of an HTTP proxy; null: as the environment says. */
  proxy: v.nullable(v.pipe(v.string(), v.url(), v.maxLength(2_048))),
  /** Hosts that are reached without the proxy, as NO_PROXY lists them. */
  noProxy: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(1_000)),
  /** Whether the proxy's certificate must be valid; the hub's always must. */
  strictProxyCertificate: v.boolean(),
  /** Whether certificates that the system trusts are trusted besides Node's own. */
  systemCertificates: v.boolean(),
});
export type Network = v.InferOutput<typeof Network>;

export const DownloadParams = v.object({
  id: ModelId,
  repository: Repository,
  /** The only commit that is taken; null: the newest one, which is then recorded and kept to. */
  revision: v.nullable(Revision),
  /** SHA-256 of files by name, as far as they were known when the extension was built. */
  digests: v.record(v.pipe(v.string(), v.maxLength(255)), Sha256),
  quantization: Quantization,
  network: Network,
});
export type DownloadParams = v.InferOutput<typeof DownloadParams>;

/** A download, running or not. It survives the process: it goes on where it was. */
export const TransferView = v.object({
  id: ModelId,
  repository: Repository,
  quantization: Quantization,
  state: v.picklist(['running', 'paused', 'failed']),
  /** Bytes of the repository's files that are done; `totalBytes` is 0 until the hub has told. */
  doneBytes: count,
  totalBytes: count,
  /** Over the last seconds; 0 unless it is running. */
  bytesPerSecond: v.pipe(v.number(), v.minValue(0)),
  /** Of `failed`. */
  error: v.nullable(v.object({ code: v.picklist(errorCodes), message: v.string() })),
});
export type TransferView = v.InferOutput<typeof TransferView>;

/** Where an installed model came from. */
export const ModelOrigin = v.variant('kind', [
  v.object({
    kind: v.literal('hub'),
    repository: Repository,
    revision: Revision,
    /** What its digests were compared with: those in the extension, or those that the hub told at the first download. */
    verified: v.picklist(['pinned', 'first-download']),
  }),
  /** A folder of the person's. */
  v.object({ kind: v.literal('folder'), path }),
]);
export type ModelOrigin = v.InferOutput<typeof ModelOrigin>;

export const InstalledModel = v.object({
  id: ModelId,
  /** As people call it: of the repository or the folder. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  origin: v.nullable(ModelOrigin),
  architecture: v.string(),
  parameters: count,
  quantization: Quantization,
  /** Tuned for conversations. */
  chat: v.boolean(),
  /** Trained to fill in the middle. */
  completion: v.boolean(),
  contextTokens: count,
  /** Of keys and values, for each token of context. */
  kvBytesPerToken: count,
  /** On disk. */
  bytes: count,
  /** Being used now. */
  loaded: v.boolean(),
});
export type InstalledModel = v.InferOutput<typeof InstalledModel>;

export const ModelList = v.object({
  /** The models folder, and what is free on its disk. */
  folder: path,
  freeBytes: count,
  installed: v.array(InstalledModel),
  transfers: v.array(TransferView),
});
export type ModelList = v.InferOutput<typeof ModelList>;

/** What a person has, as far as the choice of a model depends on it. */
export const Machine = v.object({
  platform: v.string(),
  arch: v.string(),
  cores: count,
  memoryBytes: count,
  freeMemoryBytes: count,
  /** Where models are kept. */
  freeDiskBytes: count,
  /** Backends whose probe passed, the best first. */
  backends: v.array(v.picklist(['webgpu', 'native', 'wasm'])),
});
export type Machine = v.InferOutput<typeof Machine>;

/** How fast this machine is with weights of one shape, whatever the model. */
export const MachineSpeed = v.object({
  backend: v.picklist(['webgpu', 'native', 'wasm']),
  quantization: Quantization,
  threads: count,
  /** Weight bytes a second while single tokens are written: it bounds tokens a second for any model. */
  decodeBytesPerSecond: v.pipe(v.number(), v.minValue(0)),
  /** Weights times tokens a second while a prompt is read. */
  prefillWeightsPerSecond: v.pipe(v.number(), v.minValue(0)),
});
export type MachineSpeed = v.InferOutput<typeof MachineSpeed>;
