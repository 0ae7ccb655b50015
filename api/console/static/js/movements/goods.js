// The goods of a movement as EPCIS has them: lots with their masses, and what is said of new ones.
import { fraction, kilograms, parseMass } from "./decimal.js";
import { FieldFault } from "./fault.js";
import { isUnit, lotId } from "./names.js";

const LISTS = {
  ObjectEvent: [["epcList", "quantityList"]],
  TransactionEvent: [["epcList", "quantityList"]],
  AggregationEvent: [["childEPCs", "childQuantityList"]],
  TransformationEvent: [["inputEPCList", "inputQuantityList"], ["outputEPCList", "outputQuantityList"]],
};

/** Puts the lots of a form into an event, and what is said of them. */
export function putGoods(event, kind, goods, form, me) {
  const [first, second] = LISTS[event.type];
  const born = goods === "born" || goods === "both" ? lines(form.made, "made", kind, me) : [];
  const held = goods === "born" || goods === "none" ? [] : lines(form.used, "used", kind, me);
  if (goods !== "none" && born.length + held.length === 0) throw new FieldFault(goods === "born" ? "made" : "used", "fault.no-goods");
  if (goods === "both" && (!born.length || !held.length)) throw new FieldFault(born.length ? "used" : "made", "fault.no-goods");
  putLines(event, event.type === "TransformationEvent" && goods === "born" ? second : first, goods === "both" ? held : [...held, ...born]);
  if (goods === "both") putLines(event, second, born);
  const said = Object.fromEntries([...held, ...born].filter((line) => Object.keys(line.said).length).map((line) => [line.id, line.said]));
  if (Object.keys(said).length === 0) return;
  // EPCIS has ilmd where things come to be; elsewhere what is said of a lot stands at the event.
  if (born.length) event.ilmd = { "ree:lots": said };
  else event["ree:lots"] = said;
}

function putLines(event, [things, quantities], found) {
  const names = found.filter((line) => line.instance || isUnit(line.id)).map((line) => line.id);
  const shares = found
    .filter((line) => !line.instance && !isUnit(line.id))
    .map((line) => ({ epcClass: line.id, ...(line.mg !== null && { quantity: kilograms(line.mg), uom: "KGM" }) }));
  if (names.length) event[things] = names;
  if (shares.length) event[quantities] = shares;
}

const MASS_MAY_LACK = ["cancel", "refuse", "unpack", "assay"];

function lines(rows, side, kind, me) {
  return (rows ?? []).filter((row) => row.lot?.trim()).map((row, at) => {
    const field = `${side}.${at}`;
    const id = lotId(row.lot, me, row.item);
    const given = String(row.amount ?? "").trim();
    const mg = given ? parseMass(given, row.unit ?? "kg") : null;
    if (given && mg === null) throw new FieldFault(`${field}.amount`, "fault.mass");
    if (!given && !row.instance && !isUnit(id) && !MASS_MAY_LACK.includes(kind)) throw new FieldFault(`${field}.amount`, "fault.missing");
    return { id, mg, instance: Boolean(row.instance), said: side === "made" ? saidOfNew(row, field, mg) : saidOfHeld(row, field) };
  });
}

function part(row, name, field) {
  const text = String(row[name] ?? "").trim();
  if (!text) return null;
  const value = fraction(text);
  if (value === null) throw new FieldFault(`${field}.${name}`, "fault.number");
  return value;
}

function saidOfNew(row, field, mg) {
  if (!row.product) throw new FieldFault(`${field}.product`, "fault.missing");
  const said = { product: row.product };
  const treo = part(row, "treo", field);
  if (treo !== null) said.treoFraction = treo;
  const elements = {};
  for (const [symbol, text] of Object.entries(row.elements ?? {})) {
    if (!String(text).trim()) continue;
    const value = fraction(text);
    if (value === null) throw new FieldFault(`${field}.elements.${symbol}`, "fault.number");
    if (value !== 0) elements[symbol] = value;
  }
  if (Object.keys(elements).length) said.elementFractions = elements;
  const loi = part(row, "loi", field);
  if (loi !== null) said.lossOnIgnition = loi;
  if (row.model) said.chainOfCustodyModel = row.model;
  if (row.instance && mg !== null) said.netMass = { quantity: kilograms(mg), uom: "KGM" };
  return { ...said, ...saidOfHeld(row, field) };
}

function saidOfHeld(row, field) {
  const moisture = part(row, "moisture", field);
  return moisture === null ? {} : { moistureFraction: moisture };
}

/** Masses by element, or their total, as the books want losses and what was measured. */
export function masses(given, field, optional) {
  const elements = Object.entries(given?.elements ?? {}).filter(([, text]) => String(text).trim());
  const total = String(given?.total ?? "").trim();
  if (!elements.length && !total) {
    if (optional) return null;
    throw new FieldFault(field, "fault.missing");
  }
  const kg = (text, place) => {
    const mg = parseMass(text, "kg");
    if (mg === null) throw new FieldFault(place, "fault.mass");
    return kilograms(mg);
  };
  if (elements.length) {
    return { uom: "KGM", elements: Object.fromEntries(elements.map(([symbol, text]) => [symbol, kg(text, `${field}.${symbol}`)])) };
  }
  return { uom: "KGM", total: kg(total, field) };
}
