// DER (X.690) as key files need it: one reading for each encoding, anything else is refused.

const LONGEST = 65_536;

/** The whole of `bytes` as one element: {tag, content}; throws where it is not exactly one. */
export function one(bytes) {
  const { element, rest } = next(bytes);
  if (rest.length) throw new Error("bytes after the end");
  return element;
}

/** The elements in the content of a SEQUENCE. */
export function sequence(element) {
  if (element?.tag !== 0x30) throw new Error("not a SEQUENCE");
  const found = [];
  for (let rest = element.content; rest.length; ) {
    const read = next(rest);
    found.push(read.element);
    rest = read.rest;
  }
  return found;
}

/** The content of an OCTET STRING. */
export function octets(element) {
  if (element?.tag !== 0x04) throw new Error("not an OCTET STRING");
  return element.content;
}

/** A positive INTEGER below 2^31. */
export function integer(element) {
  const { tag, content } = element ?? {};
  if (tag !== 0x02 || !content.length || content.length > 4 || content[0] & 0x80) throw new Error("not a small INTEGER");
  if (content.length > 1 && content[0] === 0 && !(content[1] & 0x80)) throw new Error("an INTEGER too long");
  return content.reduce((sum, each) => sum * 256 + each, 0);
}

/** An OBJECT IDENTIFIER as its dotted text. */
export function oid(element) {
  const { tag, content } = element ?? {};
  if (tag !== 0x06 || !content.length || content.at(-1) & 0x80) throw new Error("not an OBJECT IDENTIFIER");
  const arcs = [];
  let arc = 0;
  for (const each of content) {
    if (arc === 0 && each === 0x80) throw new Error("an arc too long");
    arc = arc * 128 + (each & 0x7f);
    if (each & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const first = Math.min(Math.floor(arcs[0] / 40), 2);
  return [first, arcs[0] - 40 * first, ...arcs.slice(1)].join(".");
}

function next(bytes) {
  if (bytes.length < 2) throw new Error("cut short");
  const { length, at } = lengthOf(bytes);
  if (at + length > bytes.length) throw new Error("cut short");
  return { element: { tag: bytes[0], content: bytes.subarray(at, at + length) }, rest: bytes.subarray(at + length) };
}

function lengthOf(bytes) {
  if (bytes[1] < 0x80) return { length: bytes[1], at: 2 };
  const count = bytes[1] & 0x7f;
  if (count < 1 || count > 3 || bytes.length < 2 + count) throw new Error("no such length");
  const length = bytes.subarray(2, 2 + count).reduce((sum, each) => sum * 256 + each, 0);
  const least = count === 1 ? 0x80 : 256 ** (count - 1);
  if (length < least || length > LONGEST) throw new Error("no such length");
  return { length, at: 2 + count };
}
