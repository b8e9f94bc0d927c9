interface Node {
  readonly children: Map<number, Node>;
  id: number | undefined;
}

export interface LiteralMatch {
  readonly id: number;
  /** In UTF-16 units; `end` is behind the last one. */
  readonly start: number;
  readonly end: number;
}

/** Finds literal tokens in text: the leftmost, and of those that start there the longest. */
export class LiteralMatcher {
  readonly #root: Node = { children: new Map(), id: undefined };

  constructor(literals: Iterable<readonly [text: string, id: number]>) {
    for (const [text, id] of literals) {
      let node = this.#root;
      for (let i = 0; i < text.length; i++) node = childOf(node, text.charCodeAt(i));
      node.id = id;
    }
  }

  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  /** The first literal at or behind `from`; undefined when there is none. */
  find(text: string, from: number): LiteralMatch | undefined {
    for (let start = from; start < text.length; start++) {
      let node = this.#root.children.get(text.charCodeAt(start));
      let match: LiteralMatch | undefined;
      for (let end = start + 1; node !== undefined; end++) {
        if (node.id !== undefined) match = { id: node.id, start, end };
        node = end < text.length ? node.children.get(text.charCodeAt(end)) : undefined;
      }
      if (match !== undefined) return match;
    }
    return undefined;
  }
}

function childOf(node: Node, unit: number): Node {
  const known = node.children.get(unit);
  if (known !== undefined) return known;
  const child: Node = { children: new Map(), id: undefined };
  node.children.set(unit, child);
  return child;
}
