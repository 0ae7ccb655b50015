// A movement as an EPCIS 2.0 document, from what a form holds. Whether it is right is for the ledger to say.
import { fraction, plainNumber } from "./decimal.js";
import { FieldFault } from "./fault.js";
import { masses, putGoods } from "./goods.js";
import { FORMS_OF_TECHNOLOGY, KINDS } from "./kinds.js";
import { TECHNOLOGY, documentId, partyUri, poolId, unitId } from "./names.js";

const CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
const REE = "https://w3id.org/reledger/ree#";

/** An EPCIS document with these events. */
export const document = (events, now = new Date()) => ({
  "@context": [CONTEXT, { ree: REE }],
  type: "EPCISDocument",
  schemaVersion: "2.0",
  creationDate: now.toISOString().replace(/\.\d+Z$/, "Z"),
  epcisBody: { eventList: events },
});

/**
 * The event of a form.
 * @param {string} kind One of KINDS.
 * @param {object} form What the form holds; see forms.js.
 * @param {string} me The signer's party.
 * @param {string} eventId A URI of its own.
 */
export function writeEvent(kind, form, me, eventId) {
  const { type, action, step, disposition, goods, fields, placeless } = KINDS[kind];
  if (fields.includes("pool")) {
    if (!form.pool?.trim()) throw new FieldFault("pool", "fault.missing");
    form = { ...form, pool: poolId(form.pool, me) };
  }
  const event = { type, eventID: eventId, ...moment(form.at), ...(action && { action }), ...(step && { bizStep: step }) };
  event["ree:movement"] = kind;
  if (disposition) event.disposition = disposition;
  if (form.site && !placeless) event.bizLocation = { id: form.site };
  else if (!placeless && !SITE_MAY_LACK.includes(kind)) throw new FieldFault("site", "fault.missing");
  putParties(event, kind, form, me);
  putDocuments(event, kind, form, me);
  putGoods(event, kind, goods, form, me);
  for (const { name, optional } of fields.map(named)) (PUT[name] ?? skip)(event, form, me, optional);
  if (form.reason && !event["ree:reason"]) event["ree:reason"] = form.reason.trim();
  if (form.whole) event["ree:whole"] = true;
  if (form.files?.length) event["ree:attachments"] = form.files.map(({ role, media_type: mediaType, size, sha256 }) => ({ role, mediaType, size, sha256 }));
  return event;
}

const SITE_MAY_LACK = ["transfer", "cancel", "refuse", "assay"];

const named = (text) => ({ name: text.replace("?", ""), optional: text.endsWith("?") });
const skip = () => {};

/** eventTime and offset of a form's local time, "2026-11-20T12:00". */
export function moment(local) {
  const at = new Date(local);
  if (!local || Number.isNaN(at.getTime())) throw new FieldFault("at", "fault.time");
  const offset = -at.getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const text = `${sign}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0")}:${String(Math.abs(offset) % 60).padStart(2, "0")}`;
  const shown = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return { eventTime: shown + (offset ? text : "Z"), eventTimeZoneOffset: text };
}

const SENT = ["ship", "return", "export", "disclose"];
const TO_SOMEBODY = [...SENT, "transfer", "release", "impart"];

function putParties(event, kind, form, me) {
  const ends = { source: [], destination: [] };
  const put = (end, type, party) => ends[end].push({ type, [end]: type === "location" ? party : partyUri(party) });
  if (TO_SOMEBODY.includes(kind) && !form.to) throw new FieldFault("to", "fault.missing");
  if (SENT.includes(kind)) {
    put("source", "owning_party", form.owner || me);
    put("source", "possessing_party", me);
    put("destination", "owning_party", form.keepsOwner ? form.owner || me : form.to);
    put("destination", "possessing_party", form.to);
    if (form.siteTo) put("destination", "location", form.siteTo);
  } else if (kind === "transfer") {
    put("source", "owning_party", me);
    put("destination", "owning_party", form.to);
  } else if (kind === "release") put("destination", "possessing_party", form.to);
  else if (kind === "receive" || kind === "refuse") {
    if (!form.consignor) throw new FieldFault("shipment", "fault.missing");
    put(kind === "receive" ? "source" : "destination", "possessing_party", form.consignor);
  }
  if (ends.source.length) event.sourceList = ends.source;
  if (ends.destination.length) event.destinationList = ends.destination;
}

function putDocuments(event, kind, form, me) {
  const found = [];
  const put = (type, text, issuer) => text?.trim() && found.push({ type, bizTransaction: documentId(text, issuer) });
  put("desadv", form.advice, kind === "receive" ? form.consignor : me);
  put("inv", form.invoice, me);
  if (kind === "impart") put("po", form.contract, me);
  put("testres", form.test, form.laboratory || me);
  if (found.length) event.bizTransactionList = found;
}

const plain = (member, name) => (event, form, me, optional) => {
  const text = String(form[name] ?? "").trim();
  if (text) event[`ree:${member}`] = text;
  else if (!optional) throw new FieldFault(name, "fault.missing");
};

