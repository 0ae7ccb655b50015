// Figures as people read them: masses with sensible units, times in the reader's zone with its offset, shares.
import { tag } from "./i18n.js";

const UNITS = [
  [1e9, "t"],
  [1e6, "kg"],
  [1e3, "g"],
  [1, "mg"],
];

function number(value, digits) {
  return new Intl.NumberFormat(tag(), { maximumSignificantDigits: digits }).format(value);
}

/** Milligrams as text, "5.2 t"; `unit` fixes the unit ("t", "kg", "g", "mg"), e.g. for a whole column. */
export function mass(mg, { unit, digits = 4 } = {}) {
  if (mg === null || mg === undefined) return "–";
  const value = Number(mg);
  const [factor, name] =
    UNITS.find(([, each]) => each === unit) ?? UNITS.find(([least]) => Math.abs(value) >= least) ?? [1e6, "kg"];
  return `${number(value / factor, digits)} ${name}`;
}

/** Exact kilograms, for a title: "5,200.000000 kg". */
export function exactMass(mg) {
  const text = String(mg).replace("-", "").padStart(7, "0");
  const whole = BigInt(text.slice(0, -6));
  const grouped = new Intl.NumberFormat(tag()).format(whole);
  const point = new Intl.NumberFormat(tag()).format(1.1)[1];
  return `${String(mg).startsWith("-") ? "-" : ""}${grouped}${point}${text.slice(-6)} kg`;
}

/** The unit in which a column of masses reads best. */
export function unitFor(masses) {
  const most = Math.max(0, ...masses.map((mg) => Math.abs(Number(mg ?? 0))));
  return (UNITS.find(([least]) => most >= least) ?? [0, "kg"])[1];
}

/** A share 0 to 1 as per cent. */
export function share(value, digits = 2) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(tag(), { style: "percent", maximumFractionDigits: digits }).format(Number(value));
}

/** A whole number with its groups. */
export function count(value) {
  return value === null || value === undefined ? "–" : new Intl.NumberFormat(tag()).format(value);
}

/** A time in the reader's zone with its offset: "20 Nov 2026, 09:00 GMT+1". */
export function time(text) {
  if (!text) return "–";
  return new Intl.DateTimeFormat(tag(), {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "shortOffset",
  }).format(new Date(text));
}

/** A date in the reader's zone. */
export function date(text) {
  if (!text) return "–";
  return new Intl.DateTimeFormat(tag(), { dateStyle: "medium" }).format(new Date(text));
}

/** The last telling part of an identifier; the whole of it belongs into a title. */
export function shortId(id) {
  const text = String(id ?? "");
  if (text.startsWith("urn:epcglobal:cbv:bt:")) return decodeURIComponent(text.split(":").at(-1));
  if (text.startsWith("urn:uuid:")) return `${text.slice(9, 17)}…`;
  if (text.startsWith("urn:epc:")) {
    const parts = text.split(":").at(-1).split(".");
    return parts.length > 2 ? parts.slice(2).join(".") : parts.join(".");
  }
  const tail = text.replace(/\/+$/, "").split(/[/#]/).at(-1);
  return tail.length > 28 ? `${tail.slice(0, 12)}…${tail.slice(-10)}` : tail || text;
}

/** A hash shortened for show. */
export const shortHash = (text) => (text && text.length > 14 ? `${text.slice(0, 10)}…` : (text ?? ""));
