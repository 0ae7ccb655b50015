// A picture as a file for somebody who does not trust us: the answer, and for each of its records the receipt and,
// where the reader may have it, the signed statement. docs/formats.md, "Picture".
import { get, getBytes, Problem } from "../core/api.js";
import { fromUtf8, sha256, toBase64, utf8 } from "../core/bytes.js";
import { parseEntry } from "../proof/entry.js";
import { parseVkey } from "../proof/note.js";
import { checkReceipt } from "../proof/receipt.js";
import { entriesPath, parseEntryBundle, TILE_WIDTH } from "../proof/tiles.js";
import { inTurns } from "./evidence.js";

export const FORMAT = "reledger-picture/1";
/** Records in one file at most; the nearest ones are taken. */
export const MOST_RECORDS = 500;

/** The text of a receipt from its parts; as ledger/log/receipt.py writes it. */
const receiptText = (entry, index, hashes, note) =>
  `c2sp.org/tlog-proof@v1\nextra ${toBase64(entry)}\nindex ${index}\n${hashes.map((each) => `${each}\n`).join("")}\n${note}`;

async function statementOf(entry, signal) {
  try {
    return fromUtf8(await getBytes(`/v1/statements/${entry.statement}`, undefined, { signal, accept: "application/jose" }));
  } catch (error) {
    if (!(error instanceof Problem) || ![401, 403, 404, 410].includes(error.status)) throw error;
    return null;
  }
}

/**
 * Makes the file's content.
 * @param {{query: object, answer: object, indices: number[]}} picture What was asked, the ledger's answer to it, and
 *   the entries behind it, nearest first. @param {function(number)} tell Takes how many records are done.
 */
export async function makeBundle({ query, answer, indices }, tell, signal) {
  const { origin, vkeys } = await get("/v1/log", undefined, { signal });
  const note = fromUtf8(await getBytes("/checkpoint", undefined, { signal }));
  const size = Number(note.split("\n")[1]);
  const taken = indices.filter((index) => index < size).slice(0, MOST_RECORDS);
  const bundles = new Map();
  const entriesOf = (bundle) => {
    if (!bundles.has(bundle)) {
      const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
      bundles.set(bundle, getBytes(`/${entriesPath(bundle, width)}`, undefined, { signal }).then((bytes) => parseEntryBundle(bytes, width)));
    }
    return bundles.get(bundle);
  };
  const records = [];
  await inTurns(taken, 4, async (index) => {
    const bytes = (await entriesOf(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH];
    const { hashes } = await get("/v1/log/proof/inclusion", { index, size }, { signal });
    records.push({ index, receipt: receiptText(bytes, index, hashes, note), statement: await statementOf(parseEntry(bytes), signal) });
    tell(records.length);
  });
  records.sort((one, other) => one.index - other.index);
  return { format: FORMAT, made: new Date().toISOString(), origin, vkeys, asked: query, left_out: indices.length - taken.length, answer, records };
}

/** Reads a text as such a file; null for anything else. */
export function readBundle(text) {
  try {
    const found = JSON.parse(text);
    return found?.format === FORMAT && Array.isArray(found.records) && found.records.every((each) => typeof each?.receipt === "string") ? found : null;
  } catch {
    return null;
  }
}

/**
 * Verifies every record of such a file against a log's key; asks no server.
 * @param {{origin: string, vkey: string}} log Whose key is trusted.
 * @returns {Promise<{records: object[], unproved: number[]}>} records: {index, ok, compared, verdicts}; unproved:
 *   entries that the answer names and no record of the file proves.
 */
export async function checkBundle(bundle, { origin, vkey }) {
  const verifiers = [await parseVkey(vkey)];
  const records = [];
  for (const { index, receipt, statement } of bundle.records) {
    const statementHash = typeof statement === "string" ? await sha256(utf8(statement)) : null;
    const checked = await checkReceipt(utf8(receipt), { statementHash, origin, verifiers });
    const claimed = checked.known.index === undefined || Number(checked.known.index) === index;
    records.push({ index, ok: checked.ok && claimed, compared: statementHash !== null, verdicts: checked.verdicts });
  }
  const proved = new Set(records.filter(({ ok }) => ok).map(({ index }) => index));
  const named = new Set((bundle.answer?.steps ?? []).map((step) => step.index));
  return { records, unproved: [...named].filter((index) => !proved.has(index)) };
}
