import { damagedJson } from './refusal.ts';

/*
 * Open addressing over a Uint32Array, two words a slot:
 *   word 0: left (20 bits) | low 12 bits of right
 *   word 1: high 8 bits of right | rank (24 bits); all ones when the slot is empty
 */

const EMPTY = 0xffff_ffff;

export const MAX_MERGES = 2 ** 22;

/** Honest tables stay below 100; a file made of colliding pairs must not stall the compiler. */
const MAX_PROBES = 1024;

/** Slots for `count` pairs: a power of two, at most three quarters full. */
function pairSlots(count: number): number {
  return 2 ** Math.ceil(Math.log2(((count + 1) * 4) / 3));
}

/**
 * The table in which the pair number `rank` is `pairs[2 * rank]`, `pairs[2 * rank + 1]`. Ids are below 2^20.
 * Throws GemmaError `model-damaged` when a pair occurs twice.
 */
export function buildPairTable(pairs: readonly number[]): Uint32Array {
  const count = pairs.length / 2;
  const mask = pairSlots(count) - 1;
  const table = new Uint32Array(2 * (mask + 1)).fill(EMPTY);
  for (let rank = 0; rank < count; rank++) {
    const left = pairs[2 * rank]!;
    const right = pairs[2 * rank + 1]!;
    if (pairRank(table, left, right) >= 0) throw damagedJson('lists a merge twice');
    let slot = hashPair(left, right) & mask;
    let probes = 0;
    while (table[2 * slot + 1] !== EMPTY) {
      if (++probes > MAX_PROBES) throw damagedJson('has merges made to collide');
      slot = (slot + 1) & mask;
    }
    table[2 * slot] = left | (right << 20);
    table[2 * slot + 1] = (right >>> 12) | (rank << 8);
  }
  return table;
}

/** Rank of the merge of two pieces, -1 when they never merge. */
export function pairRank(table: Uint32Array, left: number, right: number): number {
  const mask = (table.length >>> 1) - 1;
  const low = (left | (right << 20)) >>> 0;
  const high = right >>> 12;
  for (let slot = hashPair(left, right) & mask; ; slot = (slot + 1) & mask) {
    const word = table[2 * slot + 1]!;
    if (word === EMPTY) return -1;
    if (table[2 * slot] === low && (word & 0xff) === high) return word >>> 8;
  }
}

/** True when exactly `count` slots are taken, all by ranks below `count`: then every look-up ends. */
export function isPairTable(table: Uint32Array, count: number): boolean {
  let taken = 0;
  for (let i = 1; i < table.length; i += 2) {
    const word = table[i]!;
    if (word === EMPTY) continue;
    if (word >>> 8 >= count) return false;
    taken++;
  }
  return taken === count && 2 * taken < table.length;
}

function hashPair(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e37_79b1) ^ Math.imul(right, 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
