// A log as it is served now, past every cache: what is there, and what is not.
import { entriesPath, parseEntryBundle, tilePath } from "./tiles.js";

const ATTEMPTS = 4;
const AGAIN = new Set([0, 429, 503]);

/** The ledger cannot be reached; what was checked so far stands. */
export class Unreachable extends Error {}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(path, accept) {
  for (let attempt = 1; ; attempt++) {
    let status = 0;
    try {
      const response = await fetch(path, { cache: "no-store", credentials: "same-origin", headers: accept ? { Accept: accept } : {} });
      if (response.ok) return response;
      status = response.status;
    } catch {
      // Not reached: asked again below.
    }
    if (!AGAIN.has(status)) return null;
    if (attempt === ATTEMPTS) throw new Unreachable(path);
    await wait(300 * 2 ** attempt);
  }
}

/** The bytes at a path, null where there are none. */
export async function bytesAt(path) {
  const response = await ask(path);
  return response && new Uint8Array(await response.arrayBuffer());
}

/** The JSON at a path, null where there is none. */
export async function jsonAt(path) {
  const response = await ask(path, "application/json");
  try {
    return response && (await response.json());
  } catch {
    return null;
  }
}

/** The entries of a bundle, null where what is served is none. */
export async function bundleAt(index, width) {
  const bytes = await bytesAt("/" + entriesPath(index, width));
  try {
    return bytes && parseEntryBundle(bytes, width);
  } catch {
    return null;
  }
}

/** The bytes of a tile of hashes, null where there are none. */
export const tileAt = (level, index, width) => bytesAt("/" + tilePath(level, index, width));

/** Public acts by their entry's index; read page by page as they are asked for with rising indices. */
export class Acts {
  #page = new Map();
  #end = 0;

  /** The signed act of a public entry as text, null where it is withheld. */
  async of({ index, statement }) {
    if (index >= this.#end) await this.#read(index);
    const listed = this.#page.get(index);
    if (typeof listed === "string") return listed;
    const response = await ask(`/v1/statements/${statement}`, "application/jose");
    return response && response.text();
  }

  async #read(index) {
    const found = await jsonAt(`/v1/acts?start=${index}&limit=100`);
    const acts = Array.isArray(found?.acts) ? found.acts : [];
    this.#page = new Map(acts.map(({ index: each, jws }) => [each, jws]));
    this.#end = Math.max(index, ...this.#page.keys()) + 1;
  }
}

/** The published checkpoints, in order. */
export class Checkpoints {
  #rows = [];
  #ended = false;

  constructor(start) {
    this.next = start;
  }

  /** Those up to a size that were not given yet. */
  async upTo(size) {
    while (!this.#ended && (this.#rows.at(-1)?.size ?? 0) <= size) {
      const page = await jsonAt(`/v1/log/checkpoints?start=${this.next}&limit=1000`);
      const rows = Array.isArray(page?.checkpoints) ? page.checkpoints : [];
      this.#rows.push(...rows);
      this.next = (rows.at(-1)?.number ?? this.next) + 1;
      this.#ended = !rows.length || !page.next;
    }
    const cut = this.#rows.findIndex((row) => row.size > size);
    return this.#rows.splice(0, cut < 0 ? this.#rows.length : cut);
  }
}
