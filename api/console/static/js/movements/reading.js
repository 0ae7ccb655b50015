// What a form holds, from an event that was recorded: the way back of writing.js, for corrections.
import { massText, percentText } from "./decimal.js";
import { TECHNOLOGY, partyOf } from "./names.js";

const NO_GOODS = ["close", "impart"];

const kg = (value) => (value === undefined ? "" : String(value));

/** The form of an event of ours; null where it is no movement. */
export function readEvent(event) {
  const ree = (member) => event[`ree:${member}`];
  const kind = ree("movement");
  if (!kind) return null;
  const ends = [...(event.sourceList ?? []), ...(event.destinationList ?? [])];
  const end = (side, type) => partyOf(ends.find((each) => each.type === type && each[side])?.[side] ?? "");
  const papers = Object.fromEntries((event.bizTransactionList ?? []).map((each) => [each.type, each.bizTransaction]));
  const said = event.ilmd?.["ree:lots"] ?? ree("lots") ?? {};
  const born = ["extract", "opening", "import", "draw"].includes(kind);
  const first = goodsOf(event, ["epcList", "inputEPCList", "childEPCs"], ["quantityList", "inputQuantityList", "childQuantityList"], said);
  const second = goodsOf(event, ["outputEPCList"], ["outputQuantityList"], said);
  const form = {
    at: localText(event.eventTime),
    site: event.bizLocation?.id ?? "",
    to: kind === "impart" ? partyOf(ree("consignee") ?? "") : end("destination", "possessing_party") || end("destination", "owning_party"),
    siteTo: end("destination", "location"),
    consignor: end("source", "possessing_party"),
    advice: papers.desadv ?? "",
    invoice: papers.inv ?? "",
    test: papers.testres ?? "",
    contract: papers.po ?? "",
    technology: kind === "impart" ? (event.quantityList?.[0]?.epcClass ?? "").replace(TECHNOLOGY, "") : "",
    disclosed: ree("disclosed") === true,
    ...Object.fromEntries(Object.entries(ree("scope") ?? {}).map(([name, count]) => [name, String(count)])),
    used: born || NO_GOODS.includes(kind) ? [] : first,
    made: kind === "process" || kind === "draw" ? second : born ? first : [],
    whole: ree("whole") === true,
    final: ree("final") !== false,
    losses: massesOf(ree("declaredLosses")),
    measured: massesOf(ree("measured")),
    pool: event.transformationID ?? ree("pool") ?? "",
    unit: event.parentID ?? "",
    seals: (ree("seals") ?? []).join(" "),
    due: ree("due") ? localText(ree("due")) : "",
    price: kg(ree("unitPrice")?.amount),
    currency: ree("unitPrice")?.currency ?? "CNY",
    originCountry: ree("origin") ?? "",
    endUser: partyOf(ree("endUser") ?? ""),
    laboratory: partyOf(ree("laboratory") ?? ""),
    results: resultsOf(event),
  };
  for (const member of ["process", "reason", "declaration", "licence", "endUse", "destination", "origin", "document", "shipment", "originDeclaration", "manner"]) {
    form[member] = ree(member) ?? "";
  }
  if (kind === "refuse") form.consignor = end("destination", "possessing_party");
  return { kind, form };
}

/** A time as a datetime-local field holds it, in the reader's zone. */
export function localText(text) {
  const at = new Date(text);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function goodsOf(event, things, quantities, said) {
  const names = things.flatMap((name) => event[name] ?? []).map((lot) => ({ lot, instance: true, amount: kg(said[lot]?.netMass?.quantity), unit: "kg" }));
  const shares = quantities.flatMap((name) => event[name] ?? []).map((each) => ({ lot: each.epcClass, amount: kg(each.quantity), unit: "kg" }));
  return [...names, ...shares].map((row) => ({ ...row, ...compositionOf(said[row.lot] ?? {}) }));
}

function compositionOf(entry) {
  return {
    product: entry.product ?? "",
    treo: percentText(entry.treoFraction),
    moisture: percentText(entry.moistureFraction),
    loi: percentText(entry.lossOnIgnition),
    model: entry.chainOfCustodyModel ?? "",
    elements: Object.fromEntries(Object.entries(entry.elementFractions ?? {}).map(([symbol, value]) => [symbol, percentText(value)])),
  };
}

function massesOf(value) {
  if (!value) return {};
  if (value.elements) return { elements: Object.fromEntries(Object.entries(value.elements).map(([symbol, each]) => [symbol, kg(each)])) };
  return { total: kg(value.total) };
}

function resultsOf(event) {
  const reports = (event.sensorElementList ?? []).flatMap((each) => each.sensorReport ?? []);
  return Object.fromEntries(
    reports
      .filter((each) => each["ree:element"])
      .map((each) => [each["ree:element"], { value: percentText(each.value), uncertainty: percentText(each["ree:uncertainty"]) }]),
  );
}

/** A row of a form for a lot in stock: all of it, in kilograms. */
export const rowOf = ({ lot, mass_mg: mg, instance }) => ({ lot, instance: Boolean(instance), amount: massText(mg), unit: "kg" });
