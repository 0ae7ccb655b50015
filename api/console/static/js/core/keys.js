// The reader's keys, kept by the browser where no script can read them out (WebCrypto, non-extractable).
import { fromBase64, fromBase64url, sha256, toBase64url, utf8 } from "./bytes.js";

const STORE = "keys";
const ALGORITHMS = {
  Ed25519: { make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  ES256: { make: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
};

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("reledger", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "kid" });
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

function usable(kept) {
  if (!kept) return null;
  const { kid, alg, jwk, privateKey } = kept;
  return {
    kid,
    alg,
    jwk,
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign(ALGORITHMS[alg].sign, privateKey, bytes)),
  };
}

/** RFC 7638 thumbprint of a public key. */
export async function thumbprint(jwk) {
  const members = jwk.kty === "OKP" ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x } : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
  return toBase64url(await sha256(utf8(JSON.stringify(members))));
}

async function keep(alg, jwk, privateKey) {
  const kept = { kid: await thumbprint(jwk), alg, jwk, privateKey };
  await inStore("readwrite", (keys) => keys.put(kept));
  return usable(kept);
}

/** The key with this thumbprint, or null where this browser has none. */
export const keyOf = async (kid) => usable(await inStore("readonly", (keys) => keys.get(kid)));

/** Every key of this browser. */
export const everyKey = async () => (await inStore("readonly", (keys) => keys.getAll())).map(usable);

/** Forgets a key. */
export const forget = (kid) => inStore("readwrite", (keys) => keys.delete(kid));

/** Takes a PKCS #8 private key (DER) into the browser's keeping; refuses what is neither Ed25519 nor P-256. */
export async function importPkcs8(der) {
  for (const [alg, { make }] of Object.entries(ALGORITHMS)) {
    let readable;
    try {
      readable = await crypto.subtle.importKey("pkcs8", der, make, true, ["sign"]);
    } catch {
      continue;
    }
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", readable);
    const jwk = kty === "OKP" ? { kty, crv, x } : { kty, crv, x, y };
    return keep(alg, jwk, await crypto.subtle.importKey("pkcs8", der, make, false, ["sign"]));
  }
  throw new Error("key.unknown");
}

/** Takes a key file: PEM "PRIVATE KEY". */
export async function importPem(text) {
  const found = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(text);
  if (!found) throw new Error("key.form");
  return importPkcs8(fromBase64(found[1].replace(/\s/g, "")));
}

/** Takes a key from a link's fragment: base64url of PKCS #8. */
export const importFragment = (text) => importPkcs8(fromBase64url(text));
