// Tiles (C2SP tlog-tiles): their paths, and entry bundles; as strict as ledger/log/tiles.py.
import { Refused } from "./refused.js";

export const TILE_WIDTH = 256;

const MAX_LEVEL = 63;
const MAX_INDEX = 2n ** 55n - 1n;
const FORM = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

const malformed = (why, params) => new Refused("tile.malformed", why, params);

/** The path of a tile of hashes, without a leading slash; level "entries" for an entry bundle. */
export function tilePath(level, index, width = TILE_WIDTH) {
  const groups = [];
  for (let rest = String(index); rest; rest = rest.slice(0, -3)) groups.unshift(rest.slice(-3).padStart(3, "0"));
  const number = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${number}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The path of an entry bundle. */
export const entriesPath = (index, width) => tilePath("entries", index, width);

/** What a path names: {level: number, null for a bundle; index: bigint; width}; other spellings are refused. */
export function parseTilePath(path) {
  const found = FORM.exec(path);
  if (!found) throw malformed("tile_path");
  const [, level, groups, partial] = found;
  const index = BigInt(groups.replaceAll(/[/x]/g, ""));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (Number(level) > MAX_LEVEL || index > MAX_INDEX) throw malformed("tile_path");
  // Leading groups x000 and a partial width of 256 would be second names of the same tile.
  const second = (partial !== undefined && width >= TILE_WIDTH) || tilePath(level, index, width) !== path;
  if (second) throw malformed("tile_path");
  return { level: level === "entries" ? null : Number(level), index, width };
}

/** The entries of a bundle of `width`, each as bytes; refused where it holds fewer, more, or an empty one. */
export function parseEntryBundle(bytes, width) {
  if (width < 1 || width > TILE_WIDTH) throw malformed("bundle_width");
  const entries = [];
  let at = 0;
  for (let taken = 0; taken < width; taken++) {
    const length = at + 2 <= bytes.length ? bytes[at] * 256 + bytes[at + 1] : 0;
    if (!length || at + 2 + length > bytes.length) throw malformed("bundle_short", { width, n: taken });
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (at !== bytes.length) throw malformed("bundle_long", { width });
  return entries;
}
