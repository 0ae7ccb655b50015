// The receipt (C2SP tlog-proof with its extra line), verified step by step; as ledger/log/receipt.py.
import { fromBase64, fromBase64url, same, toBase64 } from "../core/bytes.js";
import { openCheckpoint } from "./checkpoint.js";
import { MAX_ENTRY_BYTES, parseEntry } from "./entry.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { Refused } from "./refused.js";

const MAX_RECEIPT_BYTES = 1_000_000 + 2 * MAX_ENTRY_BYTES;
const BASE64 = "[A-Za-z0-9+/]";
const FORM = new RegExp(
  "^c2sp\\.org/tlog-proof@v1\\n" +
    `extra (${BASE64}+={0,2})\\nindex (0|[1-9]\\d{0,18})\\n((?:${BASE64}{43}=\\n){0,63})\\n`,
);

/** A receipt's parts, of which nothing is verified: {entryBytes, index (bigint), path, note}. */
export function parseReceipt(bytes) {
  const malformed = (why) => new Refused("receipt.malformed", why);
  if (bytes.length > MAX_RECEIPT_BYTES) throw malformed("receipt_length");
  const found = FORM.exec(new TextDecoder("latin1").decode(bytes));
  if (!found) throw malformed("receipt_form");
  const [whole, extra, index, hashes] = found;
  let entryBytes;
  let path;
  try {
    entryBytes = fromBase64(extra);
    path = hashes.split("\n").slice(0, -1).map(fromBase64);
  } catch {
    throw malformed("receipt_base64");
  }
  if (entryBytes.length > MAX_ENTRY_BYTES) throw malformed("receipt_length");
  return { entryBytes, index: BigInt(index), path, note: bytes.subarray(whole.length) };
}

const mismatch = (why, params) => new Refused("receipt.mismatch", why, params);

/** The steps in their order: each takes what is known so far, adds to it, or throws Refused. */
const STEPS = {
  form: (known) => Object.assign(known, parseReceipt(known.bytes)),
  entry: (known) => (known.entry = parseEntry(known.entryBytes)),
  index: ({ entry, index }) => {
    if (BigInt(entry.index) !== index) throw mismatch("other_index", { index: entry.index, proved: index });
  },
  statement: ({ entry, statementHash }) => {
    if (!same(fromBase64url(entry.statement), statementHash)) throw mismatch("other_statement");
  },
  checkpoint: async (known) => (known.checkpoint = await openCheckpoint(known.note, known.origin, known.verifiers)),
  inclusion: async (known) => {
    known.leaf = await leafHash(known.entryBytes);
    const { size, root } = known.checkpoint;
    known.steps = await verifyInclusion(known.leaf, known.index, size, known.path, root);
  },
};

/**
 * Verifies a receipt step by step, up to the first that fails.
 * @param {Uint8Array} bytes The receipt.
 * @param {Uint8Array|null} statementHash SHA-256 of the statement; null leaves that step out.
 * @returns {Promise<{ok: boolean, verdicts: {step, state: "ok"|"failed"|"left_out"|"open", error?}[], known: object}>}
 */
export async function checkReceipt(bytes, { statementHash, origin, verifiers }) {
  const known = { bytes, statementHash, origin, verifiers };
  let failed = false;
  const verdicts = [];
  for (const [step, take] of Object.entries(STEPS)) {
    if (failed) verdicts.push({ step, state: "open" });
    else if (step === "statement" && statementHash === null) verdicts.push({ step, state: "left_out" });
    else {
      try {
        await take(known);
        verdicts.push({ step, state: "ok" });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        failed = true;
        verdicts.push({ step, state: "failed", error });
      }
    }
  }
  return { ok: !failed, verdicts, known };
}

/** The text of a receipt from its parts; `note` is the checkpoint as the log signed it. */
export function writeReceipt({ entryBytes, index, path, note }) {
  const hashes = path.map((hash) => toBase64(hash) + "\n").join("");
  return `c2sp.org/tlog-proof@v1\nextra ${toBase64(entryBytes)}\nindex ${index}\n${hashes}\n${note}`;
}
