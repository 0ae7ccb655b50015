// Whether the records behind a picture are in the log unchanged: many entries checked at once against one signed
// checkpoint. Every 256 leaves hash to one node; all these nodes together hash to the signed root, so that a bundle
// of entries is proved by its own node. What is not so is told with its index.
import { get, getBytes, Problem } from "../core/api.js";
import { fromBase64url, same, sha256 } from "../core/bytes.js";
import { openCheckpoint } from "../proof/checkpoint.js";
import { parseEntry } from "../proof/entry.js";
import { parseVkey } from "../proof/note.js";
import { Refused } from "../proof/refused.js";
import { entriesPath, parseEntryBundle, tilePath, TILE_WIDTH } from "../proof/tiles.js";
import { leafOf, Peaks, rootOf } from "../proof/tree.js";
import { meetLog } from "../proof/trust.js";

const HASH = 32;

function hashesOf(bytes, width) {
  if (bytes.length !== width * HASH) throw new Refused("tile.malformed", "tile_length", { width });
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH, (at + 1) * HASH));
}

const tile = async (level, index, width, signal) =>
  hashesOf(await getBytes(`/${tilePath(level, index, width)}`, undefined, { signal }), width);

/** The signed tree with the nodes that its root stands on: {size, nodes, last}; throws Refused. */
async function openTree(signal) {
  const [{ origin, vkeys }, note] = await Promise.all([
    get("/v1/log", undefined, { signal }),
    getBytes("/checkpoint", undefined, { signal }),
  ]);
  const { kept } = await meetLog({ origin, vkeys });
  const head = await openCheckpoint(note, origin, kept ? [await parseVkey(kept.vkey)] : []);
  const size = Number(head.size);
  const [full, rest] = [Math.floor(size / TILE_WIDTH), size % TILE_WIDTH];
  const nodes = [];
  for (let at = 0; at < full; at += TILE_WIDTH) {
    nodes.push(...(await tile(1, at / TILE_WIDTH, Math.min(TILE_WIDTH, full - at), signal)));
  }
  const last = rest ? await tile(0, full, rest, signal) : [];
  const peaks = new Peaks();
  nodes.forEach((node) => peaks.append(node, TILE_WIDTH));
  last.forEach((leaf) => peaks.append(leaf));
  if (!same(peaks.root(), head.root)) throw new Refused("proof.invalid", "not_the_root", { size });
  return { size, nodes, last };
}

/** The leaf hashes of a bundle that the signed root stands on: to find which of its entries was changed. */
async function trustedLeaves(tree, bundle, signal) {
  if (bundle === tree.nodes.length) return tree.last;
  const leaves = await tile(0, bundle, TILE_WIDTH, signal);
  if (!same(rootOf(leaves), tree.nodes[bundle])) throw new Refused("proof.invalid", "not_the_root", { index: bundle });
  return leaves;
}

/** The entries of a bundle by index, each {bytes} where its leaf is proved, or {refused}. */
async function provedBundle(tree, bundle, signal) {
  const width = Math.min(TILE_WIDTH, tree.size - bundle * TILE_WIDTH);
  const entries = parseEntryBundle(await getBytes(`/${entriesPath(bundle, width)}`, undefined, { signal }), width);
  const leaves = entries.map(leafOf);
  const whole = width === TILE_WIDTH && same(rootOf(leaves), tree.nodes[bundle]);
  const trusted = whole ? leaves : await trustedLeaves(tree, bundle, signal);
  return entries.map((bytes, at) => (same(leaves[at], trusted[at]) ? { bytes } : { refused: "entry_changed" }));
}

// An id is written in several ways (URN, Digital Link); its last part stands in all of them.
const tail = (name) => decodeURIComponent(name.replace(/\/+$/, "").split(/[./:]/).at(-1));

async function checkStatement(entry, names, signal) {
  let bytes;
  try {
    bytes = await getBytes(`/v1/statements/${entry.statement}`, undefined, { signal, accept: "application/jose" });
  } catch (error) {
    if (!(error instanceof Problem) || ![401, 403, 404, 410].includes(error.status)) throw error;
    return { state: "good", reason: error.status === 410 ? "erased" : "closed" };
  }
  if (!same(await sha256(bytes), fromBase64url(entry.statement))) return { state: "bad", reason: "statement_changed" };
  const payload = new TextDecoder().decode(fromBase64url(new TextDecoder().decode(bytes).split(".")[1]));
  const spelt = names.every((name) => payload.includes(name) || payload.includes(tail(name)));
  return spelt ? { state: "good", reason: "whole" } : { state: "open", reason: "unnamed" };
}

async function checkOne(index, proved, names, signal) {
  if (proved.refused) return { state: "bad", reason: proved.refused };
  const entry = parseEntry(proved.bytes);
  if (entry.index !== index) return { state: "bad", reason: "other_index" };
  return checkStatement(entry, names, signal);
}

/**
 * Checks entries: that each is in the log under the signed checkpoint, that the statement is the one it commits to,
 * and that this statement names what the picture says of it.
 * @param {Map<number, string[]>} wanted Entry index -> names that its statement must have.
 * @param {function(number, {state: string, reason: string})} tell Takes each verdict: "good", "bad" or "open".
 */
export async function checkEntries(wanted, tell, signal) {
  let tree;
  try {
    tree = await openTree(signal);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return wanted.forEach((_, index) => tell(index, { state: "bad", reason: "checkpoint" }));
  }
  const bundles = new Map();
  for (const index of wanted.keys()) {
    const bundle = Math.floor(index / TILE_WIDTH);
    bundles.set(bundle, [...(bundles.get(bundle) ?? []), index]);
  }
  for (const [bundle, indices] of bundles) {
    const held = indices.filter((index) => index < tree.size);
    indices.filter((index) => index >= tree.size).forEach((index) => tell(index, { state: "open", reason: "not_yet" }));
    if (!held.length) continue;
    let entries;
    try {
      entries = await provedBundle(tree, bundle, signal);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      held.forEach((index) => tell(index, { state: "bad", reason: "tile" }));
      continue;
    }
    await inTurns(held, 6, async (index) => {
      let verdict;
      try {
        verdict = await checkOne(index, entries[index % TILE_WIDTH], wanted.get(index), signal);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        verdict = { state: "bad", reason: "entry_changed" };
      }
      tell(index, verdict);
    });
  }
  return undefined;
}

/** Runs `each` over items, so many at once. */
export async function inTurns(items, width, each) {
  const waiting = [...items];
  await Promise.all(Array.from({ length: width }, async () => {
    while (waiting.length) await each(waiting.shift());
  }));
}
