interface Owned {
  dispose(): unknown;
}

/** Something with a lifetime that owns others. What it is given after its end, it disposes at once. */
export abstract class Disposable {
  #owned: Owned[] | null = [];

  dispose(): void {
    const owned = this.#owned ?? [];
    this.#owned = null;
    for (const thing of owned.toReversed()) thing.dispose();
  }

  protected own<T extends Owned>(thing: T): T {
    if (this.#owned === null) thing.dispose();
    else this.#owned.push(thing);
    return thing;
  }
}