/** What each field of kinds.js puts into the event. */
const PUT = {
  process: plain("process", "process"),
  reason: plain("reason", "reason"),
  declaration: plain("declaration", "declaration"),
  licence: plain("licence", "licence"),
  endUse: plain("endUse", "endUse"),
  destination: plain("destination", "destination"),
  origin: plain("origin", "origin"),
  document: plain("document", "document"),
  shipment: (event, form) => {
    // Without the shipment's own id its despatch advice names it.
    if (form.shipment) event["ree:shipment"] = form.shipment;
    else if (!form.advice?.trim()) throw new FieldFault("shipment", "fault.missing");
  },
  shipmentNamed: plain("shipment", "shipment"),
  final: (event, form) => {
    if (form.final === false) event["ree:final"] = false;
  },
  losses: (event, form, me, optional) => {
    const found = masses(form.losses, "losses", optional);
    if (found) event["ree:declaredLosses"] = found;
  },
  measured: (event, form) => {
    event["ree:measured"] = masses(form.measured, "measured", false);
    event["ree:pool"] = form.pool;
    event.quantityList = [{ epcClass: form.pool }];
  },
  pool: (event, form) => {
    if (event.type === "TransformationEvent") event.transformationID = form.pool;
  },
  due: (event, form) => {
    if (form.due) event["ree:due"] = new Date(form.due).toISOString().replace(/\.\d+Z$/, "Z");
  },
  price: (event, form) => {
    if (!String(form.price ?? "").trim()) return;
    const amount = plainNumber(form.price);
    if (amount === null) throw new FieldFault("price", "fault.number");
    event["ree:unitPrice"] = { amount, currency: form.currency || "CNY" };
  },
  seals: (event, form, me, optional) => {
    const seals = String(form.seals ?? "").split(/[,;\s]+/).filter(Boolean);
    if (seals.length) event["ree:seals"] = seals;
    else if (!optional) throw new FieldFault("seals", "fault.missing");
  },
  endUser: (event, form) => {
    event["ree:consignee"] = partyUri(form.to);
    event["ree:endUser"] = partyUri(form.endUser || form.to);
  },
  originCountry: (event, form) => {
    event["ree:origin"] = form.originCountry || "undeclared";
  },
  originDeclaration: plain("originDeclaration", "originDeclaration"),
  technology: (event, form) => {
    if (!form.technology?.trim()) throw new FieldFault("technology", "fault.missing");
    event.quantityList = [{ epcClass: TECHNOLOGY + form.technology.trim() }];
  },
  manner: plain("manner", "manner"),
  contract: (event, form) => {
    if (!form.contract?.trim()) throw new FieldFault("contract", "fault.missing");
  },
  scope: (event, form) => {
    const scope = scopeOf(form);
    if (Object.keys(scope).length) event["ree:scope"] = scope;
  },
  disclosed: (event, form) => {
    if (!form.disclosed) return;
    if (!form.reason?.trim()) throw new FieldFault("reason", "fault.missing");
    event["ree:disclosed"] = true;
  },
  unit: (event, form, me) => {
    if (!form.unit?.trim()) throw new FieldFault("unit", "fault.missing");
    event.parentID = unitId(form.unit, me);
  },
  laboratory: (event, form, me) => {
    event["ree:laboratory"] = partyUri(form.laboratory || me);
  },
  test: (event, form) => {
    if (!form.test?.trim()) throw new FieldFault("test", "fault.missing");
  },
  results: (event, form) => {
    const rows = Object.entries(form.results ?? {}).filter(([, row]) => String(row.value ?? "").trim());
    if (!rows.length) throw new FieldFault("results", "fault.missing");
    event.sensorElementList = [{ sensorReport: rows.map(([symbol, row]) => report(symbol, row)) }];
  },
};

/** How many of each form of technology a form states; FieldFault where one is no whole number. */
export function scopeOf(form) {
  const stated = FORMS_OF_TECHNOLOGY.map((name) => [name, String(form[name] ?? "").trim()]).filter(([, text]) => text);
  const wrong = stated.find(([, text]) => !/^[1-9]\d{0,8}$/.test(text));
  if (wrong) throw new FieldFault(wrong[0], "fault.number");
  return Object.fromEntries(stated.map(([name, text]) => [name, Number(text)]));
}

function report(symbol, row) {
  const value = fraction(row.value);
  const uncertainty = fraction(row.uncertainty);
  if (value === null || uncertainty === null) throw new FieldFault(`results.${symbol}`, "fault.number");
  return { type: "Dimensionless", value, uom: "C62", "ree:element": symbol, "ree:uncertainty": uncertainty };
}

/** The wrong event again, saying that it did not occur, or which event takes its place. */
export function declareWrong(event, reason, replacement = null, now = new Date()) {
  const declaration = {
    declarationTime: now.toISOString().replace(/\.\d+Z$/, "Z"),
    reason: replacement ? "incorrect_data" : "did_not_occur",
  };
  if (replacement) declaration.correctiveEventIDs = [replacement.eventID];
  if (reason?.trim()) declaration["ree:reason"] = reason.trim();
  return { ...event, errorDeclaration: declaration };
}
