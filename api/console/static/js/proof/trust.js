// Which key of a log this browser trusts and the newest head that it saw proved, kept in IndexedDB by the log's name.
import { keptIn } from "../core/kept.js";
import { ED25519, parseVkey } from "./note.js";
import { Refused } from "./refused.js";

const logs = keptIn("reledger-logs", "origin");

/** What is kept of every log that this browser has met at this address. */
export const everyLog = () => logs.all();

/** What is kept of one log, or undefined. */
export const keptLog = (origin) => logs.get(origin);

/** Forgets a log: its key, its head, how far it was checked. */
export const forgetLog = (origin) => logs.remove(origin);

/** Adds to what is kept of a log that is known already. */
export async function keepOfLog(origin, members) {
  const kept = await keptLog(origin);
  if (kept) await logs.put({ ...kept, ...members });
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
  await logs.put(kept);
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

/**
 * The verifiers for a log that a server states: the kept key alone, the server's own on the first visit.
 * Throws Refused where the server's keys are not the one that was kept.
 */
export async function verifiersFor(served) {
  const { state, kept } = await meetLog(served);
  if (state === "changed" || state === "unusable") throw new Refused("key.untrusted", `log_${state}`);
  return [await parseVkey(kept.vkey)];
}
