// Signed texts: statements and the proof that opens a session. JWS compact serialization (RFC 7515).
import { get } from "./api.js";
import { toBase64url, utf8 } from "./bytes.js";

// A challenge is good for so long.
const CHALLENGE_S = 120;

async function compact(key, header, payload) {
  const input = `${toBase64url(utf8(JSON.stringify({ alg: key.alg, kid: key.kid, ...header })))}.${toBase64url(payload)}`;
  return `${input}.${toBase64url(await key.sign(utf8(input)))}`;
}

/**
 * The proof that opens a session: over the server's challenge {challenge, origin, expires}. Its time is the server's,
 * told by the challenge's end, so that a wrong clock here locks nobody out.
 */
export async function signSessionProof(key, { challenge, origin, expires }) {
  const exp = Math.floor(Date.parse(expires) / 1000);
  const claims = { aud: origin, challenge, iat: exp - CHALLENGE_S, exp };
  return compact(key, { typ: "reledger-session+jwt" }, utf8(JSON.stringify(claims)));
}

/** The proof that whoever asks to enrol a key for a party holds it. */
export function signPossession(key, origin, party) {
  return compact(key, { typ: "reledger-pop+jws" }, utf8(JSON.stringify({ origin, party, kid: key.kid })));
}

/**
 * A signed statement.
 * @param key From keys.js.
 * @param {"epcis+json"|"act+json"} cty What the payload is.
 * @param {object|Uint8Array} payload As JSON, or the very bytes.
 * @returns {Promise<string>} The compact JWS. Keep it before sending it, and send the same bytes again on doubt.
 */
export async function signStatement(key, cty, payload) {
  const { origin } = await get("/v1/log");
  const bytes = payload instanceof Uint8Array ? payload : utf8(JSON.stringify(payload));
  const header = {
    typ: "reledger+jws",
    cty,
    aud: origin,
    iat: Math.floor(Date.now() / 1000),
    jti: crypto.randomUUID(),
  };
  return compact(key, header, bytes);
}
