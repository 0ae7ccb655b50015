// Statements that this browser signed: kept before they are sent, with their receipts afterwards. So a lost
// connection loses nothing: the same bytes are sent again, and the ledger answers with the first receipt.
import { Problem, send } from "./api.js";
import { sha256, toBase64url, utf8 } from "./bytes.js";

const STORE = "statements";

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("reledger-outbox", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "hash" });
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

/** Keeps a signed statement. Gives {hash, jws, party, title, at, state: "signed"}. */
export async function keep(jws, party, title) {
  const hash = toBase64url(await sha256(utf8(jws)));
  const kept = { hash, jws, party, title, at: new Date().toISOString(), state: "signed" };
  await inStore("readwrite", (all) => all.put(kept));
  return kept;
}

/** Every statement of a party that this browser signed, newest first. */
export async function keptBy(party) {
  const all = await inStore("readonly", (each) => each.getAll());
  return all.filter((each) => each.party === party).sort((a, b) => b.at.localeCompare(a.at));
}

/** Forgets a statement; what is recorded stays in the ledger. */
export const forget = (hash) => inStore("readwrite", (all) => all.delete(hash));

/**
 * Sends a kept statement. Gives it with its receipt and state "recorded"; throws Problem, and keeps it as "refused"
 * where the ledger judged it, as "signed" where it was not reached: then sending again is safe.
 */
export async function deliver(kept) {
  try {
    const response = await send("POST", "/v1/statements", { body: kept.jws, type: "application/jose", accept: "text/plain" });
    const done = { ...kept, state: "recorded", receipt: await response.text() };
    await inStore("readwrite", (all) => all.put(done));
    return done;
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
      await inStore("readwrite", (all) => all.put({ ...kept, state: "refused", problem: { code: error.code, detail: error.detail } }));
    }
    throw error;
  }
}

/** What would become of a statement; nothing is recorded. */
export const judge = async (jws, signal) =>
  (await send("POST", "/v1/statements/check", { body: jws, type: "application/jose", accept: "application/json", signal })).json();
