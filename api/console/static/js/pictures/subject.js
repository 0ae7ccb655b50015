// What a picture is about, from the page's address and back, and what the ledger answers about it.
import { get } from "../core/api.js";
import { seesAll } from "../core/session.js";

export const KINDS = ["lot", "unit", "pool", "shipment"];

/** What the address asks about: {kind, name, consignor, query} or null; `query` as the interface takes it. */
export function subjectOf(query) {
  const kind = KINDS.find((each) => query.get(each));
  if (!kind) return null;
  const name = query.get(kind);
  const consignor = kind === "shipment" ? (query.get("consignor") ?? "") : null;
  return { kind, name, consignor, query: consignor === null ? { [kind]: name } : { shipment: name, consignor } };
}

/** How far and which way, from the address: {direction, depth, element, since, until, at}. */
export function settingsOf(query) {
  const direction = query.get("direction");
  return {
    direction: ["downstream", "both"].includes(direction) ? direction : "upstream",
    depth: query.get("depth"),
    element: query.get("element"),
    since: query.get("since"),
    until: query.get("until"),
    at: query.get("at"),
  };
}

/** Midnight of a day of the reader's calendar ("2026-11-20") as the interface takes it. */
function instant(day) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date).toISOString();
}

/** The settings as the interface takes them; the day of `until` is still within. */
export function asked({ depth, element, since, until, at }) {
  const last = until && new Date(new Date(instant(until)).getTime() + 86_400_000).toISOString();
  return { depth, element, since: since && instant(since), until: last, at };
}

/** What the ledger says: {found, steps, edges, hidden, truncated, lot}; depths downstream count below zero. */
export async function answer(subject, settings, signal) {
  const ways = settings.direction === "both" ? ["upstream", "downstream"] : [settings.direction];
  const query = { ...subject.query, ...asked(settings) };
  const [lot, ...answers] = await Promise.all([
    subject.kind === "lot" && !settings.at ? get("/v1/lots", subject.query, { signal }) : null,
    ...ways.map((direction) => get("/v1/provenance", { ...query, direction }, { signal })),
  ]);
  const [found] = answers;
  return { ...merged(answers), found, lot, whole: seesAll() };
}

function merged(answers) {
  const steps = new Map();
  const edges = [];
  const hidden = {};
  for (const each of answers) {
    const turn = each.direction === "downstream" ? -1 : 1;
    for (const step of each.steps) {
      if (!steps.has(step.node)) steps.set(step.node, { ...step, depth: step.depth * turn || 0 });
    }
    for (const edge of each.edges) edges.push(edge);
    Object.assign(hidden, each.hidden);
  }
  const alerts = new Map(answers.flatMap((each) => each.alerts).map((alert) => [`${alert.index}.${alert.number}`, alert]));
  return {
    steps: [...steps.values()],
    edges,
    hidden,
    truncated: answers.some((each) => each.truncated),
    alerts: [...alerts.values()],
  };
}

/** Open alerts by the name of the lot or pool that they are about. */
export function alertsByName(alerts) {
  const found = new Map();
  for (const alert of alerts) {
    const name = alert.subject.slice(alert.subject.indexOf(":") + 1);
    if (found.has(name)) found.get(name).push(alert);
    else found.set(name, [alert]);
  }
  return found;
}
