/** What a budget counts and may end. */
export interface Evictable {
  readonly bytes: number;
  dispose(): void;
}

export interface BudgetLimits {
  readonly bytes: number;
  readonly items: number;
}

/** More is somebody who never says the same twice. */
const MAX_KEPT = 2;

/** Live items under one limit; the least recently used go first, kept ones last, pinned ones never. */
export class Budget<T extends Evictable> implements Iterable<T> {
  #limits: BudgetLimits;
  /** In order of use: a Set keeps insertion order, and using an item re-inserts it. */
  readonly #items = new Set<T>();
  readonly #pinned = new Set<T>();
  /** In order of use. */
  readonly #kept = new Set<T>();
  #evictions = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    let sum = 0;
    for (const item of this.#items) sum += item.bytes;
    return sum;
  }

  get size(): number {
    return this.#items.size;
  }

  get limits(): BudgetLimits {
    return this.#limits;
  }

  /** Items ended to make room so far. */
  get evictions(): number {
    return this.#evictions;
  }

  get pinned(): ReadonlySet<T> {
    return this.#pinned;
  }

  get kept(): ReadonlySet<T> {
    return this.#kept;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.values();
  }

  /** Adds the item, or marks a known one as used last. */
  use(item: T): void {
    this.#items.delete(item);
    this.#items.add(item);
  }

  pin(item: T): void {
    if (!this.#items.has(item)) throw new RangeError('Only an item under the budget can be pinned.');
    this.#pinned.add(item);
  }

  unpin(item: T): void {
    this.#pinned.delete(item);
  }

  /** Ends it after all others, as long as it is among the last few that this was said of. */
  keep(item: T): void {
    if (!this.#items.has(item)) throw new RangeError('Only an item under the budget can be kept.');
    this.use(item);
    this.#kept.delete(item);
    this.#kept.add(item);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) return;
      this.#kept.delete(oldest);
    }
  }

  release(item: T): void {
    this.#kept.delete(item);
  }

  /** Sets the limit of bytes, ending items that it has no room for. */
  resize(bytes: number): void {
    this.#limits = { ...this.#limits, bytes };
    this.trim(bytes);
  }

  /** Ends items until another of `bytes` fits; `keep` stays. @returns whether it fits */
  makeRoom(bytes: number, keep?: T): boolean {
    while (this.#items.size >= this.#limits.items) if (!this.evict(keep)) return false;
    return this.trim(this.#limits.bytes - bytes, keep);
  }

  /** Ends items until `bytes` are left; `keep` stays. @returns whether no more are left */
  trim(bytes: number, keep?: T): boolean {
    while (this.bytes > bytes) if (!this.evict(keep)) return false;
    return true;
  }

  /** Ends the least recently used item that may go. @returns false when there is none */
  evict(keep?: T): boolean {
    const mayGo = [...this.#items].filter((item) => item !== keep && !this.#pinned.has(item));
    const item = mayGo.find((other) => !this.#kept.has(other)) ?? mayGo[0];
    if (item === undefined) return false;
    this.end(item);
    this.#evictions++;
    return true;
  }

  /** Ends the item, pinned or not. */
  end(item: T): void {
    this.#pinned.delete(item);
    this.#kept.delete(item);
    if (this.#items.delete(item)) item.dispose();
  }

  dispose(): void {
    for (const item of this.#items) this.end(item);
  }
}
