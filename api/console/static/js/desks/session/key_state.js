// What the ledger's public register says of a key.
import { get } from "../../core/api.js";

/** {state: "good" | "unknown" | "revoked" | "early" | "expired", party, since}: since, the moment it is about. */
export async function keyState(kid, signal) {
  let key;
  try {
    key = await get(`/v1/keys/${kid}`, undefined, { signal });
  } catch (error) {
    if (error.status === 404) return { state: "unknown" };
    throw error;
  }
  const { party, not_before: from, not_after: until, revoked_at: revoked } = key;
  if (revoked !== null) return { state: "revoked", party };
  if (Date.parse(from) > Date.now()) return { state: "early", party, since: from };
  if (until !== null && Date.parse(until) <= Date.now()) return { state: "expired", party, since: until };
  return { state: "good", party };
}

/** Why a key opened no session, as a sentence's name and its words; null where nobody knows better than the error. */
export async function whyNot(key, error) {
  if (error.code !== "key.unknown" && error.code !== "session.refused") return null;
  const found = await keyState(key.kid).catch(() => ({ state: "good" }));
  return found.state === "good" ? null : found;
}
