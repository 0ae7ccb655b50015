// Exact decimals as people write them: masses in mg, per cent as fractions. No float is ever computed with.

const NUMBER = /^(\d{1,3}(?:[ ,'\u2009\u00a0\u202f]\d{3})+|\d+)(?:\.(\d+))?$/;
const TO_MG = { t: 9, kg: 6, g: 3, mg: 0 };

/** The digits of a number as people write it, "5,200.5" -> {whole: "5200", rest: "5"}; null where it is none. */
function digits(text) {
  const found = NUMBER.exec(String(text ?? "").trim());
  return found ? { whole: found[1].replace(/\D/g, ""), rest: (found[2] ?? "").replace(/0+$/, "") } : null;
}

/**
 * A mass in mg.
 * @param {string} text "5,200.5"; a point before the fraction.
 * @param {"t"|"kg"|"g"|"mg"} unit
 * @returns {bigint|null} null where it is no number, or finer than a milligram.
 */
export function parseMass(text, unit) {
  const found = digits(text);
  const places = TO_MG[unit];
  if (!found || places === undefined || found.rest.length > places) return null;
  return BigInt(found.whole + found.rest.padEnd(places, "0"));
}

/** A mass as a person edits it again: "5200.5" in the unit. */
export function massText(mg, unit = "kg") {
  return shifted(BigInt(mg), TO_MG[unit]);
}

function shifted(value, places) {
  const text = value.toString().padStart(places + 1, "0");
  const rest = places ? text.slice(-places).replace(/0+$/, "") : "";
  const whole = places ? text.slice(0, -places) : text;
  return rest ? `${whole}.${rest}` : whole;
}

/** A number that JSON writes with exactly these digits; throws where a double cannot. */
function exact(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || String(value).includes("e") || fromText(String(value)) !== fromText(text)) {
    throw new Error("number.digits");
  }
  return value;
}

const fromText = (text) => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);

/** Kilograms for a document. */
export const kilograms = (mg) => exact(shifted(BigInt(mg), 6));

/** Per cent as a person writes them, as a fraction for a document: "45.5" -> 0.455; null where it is no number. */
export function fraction(percent) {
  const found = digits(percent);
  if (!found) return null;
  return exact(shifted(BigInt(found.whole + found.rest), found.rest.length + 2));
}

/** A fraction of a document as per cent: 0.455 -> "45.5". */
export function percentText(value) {
  if (value === null || value === undefined) return "";
  const [whole, rest = ""] = String(value).split(".");
  const moved = BigInt(whole + rest.padEnd(2, "0"));
  return shifted(moved, Math.max(rest.length - 2, 0));
}

/** A plain number as a person writes it; null where it is none. */
export function plainNumber(text) {
  const found = digits(text);
  return found ? exact(found.rest ? `${found.whole}.${found.rest}` : String(BigInt(found.whole))) : null;
}
