export interface Subscription {
  dispose(): void;
}

/** The listeners of one event. */
export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  add(listener: (value: T) => void): Subscription {
    const own = (value: T): void => listener(value);
    this.#all.add(own);
    return { dispose: () => this.#all.delete(own) };
  }

  notify(value: T): void {
    for (const listener of this.#all) listener(value);
  }
}
