// The chain from entry to entry and the tree over it, tile by tile; asks nothing of anybody and waits for nothing.
// As ledger/audit/links.py and remote_walk.py, and it says besides which of two that disagree is the broken one.
import { same, toBase64url } from "../core/bytes.js";
import { GENESIS_PREVIOUS, parseEntry } from "./entry.js";
import { HASH_BYTES } from "./merkle.js";
import { TILE_WIDTH } from "./tiles.js";
import { Peaks, Stitcher, leafOf } from "./tree.js";

/** The hashes of a served tile, or null where it has not `width` of them. */
export function splitTile(bytes, width) {
  if (bytes === null || bytes.length !== width * HASH_BYTES) return null;
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

/** One way over a log from left to right, with a memory of one hash a level and one row of tiles a level. */
export class ChainCheck {
  /** @param {object|null} position What `position` was after an earlier full tile; null for the beginning. */
  constructor(position = null) {
    this.size = position?.size ?? 0;
    this.peaks = new Peaks(this.size, position?.peaks ?? []);
    this.tiles = new Stitcher(position?.rows, position?.counts);
    this.leaf = position?.leaf ?? GENESIS_PREVIOUS;
    this.time = position?.time ?? "";
    this.lost = false;
  }

  /** What another check needs to go on from here; only after a full tile. */
  get position() {
    const { size, peaks, tiles, leaf, time } = this;
    return { size, peaks: [...peaks.hashes], rows: tiles.rows.map((row) => [...row]), counts: [...tiles.counts], leaf, time };
  }

  /**
   * Takes the next tile.
   * @param {object} tile `entries`: the bytes of each, null where there is no bundle; `served`: the hashes of its
   *   level-0 tile, null where there is none; `width`; `after`: what the first entry of the next tile names as the
   *   hash before it, null where unknown; `isRoot(root)`: for the last tile, whether this is the signed root.
   * @returns {{faults: object[], acts: object[], above: object[], rootAt: (size: number) => Uint8Array|null}} acts:
   *   the public entries; above: tiles of higher levels that are full now, as they must be.
   */
  takeTile({ entries, served, width, after, isRoot }) {
    const faults = [];
    const start = this.size;
    if (!entries) faults.push({ code: "bundle.missing", index: start, place: `${start / TILE_WIDTH}`, width });
    if (!served) faults.push({ code: "tile.missing", index: start, place: `0/${start / TILE_WIDTH}` });
    const read = entries ? entries.map((bytes, at) => readEntry(bytes, start + at, faults)) : Array(width).fill(null);
    const own = entries?.map(leafOf) ?? null;
    const leaves = own && served ? this.#settle({ own, served, read, after, isRoot }, faults) : (own ?? served ?? []);
    this.#follow(read, leaves, faults);
    const rootAt = this.#roots(leaves);
    if (!leaves.length) this.lost = true;
    const above = width === TILE_WIDTH ? this.#close(leaves) : [];
    return { faults, acts: read.filter((entry) => entry?.public && entry.sound), above, rootAt };
  }

  /** The leaves to build on where entries and tile disagree: the link of the entry after says which is right. */
  #settle({ own, served, read, after, isRoot }, faults) {
    const leaves = [...own];
    own.forEach((leaf, at) => {
      if (same(leaf, served[at])) return;
      const index = this.size + at;
      const link = at + 1 < own.length ? read[at + 1]?.previous : after;
      let right = link === toBase64url(served[at]) ? "tile" : link === toBase64url(leaf) ? "entry" : null;
      if (!right && at + 1 === own.length && isRoot) {
        if (isRoot(this.#rootWith([...leaves.slice(0, at), served[at]]))) right = "tile";
        else if (isRoot(this.#rootWith(leaves))) right = "entry";
      }
      if (right === "tile") leaves[at] = served[at];
      if (right !== "tile") faults.push({ code: right ? "tile.hashes" : "entry.tile", index, place: `0/${Math.floor(index / TILE_WIDTH)}` });
      else if (read[at]) {
        read[at].sound = false;
        faults.push({ code: "entry.bytes", index });
      }
    });
    return leaves;
  }

  #follow(read, leaves, faults) {
    read.forEach((entry, at) => {
      const index = this.size + at;
      if (entry && this.leaf !== null && entry.previous !== this.leaf) faults.push({ code: "entry.link", index });
      if (entry && entry.recordedAt < this.time) faults.push({ code: "entry.time", index, before: this.time });
      this.leaf = leaves[at] ? toBase64url(leaves[at]) : null;
      this.time = entry?.recordedAt ?? "";
    });
  }

  #rootWith(leaves) {
    const tile = new Peaks();
    for (const leaf of leaves) tile.append(leaf);
    return this.peaks.root(tile.root());
  }

  /** Roots of sizes inside this tile; asked for with rising sizes. */
  #roots(leaves) {
    const [start, before, tile] = [this.size, new Peaks(this.peaks.width, [...this.peaks.hashes]), new Peaks()];
    return (size) => {
      if (this.lost || size - start > leaves.length) return null;
      while (tile.width < size - start) tile.append(leaves[tile.width]);
      return before.root(tile.root());
    };
  }

  /** Ends a full tile; once a tile could not be had at all, nothing above the leaves can be told any more. */
  #close(leaves) {
    this.size += TILE_WIDTH;
    if (this.lost) return [];
    const tile = new Peaks();
    for (const leaf of leaves) tile.append(leaf);
    this.peaks.append(tile.root(), TILE_WIDTH);
    return this.tiles.add(tile.root());
  }
}

/** An entry as it must be at its place, or null where its bytes are none. */
function readEntry(bytes, index, faults) {
  try {
    const entry = parseEntry(bytes);
    const sound = entry.index === index;
    if (!sound) faults.push({ code: "entry.index", index, stated: entry.index });
    return { ...entry, sound };
  } catch (error) {
    faults.push({ code: "entry.malformed", index, why: error.why });
    return null;
  }
}

/** What is wrong with a served tile of a higher level: null, or its fault. */
export function tileFault({ level, index, hashes }, served) {
  const place = `${level}/${index}`;
  const first = index * TILE_WIDTH ** (level + 1);
  if (!served) return { code: "tile.missing", place, index: first };
  const at = hashes.findIndex((hash, each) => !same(hash, served[each]));
  return at < 0 ? null : { code: "tile.hashes", place, index: first + at * TILE_WIDTH ** level };
}
