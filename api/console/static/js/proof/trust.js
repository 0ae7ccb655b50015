// Which key of a log this browser trusts and the newest head that it saw proved, kept in IndexedDB by the log's name.
import { ED25519, parseVkey } from "./note.js";

const STORE = "logs";

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("reledger-logs", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "origin" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, ask) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const request = ask(opened.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    opened.close();
  }
}

/** What is kept of every log that this browser has met at this address. */
export const everyLog = () => inStore("readonly", (logs) => logs.getAll());

/** What is kept of one log, or undefined. */
export const keptLog = (origin) => inStore("readonly", (logs) => logs.get(origin));

/** Forgets a log: its key, its head, how far it was checked. */
export const forgetLog = (origin) => inStore("readwrite", (logs) => logs.delete(origin));

/** Adds to what is kept of a log that is known already. */
export async function keepOfLog(origin, members) {
  const kept = await keptLog(origin);
  if (kept) await inStore("readwrite", (logs) => logs.put({ ...kept, ...members }));
}

/**
 * Trusts a key: `how` is "first" where it came from the server on the first visit, "given" where the reader brought it.
 * With another key than before, what was proved under that one is dropped.
 */
export async function trustKey(vkey, how) {
  const key = await parseVkey(vkey.trim());
  if (!key || key.kind !== ED25519) return null;
  const before = await keptLog(key.name);
  const proved = before?.vkey === key.vkey ? before : {};
  const kept = { head: null, position: null, ...proved, origin: key.name, vkey: key.vkey, how, since: new Date().toISOString() };
  await inStore("readwrite", (logs) => logs.put(kept));
  return kept;
}

/**
 * Compares what a server says of its log with what is kept; a log met for the first time is kept.
 * @param {{origin: string, vkeys: string[]}} served
 * @returns {Promise<{state: "first"|"known"|"given"|"changed"|"unusable", kept, others: object[]}>} others: logs that
 *   were met at this address before, under other names.
 */
export async function meetLog({ origin, vkeys }) {
  const others = (await everyLog()).filter((each) => each.origin !== origin);
  const kept = await keptLog(origin);
  if (kept) return { state: vkeys.includes(kept.vkey) ? stateOf(kept) : "changed", kept, others };
  for (const vkey of vkeys) {
    const key = await parseVkey(vkey);
    if (key?.kind === ED25519 && key.name === origin) return { state: "first", kept: await trustKey(vkey, "first"), others };
  }
  return { state: "unusable", kept: null, others };
}

const stateOf = (kept) => (kept.how === "given" ? "given" : "known");
