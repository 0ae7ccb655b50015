// The entry: the bytes of one leaf of the log. docs/formats.md, "Entry"; as strict as ledger/log/entry.py.
import { Refused } from "./refused.js";

export const GENESIS_PREVIOUS = "A".repeat(43);
export const MAX_ENTRY_BYTES = 65_535;

const HASH = "([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])";
const TIME = "(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}):([0-5]\\d)\\.(\\d{6})Z";
const FORM = new RegExp(
  `^\\{"index":(0|[1-9]\\d{0,15}),"previous":"${HASH}","public":(true|false),` +
    `"recorded_at":"${TIME}","statement":"${HASH}"\\}$`,
);
const latin = new TextDecoder("latin1");
let knownMinute = "";

/**
 * The entry that these bytes are.
 * @returns {{index: number, previous: string, public: boolean, recordedAt: string, statement: string}} The hashes
 *   as base64url; recordedAt as written, so that times compare as texts.
 */
export function parseEntry(bytes) {
  const text = latin.decode(bytes);
  const found = FORM.exec(text);
  if (!found) throw new Refused("entry.malformed", "entry_form");
  const [, index, previous, open, minute, second, fraction, statement] = found;
  const recordedAt = `${minute}:${second}.${fraction}Z`;
  const entry = { index: Number(index), previous, public: open === "true", recordedAt, statement };
  if (!Number.isSafeInteger(entry.index)) throw new Refused("entry.malformed", "entry_index");
  checkMinute(minute);
  if (encodeEntry(entry) !== text) throw new Refused("entry.malformed", "entry_form");
  return entry;
}

/** The one text of an entry. */
export function encodeEntry({ index, previous, public: open, recordedAt, statement }) {
  const rest = `"public":${open},"recorded_at":"${recordedAt}","statement":"${statement}"`;
  return `{"index":${index},"previous":"${previous}",${rest}}`;
}

/** A minute that exists, from 1970 on; entries of one batch share theirs. */
function checkMinute(text) {
  if (text === knownMinute) return;
  const moment = new Date(`${text}:00.000Z`);
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 16) !== text || text < "1970") {
    throw new Refused("entry.malformed", "entry_time");
  }
  knownMinute = text;
}
