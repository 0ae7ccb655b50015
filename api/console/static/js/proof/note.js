// The signed note and its keys (C2SP signed-note, tlog-cosignature), verified by WebCrypto; as ledger/log/note.py.
import { concat, fromBase64, fromUtf8, sha256, toBase64, toHex, utf8 } from "../core/bytes.js";
import { Refused } from "./refused.js";
import { parseTreeHead } from "./tree_head.js";

/** Types of signature. */
export const ED25519 = 0x01;
export const ED25519_COSIGNATURE = 0x04;
export const MLDSA44_COSIGNATURE = 0x06;

const KEY_BYTES = { [ED25519]: 32, [ED25519_COSIGNATURE]: 32, [MLDSA44_COSIGNATURE]: 1312 };
const MAX_NOTE_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
// What Python's str.isspace() says of any script, the plus, controls and lone surrogates.
const NAME = /^[^+\0-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]{1,255}$/u;
const LINE = /^— ([^ ]+) ([^ ]*)$/u;
const CONTROL = (byte) => byte < 0x20 && byte !== 0x0a;

const isName = (text) => NAME.test(text) && utf8(text).length <= 255;

/** A key as it is passed on, for a text that is no vkey null: {name, kind, publicKey, id (hex), vkey}. */
export async function parseVkey(text) {
  const [name, id, ...rest] = text.split("+");
  if (!rest.length || !isName(name) || !/^[0-9a-f]{8}$/.test(id)) return null;
  let key;
  try {
    key = fromBase64(rest.join("+"));
  } catch {
    return null;
  }
  const [kind, publicKey] = [key[0], key.subarray(1)];
  if (KEY_BYTES[kind] !== publicKey.length) return null;
  const hash = await sha256(concat(utf8(name), Uint8Array.of(0x0a), key));
  return toHex(hash.subarray(0, 4)) === id ? { name, kind, publicKey, id, vkey: text } : null;
}

const malformed = (why) => new Refused("note.malformed", why);

/**
 * A note's parts, its signatures unverified.
 * @returns {{text: Uint8Array, signatures: {name: string, id: string, signature: Uint8Array}[]}}
 */
export function parseNote(bytes) {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed("note_length");
  if (bytes.some(CONTROL)) throw malformed("note_control");
  let whole;
  try {
    whole = fromUtf8(bytes);
  } catch {
    throw malformed("note_utf8");
  }
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n") || split + 2 === whole.length) throw malformed("note_parts");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed("note_signatures");
  return { text: utf8(whole.slice(0, split + 1)), signatures: lines.map(parseLine) };
}

function parseLine(line) {
  const found = LINE.exec(line);
  if (!found || !isName(found[1])) throw malformed("note_line");
  let raw;
  try {
    raw = fromBase64(found[2]);
  } catch {
    throw malformed("note_line");
  }
  if (raw.length <= 4) throw malformed("note_line");
  return { name: found[1], id: toHex(raw.subarray(0, 4)), signature: raw.subarray(4) };
}

/**
 * The note with those of its signatures that verify under one of these keys, one for each key. Lines by other keys
 * are ignored; a known key's wrong signature refuses the note.
 */
export async function openNote(bytes, verifiers) {
  const known = new Map();
  for (const verifier of verifiers) {
    const other = known.get(`${verifier.name} ${verifier.id}`);
    if (other && other.vkey !== verifier.vkey) throw new Refused("note.unsigned", "two_keys");
    known.set(`${verifier.name} ${verifier.id}`, verifier);
  }
  const note = parseNote(bytes);
  const verified = new Map();
  for (const line of note.signatures) {
    const key = `${line.name} ${line.id}`;
    const verifier = known.get(key);
    if (!verifier) continue;
    if (!(await verifies(verifier, note.text, line.signature))) {
      throw new Refused("note.signature", "wrong_signature", { name: line.name, id: line.id });
    }
    if (!verified.has(key)) verified.set(key, line);
  }
  if (!verified.size) throw new Refused("note.unsigned", "no_trusted_signature");
  return { text: note.text, signatures: [...verified.values()] };
}

async function verifies({ name, kind, publicKey }, text, signature) {
  if (kind === ED25519) return verifyWith("Ed25519", "raw", publicKey, signature, text);
  // A cosignature begins with its time, at most 2^63 - 1.
  if (signature.length <= 8 || signature[0] & 0x80) return false;
  const [time, proper] = [signature.subarray(0, 8), signature.subarray(8)];
  if (kind === ED25519_COSIGNATURE) {
    const seconds = new DataView(time.buffer, time.byteOffset).getBigUint64(0);
    return verifyWith("Ed25519", "raw", publicKey, proper, concat(utf8(`cosignature/v1\ntime ${seconds}\n`), text));
  }
  let head;
  try {
    head = parseTreeHead(text);
  } catch {
    return false;
  }
  return verifyWith("ML-DSA-44", "raw-public", publicKey, proper, subtreeMessage(name, time, head));
}

/** What an ML-DSA-44 cosigner signs: the tree head as the subtree from leaf 0. */
function subtreeMessage(name, time, { origin, size, root }) {
  const measured = (text) => concat(Uint8Array.of(utf8(text).length), utf8(text));
  const range = new Uint8Array(16);
  new DataView(range.buffer).setBigUint64(8, size);
  return concat(utf8("subtree/v1\n\0"), measured(name), time, measured(origin), range, root);
}

const imported = new Map();

async function verifyWith(algorithm, format, publicKey, signature, message) {
  const place = `${algorithm} ${toBase64(publicKey)}`;
  if (!imported.has(place)) {
    imported.set(place, crypto.subtle.importKey(format, publicKey, algorithm, false, ["verify"]));
  }
  let key;
  try {
    key = await imported.get(place);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new Refused("note.unsigned", "algorithm_unknown", { algorithm });
    return false;
  }
  return crypto.subtle.verify(algorithm, key, signature, message);
}
