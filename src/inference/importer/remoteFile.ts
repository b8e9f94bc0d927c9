/** A file of a repository on the hub, as the hub describes it. */
export interface RemoteFile {
  /** A plain name. */
  readonly name: string;
  readonly bytes: number;
  readonly digest: FileDigest;
}

/** What its content must give: SHA-256 of large files, the id of git's blob (SHA-1 with a header) of small ones. */
export interface FileDigest {
  readonly kind: 'sha256' | 'gitBlob';
  /** Lower case. */
  readonly hex: string;
}

/**
 * The bytes of `file` from byte `from` on, in order, and no more than it has. However often the connection breaks, it is
 * taken up where it was; what is given out is not verified yet.
 *
 * @throws GemmaError `network`, `unauthorized`, `licence`, `untrusted`; `cancelled` when `signal` aborts
 */
export type OpenRemoteFile = (
  file: RemoteFile,
  from: number,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;
