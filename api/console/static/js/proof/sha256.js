// SHA-256 (FIPS 180-4) without waiting: a call of WebCrypto costs more than hashing an entry does, and a whole log is
// hundreds of thousands of calls. Single proofs use WebCrypto; who uses this compares it with WebCrypto as it goes.

const K = new Int32Array(64);
const START = new Int32Array(8);

function fillConstants() {
  // The first 32 bits of the fractional parts of the cube and square roots of the first primes.
  const fraction = (value) => ((value - Math.floor(value)) * 0x100000000) | 0;
  let found = 0;
  for (let number = 2; found < 64; number++) {
    let prime = true;
    for (let factor = 2; factor * factor <= number && prime; factor++) prime = number % factor !== 0;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    K[found++] = fraction(Math.cbrt(number));
  }
}
fillConstants();

const words = new Int32Array(64);
const state = new Int32Array(8);

function expand(block, at) {
  for (let i = 0; i < 16; i++, at += 4) {
    words[i] = (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15];
    const y = words[i - 2];
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + small0 + words[i - 7] + small1) | 0;
  }
}

function compress(block, at) {
  expand(block, at);
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + big1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

let padded = new Uint8Array(1024);
const room = (length) => {
  const blocks = (length + 9 + 63) >> 6;
  if (padded.length < blocks * 64) padded = new Uint8Array(blocks * 128);
  return blocks;
};

/** Hashes the first `length` bytes of `padded`, which have `blocks` blocks of room. */
function finish(length, blocks) {
  const end = blocks * 64;
  padded.fill(0, length, end);
  padded[length] = 0x80;
  const bits = length * 8;
  const high = Math.floor(bits / 0x100000000);
  for (let i = 0; i < 4; i++) {
    padded[end - 8 + i] = high >>> (24 - 8 * i);
    padded[end - 4 + i] = bits >>> (24 - 8 * i);
  }
  state.set(START);
  for (let at = 0; at < end; at += 64) compress(padded, at);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  return digest;
}

/** SHA-256 of all parts, one after the other. */
export function digest(...parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  const blocks = room(length);
  let at = 0;
  for (const part of parts) {
    padded.set(part, at);
    at += part.length;
  }
  return finish(length, blocks);
}
