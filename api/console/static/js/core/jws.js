// Signed texts: statements and the proof that opens a session. JWS compact serialization (RFC 7515).
import { get } from "./api.js";
import { toBase64url, utf8 } from "./bytes.js";

async function compact(key, header, payload) {
  const input = `${toBase64url(utf8(JSON.stringify({ alg: key.alg, kid: key.kid, ...header })))}.${toBase64url(payload)}`;
  return `${input}.${toBase64url(await key.sign(utf8(input)))}`;
}

/** The proof that opens a session: over the server's challenge {challenge, origin}. */
export async function signSessionProof(key, { challenge, origin }) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { aud: origin, challenge, iat: now, exp: now + 120 };
  return compact(key, { typ: "reledger-session+jwt" }, utf8(JSON.stringify(claims)));
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
