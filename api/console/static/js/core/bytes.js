// Bytes and their texts.

export const utf8 = (text) => new TextEncoder().encode(text);
export const fromUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** Unpadded base64url. */
export function toBase64url(bytes) {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Standard base64. */
export function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Strict standard base64: what does not encode back to the same text is refused. */
export function fromBase64(text) {
  let decoded;
  try {
    decoded = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  } catch {
    throw new Error("not base64");
  }
  if (toBase64(decoded) !== text) throw new Error("not base64 in its one form");
  return decoded;
}

/** Strict unpadded base64url. */
export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(standard + "=".repeat((4 - (standard.length % 4)) % 4));
}

export const toHex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");

/** SHA-256 by WebCrypto. */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** The SHA-256 of a file's bytes as movements write it: hexadecimal digits. */
export const sha256Of = async (bytes) => toHex(await sha256(bytes));

/** Several byte arrays as one. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two byte arrays hold the same. */
export const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);
