// Roots of a growing tree in one pass, with a memory of one hash a level: the compact range of RFC 9162 section
// 2.1.2. Hashes by sha256.js. As ledger/audit/compact.py.
import { digest } from "./sha256.js";
import { TILE_WIDTH } from "./tiles.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** SHA-256(00 || entry). */
export const leafOf = (bytes) => digest(LEAF, bytes);

/** SHA-256(01 || left || right). */
export const nodeOf = (left, right) => digest(NODE, left, right);

/** The complete subtrees over everything appended so far, from left to right. */
export class Peaks {
  constructor(width = 0, hashes = []) {
    this.width = width;
    this.hashes = hashes;
  }

  /** Adds a complete subtree of `width` leaves on the right: a power of two that divides the width so far. */
  append(root, width = 1) {
    for (let full = this.width / width; full % 2 === 1; full = (full - 1) / 2) root = nodeOf(this.hashes.pop(), root);
    this.hashes.push(root);
    this.width += width;
  }

  /** The root of everything, with one smaller subtree more on its right (null: nothing more). */
  root(right = null) {
    return this.hashes.reduceRight((whole, peak) => (whole ? nodeOf(peak, whole) : peak), right) ?? digest();
  }
}

/** The root over the first `size` of some leaf hashes. */
export function rootOf(leaves, size = leaves.length) {
  const peaks = new Peaks();
  for (let at = 0; at < size; at++) peaks.append(leaves[at]);
  return peaks.root();
}

/** Cuts the full tiles above level 0 out of the roots of all tiles of level 0. */
export class Stitcher {
  constructor(rows = [], counts = []) {
    this.rows = rows;
    this.counts = counts;
  }

  /** Takes the root of the next full tile of a level; gives every tile above that it completes. */
  add(root, level = 0) {
    this.rows[level] ??= [];
    this.counts[level] ??= 0;
    const row = this.rows[level];
    row.push(root);
    if (row.length < TILE_WIDTH) return [];
    const tile = { level: level + 1, index: this.counts[level]++, hashes: [...row] };
    row.length = 0;
    return [tile, ...this.add(rootOf(tile.hashes), level + 1)];
  }

  /** The last tiles of every level above the leaves, which are not full. */
  partial() {
    const tiles = this.rows.map((row, level) => ({ level: level + 1, index: this.counts[level], hashes: row }));
    return tiles.filter(({ hashes }) => hashes.length);
  }
}
