// The reader's keys, kept by the browser where no script can read them out (WebCrypto, non-extractable).
import { Problem } from "./api.js";
import { fromBase64url, sha256, toBase64url, utf8 } from "./bytes.js";
import { keptIn } from "./kept.js";

const ALGORITHMS = {
  Ed25519: { make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  ES256: { make: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
};
const keys = keptIn("reledger", "kid");
// Where the browser stores nothing (private windows of some), a key lasts as long as its page.
const passing = new Map();

/** What keys may be: "Ed25519", "ES256". */
export const algorithms = Object.keys(ALGORITHMS);

/** Why no key can be used in this browser: "browser.insecure", "browser.no-crypto", or null. */
export function obstacle() {
  if (!globalThis.isSecureContext) return "browser.insecure";
  return globalThis.crypto?.subtle ? null : "browser.no-crypto";
}

const sign = async (alg, privateKey, bytes) =>
  new Uint8Array(await crypto.subtle.sign(ALGORITHMS[alg].sign, privateKey, bytes));

function usable(held) {
  if (!held) return null;
  const { kid, alg, jwk, privateKey, made = false } = held;
  return { kid, alg, jwk, made, stored: !passing.has(kid), sign: (bytes) => sign(alg, privateKey, bytes) };
}

/** RFC 7638 thumbprint of a public key. */
export async function thumbprint(jwk) {
  const { crv, kty, x, y } = jwk;
  const members = kty === "OKP" ? { crv, kty, x } : { crv, kty, x, y };
  return toBase64url(await sha256(utf8(JSON.stringify(members))));
}

async function store(held) {
  try {
    await keys.put(held);
    passing.delete(held.kid);
  } catch {
    passing.set(held.kid, held);
  }
  return usable(held);
}

async function find(kid) {
  return passing.get(kid) ?? (await keys.get(kid).catch(() => undefined));
}

async function keep(alg, { kty, crv, x, y }, privateKey, made = false) {
  const jwk = kty === "OKP" ? { kty, crv, x } : { kty, crv, x, y };
  const kid = await thumbprint(jwk);
  const before = await find(kid);
  return store({ kid, alg, jwk, privateKey, made: before?.made ?? made });
}

/**
 * The key with this thumbprint, or null where this browser has none.
 * {kid, alg, jwk, made: whether it was made here and so is nowhere else, stored: whether it outlasts the page,
 * sign(bytes)}
 */
export const keyOf = async (kid) => usable(await find(kid));

/** Every key of this browser. */
export async function everyKey() {
  const stored = await keys.all().catch(() => []);
  return [...stored, ...passing.values()].map(usable);
}

/** Forgets a key. */
export async function forget(kid) {
  if (!passing.delete(kid)) await keys.remove(kid);
}

/** Makes a key that nobody, this page included, can read out; it exists in this browser only. */
export async function makeKey(alg) {
  const { make } = ALGORITHMS[alg];
  let pair;
  try {
    pair = await crypto.subtle.generateKey(make, false, ["sign", "verify"]);
  } catch {
    throw new Problem({ code: "browser.no-ed25519", status: 0 });
  }
  return keep(alg, await crypto.subtle.exportKey("jwk", pair.publicKey), pair.privateKey, true);
}

/**
 * Takes a PKCS #8 private key (DER) into the browser's keeping.
 * @throws {Problem} key-file.algorithm where it is neither Ed25519 nor P-256, or this browser cannot use it
 */
export async function importPkcs8(der) {
  for (const [alg, { make }] of Object.entries(ALGORITHMS)) {
    let readable;
    try {
      readable = await crypto.subtle.importKey("pkcs8", der, make, true, ["sign"]);
    } catch {
      continue;
    }
    const jwk = await crypto.subtle.exportKey("jwk", readable);
    return keep(alg, jwk, await crypto.subtle.importKey("pkcs8", der, make, false, ["sign"]));
  }
  throw new Problem({ code: "key-file.algorithm", status: 0 });
}

/** Takes a key from a link's fragment: base64url of PKCS #8. */
export async function importFragment(text) {
  let der;
  try {
    der = fromBase64url(text);
  } catch {
    throw new Problem({ code: "key-file.link", status: 0 });
  }
  return importPkcs8(der);
}
