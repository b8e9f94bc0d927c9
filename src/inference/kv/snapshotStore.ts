import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import type { LoadedModel } from '../backends/backend.ts';
import { commonPrefix } from './commonPrefix.ts';
import type { Allocate, Room, Sequence } from './sequence.ts';
import {
  readSnapshot,
  readSnapshotInfo,
  sameIdentity,
  type SnapshotIdentity,
  type SnapshotInfo,
  snapshotRowBytes,
  writeSnapshot,
} from './snapshot.ts';
import type { Turn } from './turn.ts';

export interface SnapshotStoreOptions {
  /** For all files together. */
  readonly diskBytes: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A snapshot in the folder. */
export interface StoredSnapshot extends SnapshotInfo {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const NAME = /^[0-9a-f]{32}\.kv$/;
const TEMPORARY = /^[0-9a-f]{32}\.kv\.writing$/;
/** No write takes longer; a younger one may be another process's. */
const MAX_WRITING_MS = 60 * 60 * 1_000;
/** A snapshot loses half of its worth in this time without use. */
const HALF_LIFE_MS = DAY_MS;
/** What nobody used for so long is somebody's text lying around. */
const MAX_AGE_MS = 14 * DAY_MS;
/** Fewer new tokens are prefilled sooner than a disk is worn for them. */
const MIN_NEW_TOKENS = 128;
/** Of a sequence, so that a long one isn't written again for every few lines. */
const MIN_NEW_SHARE = 0.25;

/**
 * Snapshots in a folder of their own, under a limit of bytes: the ones with the most tokens and the latest use stay.
 * What their headers say is kept in memory; rows are read only to be used. Several processes may have the folder open:
 * files appear whole and vanish whole.
 */
export class SnapshotStore {
  readonly #folder: string;
  readonly #options: SnapshotStoreOptions;
  readonly #snapshots = new Map<string, StoredSnapshot>();

  private constructor(folder: string, options: SnapshotStoreOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Reads the headers of what lies in `folder` (created when missing) and removes what can't be used. */
  static async open(folder: string, options: SnapshotStoreOptions): Promise<SnapshotStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new SnapshotStore(folder, options);
    await store.#scan();
    await store.#makeRoom();
    return store;
  }

  /** Bytes on disk. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#snapshots.values()) sum += bytes;
    return sum;
  }

  get size(): number {
    return this.#snapshots.size;
  }

  /** Snapshots that a model with this identity can continue. */
  of(identity: SnapshotIdentity): readonly StoredSnapshot[] {
    return [...this.#snapshots.values()].filter((snapshot) => sameIdentity(snapshot.identity, identity));
  }

  /**
   * Whether writing the sequence would spare a restarted process enough: at least 128 tokens, and a quarter of the
   * sequence, that neither a snapshot has nor `written`, what was written of it before.
   */
  isWorthStoring(identity: SnapshotIdentity, sequence: Sequence, written: readonly number[]): boolean {
    const known = [written, ...this.of(identity).map(({ tokens }) => tokens)];
    const added = sequence.length - Math.max(...known.map((tokens) => sequence.commonPrefix(tokens)));
    const fits = snapshotRowBytes(sequence.model, sequence.length) <= this.#options.diskBytes;
    return fits && added >= Math.max(MIN_NEW_TOKENS, MIN_NEW_SHARE * sequence.length);
  }

  /**
   * Writes the sequence as a whole or not at all, in place of the snapshots it continues.
   *
   * @throws GemmaError `cancelled`; `superseded` when the sequence was rewound meanwhile; `disk-full`
   */
  async save(identity: SnapshotIdentity, sequence: Sequence, turn: Turn): Promise<void> {
    const path = join(this.#folder, `${randomBytes(16).toString('hex')}.kv`);
    const temporary = `${path}.writing`;
    try {
      const info = await writeSnapshot(temporary, identity, sequence, turn);
      await turn.aside(this.#add(temporary, { ...info, path, usedAt: this.#now() }));
    } catch (error) {
      await rm(temporary, { force: true });
      throw explain(error, this.#folder);
    }
  }

  /**
   * The first `length` tokens of a snapshot as a sequence. One that is damaged or gone is removed.
   *
   * @returns null when the snapshot can't be used
   * @throws GemmaError `out-of-memory`
   */
  async load(
    snapshot: StoredSnapshot,
    length: number,
    model: LoadedModel,
    room: Room,
    allocate?: Allocate,
  ): Promise<Sequence | null> {
    try {
      const { path, identity } = snapshot;
      const sequence = await readSnapshot(path, identity, length, model, room, allocate);
      await this.#touch(snapshot);
      return sequence;
    } catch (error) {
      if (error instanceof GemmaError && error.code === 'out-of-memory') throw error;
      await this.#remove(snapshot);
      return null;
    }
  }

  async #add(temporary: string, snapshot: StoredSnapshot): Promise<void> {
    await rename(temporary, snapshot.path);
    for (const old of this.of(snapshot.identity)) {
      // The same document at an earlier time: mostly its tokens.
      if (commonPrefix(old.tokens, snapshot.tokens) * 2 >= old.tokens.length) await this.#remove(old);
    }
    this.#snapshots.set(snapshot.path, snapshot);
    await this.#scan();
    await this.#makeRoom();
  }

  /** Brings what is known up to what lies in the folder, and removes what nobody can use. */
  async #scan(): Promise<void> {
    const paths = (await readdir(this.#folder)).map((name) => join(this.#folder, name));
    for (const path of this.#snapshots.keys()) if (!paths.includes(path)) this.#snapshots.delete(path);
    for (const path of paths) if (!this.#snapshots.has(path)) await this.#take(path);
  }

  async #take(path: string): Promise<void> {
    const usedAt = (await stat(path).catch(() => null))?.mtimeMs;
    if (usedAt === undefined) return;
    const name = path.slice(this.#folder.length + 1);
    const age = this.#now() - usedAt;
    if (TEMPORARY.test(name) && age > MAX_WRITING_MS) await rm(path, { force: true });
    if (!NAME.test(name)) return;
    try {
      this.#snapshots.set(path, { ...(await readSnapshotInfo(path)), path, usedAt });
    } catch {
      await rm(path, { force: true });
    }
  }

  async #touch(snapshot: StoredSnapshot): Promise<void> {
    const usedAt = this.#now();
    this.#snapshots.set(snapshot.path, { ...snapshot, usedAt });
    // Only the order of removal depends on it.
    await utimes(snapshot.path, usedAt / 1_000, usedAt / 1_000).catch(() => undefined);
  }

  async #makeRoom(): Promise<void> {
    const byWorth = [...this.#snapshots.values()].sort((a, b) => this.#worth(a) - this.#worth(b));
    for (const snapshot of byWorth) {
      const isOld = this.#now() - snapshot.usedAt > MAX_AGE_MS;
      if (isOld || this.bytes > this.#options.diskBytes) await this.#remove(snapshot);
    }
  }

  #worth({ tokens, usedAt }: StoredSnapshot): number {
    return Math.log2(tokens.length) - (this.#now() - usedAt) / HALF_LIFE_MS;
  }

  async #remove(snapshot: StoredSnapshot): Promise<void> {
    this.#snapshots.delete(snapshot.path);
    await rm(snapshot.path, { force: true }).catch(() => undefined);
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

function explain(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new GemmaError('disk-full', `There is no room on the disk for a snapshot in ${folder}.`, {
        cause: error,
      })
    : error;
}
