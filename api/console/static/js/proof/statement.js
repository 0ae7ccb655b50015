// A signed statement as it was sent: its parts, and whether a key signed it. JWS compact serialization (RFC 7515).
import { fromBase64url, fromUtf8, utf8 } from "../core/bytes.js";
import { thumbprint } from "../core/keys.js";
import { Refused } from "./refused.js";

const SIGNED_WITH = {
  Ed25519: { kty: "OKP", key: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  ES256: { kty: "EC", key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
};
SIGNED_WITH.EdDSA = SIGNED_WITH.Ed25519;

/** A statement's parts: {header, payload (as JSON), text (the payload as sent), input, signature}. */
export function splitStatement(jws) {
  try {
    const [head, body, signature] = jws.split(".");
    const text = fromUtf8(fromBase64url(body));
    const header = JSON.parse(fromUtf8(fromBase64url(head)));
    return { header, payload: JSON.parse(text), text, input: utf8(`${head}.${body}`), signature: fromBase64url(signature) };
  } catch {
    throw new Refused("jws.malformed", "statement_form");
  }
}

/** Whether this public key (JWK) made the statement's signature; the key must be the one that its header names. */
export async function isSignedBy({ header, input, signature }, jwk) {
  const how = SIGNED_WITH[header.alg];
  if (!how || how.kty !== jwk.kty || (await thumbprint(jwk)) !== header.kid) return false;
  const { kty, crv, x, y } = jwk;
  try {
    const key = await crypto.subtle.importKey("jwk", y ? { kty, crv, x, y } : { kty, crv, x }, how.key, false, ["verify"]);
    return await crypto.subtle.verify(how.verify, key, signature, input);
  } catch {
    return false;
  }
}

/** Every public key that an act's payload brings, wherever it stands in it. */
export function keysIn(value) {
  if (value === null || typeof value !== "object") return [];
  const own = value.jwk && typeof value.jwk.kty === "string" ? [value.jwk] : [];
  return [...own, ...Object.values(value).flatMap(keysIn)];
}
