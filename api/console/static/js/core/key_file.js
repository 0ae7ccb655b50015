// Key files as `reledger key new` and OpenSSL write them: PKCS #8 in PEM, plain or encrypted (RFC 5958, RFC 7468,
// RFC 8018: PBES2 with PBKDF2 and AES-CBC). Anything else is refused, and named where it is known.
import { Problem } from "./api.js";
import { fromBase64, utf8 } from "./bytes.js";
import { integer, octets, oid, one, sequence } from "./der.js";

const MOST_CHARACTERS = 16_384;
const MOST_ROUNDS = 20_000_000;
const FORM = /^\s*-----BEGIN ((?:ENCRYPTED )?PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----\s*$/;
const OTHER = /-----BEGIN (EC|RSA|DSA|OPENSSH) PRIVATE KEY-----/;
const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const HASHES = {
  "1.2.840.113549.2.7": "SHA-1",
  "1.2.840.113549.2.9": "SHA-256",
  "1.2.840.113549.2.10": "SHA-384",
  "1.2.840.113549.2.11": "SHA-512",
};
const KEY_BYTES = { "2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.42": 32 };

const fault = (code) => new Problem({ code, status: 0 });

/**
 * Reads a key file.
 * @param {string} text The file.
 * @returns {{der: Uint8Array} | {encrypted: object}} The PKCS #8 key, or what `decrypt` needs beside a passphrase.
 * @throws {Problem} key-file.form, key-file.other, key-file.cipher
 */
export function readKeyFile(text) {
  if (OTHER.test(text)) throw fault("key-file.other");
  const found = text.length <= MOST_CHARACTERS ? FORM.exec(text) : null;
  if (!found) throw fault("key-file.form");
  const der = inform(() => fromBase64(found[2].replace(/[\r\n]/g, "")));
  return found[1].startsWith("ENCRYPTED") ? { encrypted: readEncrypted(der) } : { der };
}

/**
 * Opens an encrypted key.
 * @param encrypted As `readKeyFile` gave it.
 * @param {string} passphrase
 * @returns {Promise<Uint8Array>} The PKCS #8 key.
 * @throws {Problem} key-file.passphrase where it does not fit
 */
export async function decrypt({ salt, rounds, hash, bytes, iv, sealed }, passphrase) {
  const secret = await crypto.subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", salt, iterations: rounds, hash };
  const key = await crypto.subtle.deriveKey(how, secret, { name: "AES-CBC", length: bytes * 8 }, false, ["decrypt"]);
  try {
    const der = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, sealed));
    // One wrong passphrase in 256 leaves a padding that looks right, but no key.
    sequence(one(der));
    return der;
  } catch {
    throw fault("key-file.passphrase");
  }
}

function inform(read) {
  try {
    return read();
  } catch {
    throw fault("key-file.form");
  }
}

function readEncrypted(der) {
  const [algorithm, data, ...more] = inform(() => sequence(one(der)));
  const [scheme, parameters] = inform(() => sequence(algorithm));
  if (more.length) throw fault("key-file.form");
  if (inform(() => oid(scheme)) !== PBES2) throw fault("key-file.cipher");
  const [derivation, cipher] = inform(() => sequence(parameters).map(sequence));
  return { ...readDerivation(derivation), ...readCipher(cipher), sealed: inform(() => octets(data)) };
}

function readDerivation([name, parameters]) {
  if (inform(() => oid(name)) !== PBKDF2) throw fault("key-file.cipher");
  const [salt, rounds, ...options] = inform(() => sequence(parameters));
  // keyLength says again what the cipher says; without a hash it is HMAC with SHA-1.
  const hashed = options.find(({ tag }) => tag === 0x30);
  const hash = hashed ? HASHES[inform(() => oid(sequence(hashed)[0]))] : "SHA-1";
  const count = inform(() => integer(rounds));
  if (!hash || count > MOST_ROUNDS) throw fault("key-file.cipher");
  return { salt: inform(() => octets(salt)), rounds: count, hash };
}

function readCipher([name, parameters]) {
  const bytes = KEY_BYTES[inform(() => oid(name))];
  if (!bytes) throw fault("key-file.cipher");
  const iv = inform(() => octets(parameters));
  if (iv.length !== 16) throw fault("key-file.form");
  return { bytes, iv };
}
