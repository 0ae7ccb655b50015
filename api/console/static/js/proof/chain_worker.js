// Checks a whole log beside the page: fetches tiles, hashes every leaf, follows every link, and tells what it finds.
import { same, toBase64, toBase64url, utf8 } from "../core/bytes.js";
import { thumbprint } from "../core/keys.js";
import { ChainCheck, splitTile, tileFault } from "./chain.js";
import { Acts, Checkpoints, Unreachable, bundleAt, bytesAt, tileAt } from "./chain_source.js";
import { openCheckpoint } from "./checkpoint.js";
import { parseEntry } from "./entry.js";
import { leafHash } from "./merkle.js";
import { parseNote, parseVkey } from "./note.js";
import { digest } from "./sha256.js";
import { isSignedBy, keysIn, splitStatement } from "./statement.js";
import { TILE_WIDTH } from "./tiles.js";
import { leafOf } from "./tree.js";
import { parseTreeHead } from "./tree_head.js";

const AHEAD = 8;
const TOLD_EVERY_MS = 80;
const KEPT_PER_CODE = 100;
const SAVED_TILES = 32;

let held = null;

/** Messages: {type: "start", origin, vkey, kept, position}, "pause", "go". Ending is done by ending the worker. */
onmessage = ({ data }) => {
  if (data.type === "pause") held ??= Promise.withResolvers();
  else if (data.type === "go") {
    held?.resolve();
    held = null;
  } else {
    new Walk(data).run().then(
      (found) => postMessage({ type: "done", ...found }),
      (error) => postMessage({ type: "stopped", unreachable: error instanceof Unreachable, message: error.message }),
    );
  }
};

class Walk {
  #counts = { entries: 0, tiles: 0, checkpoints: 0, acts: 0, signatures: 0, compared: 0 };
  #faults = new Map();
  #news = { tiles: [], faults: [] };
  #toldAt = 0;
  #keys = new Map();

  constructor({ origin, vkey, kept, position }) {
    Object.assign(this, { origin, vkey, kept });
    this.chain = new ChainCheck(position);
    this.start = this.chain.size;
    this.done = this.start;
    this.checkpoints = new Checkpoints(position?.checkpoint ?? 0);
    this.number = position?.checkpoint ?? 0;
    this.signedSize = position?.signedSize ?? 0;
    this.acts = new Acts();
    for (const [kid, jwk] of position?.keys ?? []) this.#keys.set(kid, jwk);
  }

  async run() {
    this.verifiers = [await parseVkey(this.vkey)];
    const note = await bytesAt("/checkpoint");
    const head = await this.#openHead(note);
    if (!head) return this.#ended(null, null);
    postMessage({ type: "head", size: head.size, root: toBase64(head.root), start: this.start });
    this.#compareKept(head);
    if (head.size === this.start) this.#end(this.chain.peaks.root(), head);
    if (head.size > this.start) await this.#tiles(head);
    return this.#ended(head, new TextDecoder().decode(note));
  }

  #ended(head, note) {
    this.#tell(true);
    const counts = Object.fromEntries([...this.#faults].map(([code, count]) => [code, count]));
    const position = this.#faults.size ? null : this.saved;
    return { ok: !this.#faults.size, faultCounts: counts, counts: this.#counts, size: head?.size, root: head && toBase64(head.root), note, position };
  }

  /** The newest head; where its signature is not good, what it claims, so that the rest can still be checked. */
  async #openHead(note) {
    try {
      const head = await openCheckpoint(note ?? new Uint8Array(), this.origin, this.verifiers);
      this.#counts.signatures++;
      return { size: Number(head.size), root: head.root };
    } catch (error) {
      this.#add({ code: "checkpoint.head", index: null, why: error.why, params: error.params });
    }
    try {
      const head = parseTreeHead(parseNote(note).text);
      return { size: Number(head.size), root: head.root };
    } catch {
      return null;
    }
  }

  #compareKept({ size, root }) {
    const before = Math.max(this.kept?.size ?? 0, this.start);
    if (size < before) this.#add({ code: "log.shrunk", index: null, size, before });
    else if (size === this.kept?.size && toBase64(root) !== this.kept.root) this.#add({ code: "log.forked", index: null, size });
  }

