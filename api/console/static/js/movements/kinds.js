// Every movement that can be recorded: its EPCIS form and what its form on the page asks for. The server judges.

/**
 * kind -> {group, type, action, step, disposition, goods, fields}
 * goods: "born" (new lots), "held" (of our stock), "both" (in and out), "sent" (of a shipment), "packed", "none".
 * A field with "?" may be left empty. What is "placeless" happens at no site.
 */
export const KINDS = {
  extract: { group: "make", type: "ObjectEvent", action: "ADD", step: "commissioning", goods: "born", fields: ["origin?"] },
  process: { group: "make", type: "TransformationEvent", goods: "both", fields: ["process", "losses"] },
  feed: { group: "make", type: "TransformationEvent", goods: "held", fields: ["pool", "process"] },
  draw: { group: "make", type: "TransformationEvent", goods: "born", fields: ["pool", "process", "losses?"] },
  close: { group: "make", type: "ObjectEvent", action: "OBSERVE", step: "stock_taking", goods: "none", fields: ["pool", "measured"] },
  ship: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "shipping", disposition: "in_transit", goods: "held", fields: ["to", "siteTo?", "due?", "advice?", "invoice?", "price?", "seals?"] },
  receive: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "receiving", goods: "sent", fields: ["shipment", "final"] },
  refuse: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "shipping", disposition: "returned", goods: "sent", fields: ["shipment", "reason"] },
  cancel: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "void_shipping", goods: "sent", fields: ["shipment", "reason"] },
  return: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "shipping", disposition: "in_transit", goods: "held", fields: ["to", "shipmentNamed", "reason", "due?"] },
  transfer: { group: "move", type: "TransactionEvent", action: "ADD", goods: "held", fields: ["to", "invoice", "price?"] },
  release: { group: "move", type: "ObjectEvent", action: "OBSERVE", step: "shipping", goods: "held", fields: ["to", "invoice?"] },
  export: { group: "abroad", type: "ObjectEvent", action: "OBSERVE", step: "shipping", disposition: "in_transit", goods: "held", fields: ["to", "endUser", "endUse?", "destination", "licence?", "declaration", "invoice?", "price?"] },
  disclose: { group: "abroad", type: "ObjectEvent", action: "OBSERVE", step: "shipping", disposition: "in_transit", goods: "held", fields: ["to", "endUser", "endUse?", "destination", "licence?", "declaration?", "reason"] },
  impart: { group: "abroad", type: "TransactionEvent", action: "ADD", goods: "none", placeless: true, fields: ["technology", "manner", "to", "endUser", "destination", "endUse?", "licence?", "contract", "scope?", "document?", "disclosed?"] },
  import: { group: "abroad", type: "ObjectEvent", action: "ADD", step: "commissioning", goods: "born", fields: ["originCountry", "originDeclaration?", "declaration?"] },
  pack: { group: "stock", type: "AggregationEvent", action: "ADD", step: "packing", goods: "held", fields: ["unit", "seals"] },
  unpack: { group: "stock", type: "AggregationEvent", action: "DELETE", step: "unpacking", goods: "none", fields: ["unit"] },
  stocktake: { group: "stock", type: "ObjectEvent", action: "OBSERVE", step: "stock_taking", goods: "held", fields: [] },
  assay: { group: "stock", type: "ObjectEvent", action: "OBSERVE", step: "inspecting", goods: "held", fields: ["results", "laboratory", "test", "document"] },
  lose: { group: "stock", type: "ObjectEvent", action: "DELETE", step: "decommissioning", disposition: "unknown", goods: "held", fields: ["reason"] },
  dispose: { group: "stock", type: "ObjectEvent", action: "DELETE", step: "decommissioning", disposition: "disposed", goods: "held", fields: ["reason"] },
  destroy: { group: "stock", type: "ObjectEvent", action: "DELETE", step: "destroying", disposition: "destroyed", goods: "held", fields: ["reason"] },
  opening: { group: "make", type: "ObjectEvent", action: "ADD", step: "commissioning", goods: "born", fields: [] },
};

export const GROUPS = ["make", "move", "abroad", "stock"];

/** The fields of a kind: [{name, optional}]. */
export const fieldsOf = (kind) =>
  KINDS[kind].fields.map((each) => ({ name: each.replace("?", ""), optional: each.endsWith("?") }));

/** In which forms a technology is handed over. */
export const FORMS_OF_TECHNOLOGY = ["documents", "data", "training", "services"];

export const ELEMENTS = ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y", "Sc"];
