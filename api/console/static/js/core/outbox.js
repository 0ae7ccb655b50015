// Signed statements on their way to the log. Each is kept before it is sent, with its receipt afterwards, so a lost
// connection loses nothing: the same bytes are sent again, and the ledger answers with the first receipt.
import { checkReceipt } from "../proof/receipt.js";
import { verifiersFor } from "../proof/trust.js";
import { Problem, get, send } from "./api.js";
import { fromBase64url, sha256, toBase64url, utf8 } from "./bytes.js";
import { keptIn } from "./kept.js";

const outbox = keptIn("reledger-outbox", "hash");

const post = async (path, jws, signal) =>
  (await send("POST", path, { body: jws, type: "application/jose", accept: "application/json", signal })).json();

/** What would become of a statement now; nothing is recorded. {would_be, status, index, findings, problem?} */
export const judge = (jws, signal) => post("/v1/statements/check", jws, signal);

/** Keeps a signed statement: {hash, jws, party, title, at, state: "signed"}. */
export async function keep(jws, party, title) {
  const hash = toBase64url(await sha256(utf8(jws)));
  const kept = { hash, jws, party, title, at: new Date().toISOString(), state: "signed" };
  await outbox.put(kept);
  return kept;
}

/** Every statement of a party that this browser signed, newest first. */
export async function keptBy(party) {
  const found = (await outbox.all()).filter((each) => each.party === party);
  return found.sort((one, other) => other.at.localeCompare(one.at));
}

/** Forgets a statement; what is recorded stays in the ledger. */
export const forget = (hash) => outbox.remove(hash);

/**
 * Sends a kept statement. Gives it with what the ledger answered (`index`, `recorded_at`, `receipt`) and the state
 * "recorded". Throws Problem, and keeps it as "refused" where the ledger judged it, as "signed" where it was not
 * reached or was busy: then sending again is safe.
 */
export async function deliver(kept) {
  try {
    const { index, recorded_at: recordedAt, receipt } = await post("/v1/statements", kept.jws);
    const done = { ...kept, state: "recorded", index, recordedAt, receipt };
    await outbox.put(done);
    return done;
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
      await outbox.put({ ...kept, state: "refused", problem: { code: error.code, detail: error.detail } });
    }
    throw error;
  }
}

/** Verifies a statement's receipt in this browser, under the log's key that it keeps; throws Refused. */
export async function verifyKept({ receipt, hash }) {
  const served = await get("/v1/log");
  const trusted = { statementHash: fromBase64url(hash), origin: served.origin, verifiers: await verifiersFor(served) };
  const { ok, verdicts } = await checkReceipt(utf8(receipt), trusted);
  if (!ok) throw verdicts.find((each) => each.state === "failed").error;
}