  async #tiles(head) {
    const last = Math.ceil(head.size / TILE_WIDTH);
    const ahead = [];
    const first = this.start / TILE_WIDTH;
    const ask = (index) => {
      const width = Math.min(TILE_WIDTH, head.size - index * TILE_WIDTH);
      const both = Promise.all([bundleAt(index, width), tileAt(0, index, width)]);
      const asked = both.then(([entries, tile]) => ({ entries, served: splitTile(tile, width), width }));
      asked.catch(() => {}); // It is told when its turn comes.
      return asked;
    };
    for (let index = first; index < last; index++) {
      while (ahead.length < AHEAD && index + ahead.length < last) ahead.push(ask(index + ahead.length));
      const tile = await ahead.shift();
      const next = ahead.length ? await ahead[0] : null;
      await held?.promise;
      await this.#tile(index, { ...tile, after: linkOf(next?.entries?.[0]) }, head);
    }
    if (this.chain.lost) return;
    for (const tile of this.chain.tiles.partial()) await this.#above(tile);
  }

  async #tile(index, tile, head) {
    const start = index * TILE_WIDTH;
    const end = start + tile.width;
    const isRoot = end === head.size ? (root) => same(root, head.root) : null;
    const found = this.chain.takeTile({ ...tile, isRoot });
    const before = this.#total();
    found.faults.forEach((fault) => this.#add(fault));
    await this.#compareHashes(tile.entries);
    for (const entry of found.acts) await this.#act(entry);
    await this.#heads(start, end, found.rootAt);
    for (const above of found.above) await this.#above(above);
    if (end === head.size) this.#end(found.rootAt(end), head);
    this.#counts.entries += tile.entries ? tile.width : 0;
    this.#counts.tiles++;
    this.#news.tiles.push([index, this.#total() === before]);
    if (tile.width === TILE_WIDTH && !this.#faults.size) this.#save(index);
    this.done = end;
    this.#tell(false);
  }

  #total() {
    return [...this.#faults.values()].reduce((sum, each) => sum + each, 0);
  }

  /** This module's own hashing against WebCrypto, on one entry of each tile. */
  async #compareHashes(entries) {
    if (!entries) return;
    const one = entries[Math.floor(Math.random() * entries.length)];
    if (!same(await leafHash(one), leafOf(one))) throw new Error("the two ways to hash disagree");
    this.#counts.compared++;
  }

  #end(root, head) {
    if (root === null) this.#add({ code: "log.unknown", index: null, size: head.size });
    else if (!same(root, head.root)) this.#add({ code: this.start ? "log.forked" : "log.root", index: null, size: head.size });
    if (this.signedSize !== head.size) this.#add({ code: "checkpoint.missing", index: head.size - 1, size: head.size });
  }

  async #above(tile) {
    this.#counts.tiles++;
    const fault = tileFault(tile, splitTile(await tileAt(tile.level, tile.index, tile.hashes.length), tile.hashes.length));
    if (fault) this.#add(fault);
  }

  /** Every checkpoint up to a size: signed by the log, and a beginning of what is served now. */
  async #heads(start, end, rootAt) {
    const rows = await this.checkpoints.upTo(end);
    const heads = rows.map((row) => ({ size: row.size, root: row.root, row }));
    if (this.kept) heads.push({ ...this.kept, kept: true });
    const opened = await Promise.all(rows.map((row) => this.#opens(row)));
    rows.forEach((row, at) => this.#checkRow(row, opened[at]));
    heads.sort((one, other) => one.size - other.size);
    for (const { size, root, row, kept } of heads) {
      if (size > end || size <= start) continue;
      const made = rootAt(size);
      if (made === null || toBase64(made) === root) continue;
      this.#add(kept ? { code: "log.forked", index: size - 1, size } : { code: "checkpoint.root", index: size - 1, place: row.number, size });
    }
  }

  async #opens(row) {
    try {
      const head = await openCheckpoint(utf8(row.checkpoint), this.origin, this.verifiers);
      return Number(head.size) === row.size && toBase64(head.root) === row.root ? null : { why: "other_head" };
    } catch (error) {
      return error;
    }
  }

  #checkRow(row, error) {
    this.#counts.checkpoints++;
    this.#counts.signatures++;
    if (error) this.#add({ code: "checkpoint.signature", index: row.size - 1, place: row.number, size: row.size, why: error.why, params: error.params });
    if (row.number !== this.number || row.size <= this.signedSize) this.#add({ code: "checkpoint.number", index: row.size - 1, place: row.number });
    this.number = row.number + 1;
    this.signedSize = row.size;
  }

  /** A public entry: its act is served, is what the entry commits to, and is signed by a key that an act brought. */
  async #act(entry) {
    const { index } = entry;
    this.#counts.acts++;
    const jws = await this.acts.of(entry);
    if (jws === null) return this.#add({ code: "act.withheld", index });
    if (toBase64url(digest(utf8(jws))) !== entry.statement) return this.#add({ code: "act.hash", index });
    let act;
    try {
      act = splitStatement(jws);
    } catch {
      return this.#add({ code: "act.malformed", index });
    }
    const brought = keysIn(act.payload);
    if (index === 0) await this.#learn(brought);
    const jwk = this.#keys.get(act.header.kid);
    if (!jwk) return this.#add({ code: "act.key", index });
    this.#counts.signatures++;
    if (!(await isSignedBy(act, jwk))) return this.#add({ code: "act.signature", index });
    if (index === 0) this.#genesis(act.payload);
    return this.#learn(brought);
  }

  #genesis({ act, origin, log_keys: keys }) {
    if (act !== "genesis" || origin !== this.origin) this.#add({ code: "genesis.missing", index: 0 });
    else if (!keys?.includes(this.vkey)) this.#add({ code: "genesis.log-key", index: 0 });
  }

  async #learn(jwks) {
    for (const jwk of jwks) this.#keys.set(await thumbprint(jwk), jwk);
  }

  #save(index) {
    this.saved = { ...this.chain.position, checkpoint: this.number, signedSize: this.signedSize, keys: [...this.#keys] };
    if (index % SAVED_TILES === 0) postMessage({ type: "position", position: this.saved });
  }

  #add(fault) {
    const count = (this.#faults.get(fault.code) ?? 0) + 1;
    this.#faults.set(fault.code, count);
    if (count <= KEPT_PER_CODE) this.#news.faults.push(fault);
  }

  #tell(now) {
    if (!now && performance.now() - this.#toldAt < TOLD_EVERY_MS) return;
    postMessage({ type: "progress", ...this.#news, done: this.done, counts: this.#counts, total: this.#total() });
    this.#news = { tiles: [], faults: [] };
    this.#toldAt = performance.now();
  }
}

/** What an entry names as the hash before it, null where that cannot be told. */
function linkOf(bytes) {
  try {
    return bytes ? parseEntry(bytes).previous : null;
  } catch {
    return null;
  }
}
