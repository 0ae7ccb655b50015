// The figures and names behind an alert, as a person reads them: masses with units, times in the reader's zone,
// shares as per cent, names as links.
import { count, shortId, unitFor } from "../core/format.js";
import * as format from "../core/format.js";
import { html } from "../core/html.js";
import { has, t, term } from "../core/i18n.js";
import { EntryLink, Facts, Mass, ProductName, Table, ThingLink, Time } from "../core/ui.js";
import { Element } from "./elements.js";
import { FirmLink, LicenceLink, SiteLink } from "./links.js";

const TIMES = new Set(["applied", "arrived", "closed", "deadline", "due", "event_time", "left", "recorded"]);
const PARTIES = new Set([
  "buyer", "consignee", "consignor", "end_user", "exporters", "owner", "owners", "party", "processor", "recyclers",
  "seller", "way",
]);
const SHARES = new Set(["declared", "expected", "found", "least", "lower", "measured", "recovery", "share", "upper", "usual"]);
const ENTRIES = new Set(["listed_at", "revoked_at", "since_entry", "suspect_from", "tainted_by"]);
const LOTS = new Set(["controlled", "items", "lot", "lots", "parents"]);
const WITH_UNIT = { days_late: "", distance_km: "km", index: "CNY/kg", minutes: "min", most_kmh: "km/h", price: "CNY/kg" };
const TERMS = { roles: "role", allowed: "role", stage: "stage" };

/** What a member of evidence is called. */
const label = (name) => (has(`rules.evidence.${name}`) ? t(`rules.evidence.${name}`) : name);

function one(name, value, all) {
  if (value === null || value === "") return "–";
  if (name.endsWith("_mg")) return html`<${Mass} mg=${value} />`;
  if (TIMES.has(name)) return html`<${Time} at=${value} />`;
  if (PARTIES.has(name)) return html`<${FirmLink} id=${value} />`;
  if (SHARES.has(name)) return html`<span class="figure">${format.share(value)}</span>`;
  if (ENTRIES.has(name)) return html`<${EntryLink} index=${value} />`;
  if (LOTS.has(name)) return html`<${ThingLink} id=${value} />`;
  if (name === "licence") return html`<${LicenceLink} id=${value} />`;
  if (name === "sites" || name === "site" || name === "origins") return html`<${SiteLink} id=${value} />`;
  if (name === "product" || name === "received_as") return html`<${ProductName} code=${value} />`;
  if (name in TERMS) return term(TERMS[name], value);
  if (name === "activity" || name === "ore_class") return term(name, value);
  if (name === "sales" || name === "shipments") return shipment(...String(value).split(" "));
  if (name === "event_id" || name === "shipment") return shipment(all.consignor ?? all.seller ?? "", value);
  if (name === "year") return String(value);
  if (name === "months") return String(value).replace(" to ", " – ");
  if (name in WITH_UNIT) return html`<span class="figure">${count(Number(value))} ${WITH_UNIT[name]}</span>`;
  if (typeof value === "number") return html`<span class="figure">${count(value)}</span>`;
  return html`<span title=${value}>${shortId(value)}</span>`;
}

function shipment(consignor, id) {
  if (id === undefined) return html`<span title=${consignor}>${shortId(consignor)}</span>`;
  return consignor ? html`<${ThingLink} kind="shipment" id=${id} consignor=${consignor} />` : html`<span title=${id}>${shortId(id)}</span>`;
}

function fact(name, value, all) {
  if (Array.isArray(value)) return html`<ul class="plain-list">${value.map((each) => html`<li key=${each}>${one(name, each, all)}</li>`)}</ul>`;
  if (value !== null && typeof value === "object") {
    const differs = Object.entries(value).map(([each, said]) => [label(each), fact(each, said, all)]);
    return html`<${Facts} rows=${differs} />`;
  }
  return one(name, value, all);
}

/** A table by element: {Nd: {in_mg, out_mg, sigmas}} or {Nd: mass or share}. */
function ByElement({ name, values }) {
  const flat = Object.values(values).every((each) => each === null || typeof each !== "object");
  const single = name.endsWith("_mg") ? "mass_mg" : "share";
  const rows = Object.entries(values).map(([element, each]) => ({ element, ...(flat ? { [single]: each } : each) }));
  const members = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((each) => each !== "element");
  const columns = members.map((member) => {
    const unit = member.endsWith("_mg") ? unitFor(rows.map((row) => row[member])) : undefined;
    return {
      key: member,
      title: label(member === "mass_mg" ? "mass" : member),
      csvTitle: `${label(member === "mass_mg" ? "mass" : member)}${unit ? " (mg)" : ""}`,
      numeric: true,
      value: (row) => Number(row[member] ?? 0),
      cell: (row) => (unit ? html`<${Mass} mg=${row[member]} unit=${unit} />` : one(member, row[member], row)),
    };
  });
  const first = { key: "element", title: label("element"), cell: (row) => html`<${Element} code=${row.element} />` };
  return html`<${Table} caption=${label(name)} columns=${[first, ...columns]} rows=${rows} csv="evidence.csv" />`;
}

const isTable = (name, value) => ["elements", "elements_mg", "shares"].includes(name) && value && typeof value === "object";

/** The evidence of an alert or finding: its members, and tables where they are by element. Needs area `rules`. */
export function Evidence({ evidence }) {
  const members = Object.entries(evidence ?? {});
  if (!members.length) return html`<p class="quiet">${t("rules.evidence.none")}</p>`;
  const facts = members.filter(([name, value]) => !isTable(name, value)).map(([name, value]) => [label(name), fact(name, value, evidence)]);
  const tables = members.filter(([name, value]) => isTable(name, value));
  return html`${facts.length > 0 && html`<${Facts} rows=${facts} />`}
    ${tables.map(([name, values]) => html`<${ByElement} key=${name} name=${name} values=${values} />`)}`;
}
