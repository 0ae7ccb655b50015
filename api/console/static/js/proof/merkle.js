// Proofs over the Merkle tree of RFC 6962 and RFC 9162, hashed by WebCrypto; as strict as ledger/log/merkle.py.
import { concat, same, sha256 } from "../core/bytes.js";
import { Refused } from "./refused.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
export const HASH_BYTES = 32;

/** SHA-256(00 || entry). */
export const leafHash = (bytes) => sha256(concat(LEAF, bytes));

/** SHA-256(01 || left || right). */
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));

const invalid = (why, params) => new Refused("proof.invalid", why, params);

function checkLengths(hashes) {
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) throw invalid("hash_length");
}

/**
 * Folds an inclusion path from the leaf up. Source: RFC 9162 section 2.1.3.2.
 * @param {number|bigint} index 0-based; refused unless 0 <= index < size.
 * @returns {Promise<{side: "left"|"right", sibling: Uint8Array, hash: Uint8Array}[]>} A step for each hash of the
 *   path: on which side the sibling stands, and what both hash to. The last one is the root that the path leads to.
 */
export async function inclusionSteps(leaf, index, size, path) {
  let [fn, sn] = [BigInt(index), BigInt(size) - 1n];
  if (fn < 0n || fn > sn) throw invalid("no_such_leaf", { index, size });
  checkLengths([leaf, ...path]);
  const steps = [];
  let hash = leaf;
  for (const sibling of path) {
    if (sn === 0n) throw invalid("path_too_long");
    const left = (fn & 1n) === 1n || fn === sn;
    hash = await (left ? nodeHash(sibling, hash) : nodeHash(hash, sibling));
    steps.push({ side: left ? "left" : "right", sibling, hash });
    if (left) [fn, sn] = skipRight(fn, sn);
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw invalid("path_too_short");
  return steps;
}

/** Up to where the node is a right child again: on the tree's right edge, levels without a sibling are passed. */
function skipRight(fn, sn) {
  while ((fn & 1n) === 0n && fn !== 0n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  return [fn, sn];
}

/** Returns the steps only if the leaf hash is at `index` of the tree with this root. */
export async function verifyInclusion(leaf, index, size, path, root) {
  checkLengths([root]);
  const steps = await inclusionSteps(leaf, index, size, path);
  if (!same(steps.at(-1)?.hash ?? leaf, root)) throw invalid("not_the_root", { index, size });
  return steps;
}

/**
 * Returns only if the tree with `newRoot` begins with the leaves of the tree with `oldRoot`; size 0 is refused, for
 * anything would continue it. Source: RFC 9162 section 2.1.4.2.
 */
export async function verifyConsistency(oldSize, newSize, path, oldRoot, newRoot) {
  const [older, newer] = [BigInt(oldSize), BigInt(newSize)];
  if (older <= 0n || older > newer) throw invalid("no_such_growth", { old: oldSize, size: newSize });
  checkLengths([oldRoot, newRoot, ...path]);
  if (older === newer) {
    if (path.length) throw invalid("path_too_long");
    if (!same(oldRoot, newRoot)) throw invalid("two_roots", { size: oldSize });
    return;
  }
  const hashes = (older & (older - 1n)) === 0n ? [oldRoot, ...path] : path;
  if (!hashes.length) throw invalid("path_too_short");
  const [fr, sr] = await foldBoth(older, newer, hashes);
  if (!same(fr, oldRoot)) throw invalid("not_the_root", { size: oldSize });
  if (!same(sr, newRoot)) throw invalid("not_the_root", { size: newSize });
}

async function foldBoth(older, newer, hashes) {
  let [fn, sn] = [older - 1n, newer - 1n];
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let [fr, sr] = [hashes[0], hashes[0]];
  for (const sibling of hashes.slice(1)) {
    if (sn === 0n) throw invalid("path_too_long");
    if ((fn & 1n) === 1n || fn === sn) {
      [fr, sr] = await Promise.all([nodeHash(sibling, fr), nodeHash(sibling, sr)]);
      [fn, sn] = skipRight(fn, sn);
    } else {
      sr = await nodeHash(sr, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw invalid("path_too_short");
  return [fr, sr];
}

/** For each hash of an inclusion path, lowest first, the leaves [begin, end) that it is over. RFC 9162 2.1.3.1. */
export function inclusionRanges(index, size) {
  const ranges = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    let split = 1;
    while (split * 2 < end - begin) split *= 2;
    const middle = begin + split;
    ranges.unshift(index < middle ? [middle, end] : [begin, middle]);
    [begin, end] = index < middle ? [begin, middle] : [middle, end];
  }
  return ranges;
}
