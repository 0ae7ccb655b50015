// The licence queue: applications by the 45-working-day clock, the overdue first; and one licence with its decision.
import { all, get } from "../../core/api.js";
import { count, mass } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, Loaded, Mass, Page, ProductName, Section, Table, Tabs, Time, useLoad } from "../../core/ui.js";
import { Countries } from "../../parts/countries.js";
import { FirmLink, LicenceLink } from "../../parts/links.js";
import { Allowed, ofTechnology } from "../../parts/licence_amount.js";
import { Licence } from "./licence.js";
import { QueueFigures } from "./queue_figures.js";

export const areas = ["regulator", "rules", "acts", "proof"];
export const LIMIT_DAYS = 45;
const STATES = ["applied", "granted", "suspended", "refused", "revoked"];

/** Overdue first, then those with the least time left; stopped clocks last. */
export function inOrder(licences) {
  const place = (each) => (each.overdue ? -1e6 : each.stopped ? 1e6 : 0) + (each.working_days_left ?? 0);
  return [...licences].sort((one, other) => place(one) - place(other) || one.applied_at - other.applied_at);
}

export default function Queue({ query }) {
  const name = query.get("licence");
  const licences = useLoad((signal) => all("/v1/licences", "records", { limit: 1000 }, { signal }));
  const restricted = useLoad((signal) => all("/v1/restricted-parties", "records", { limit: 1000 }, { signal }));
  const policy = useLoad((signal) => get("/v1/policy", undefined, { signal }));
  if (name) {
    return html`<${Page} title=${t("regulator.licence.one")} actions=${html`<a href="/console/licence-queue">${t("common.nav.queue")}</a>`}>
      <${Loaded} from=${licences}>${(list) => html`<${Licence} found=${list.find((each) => each.licence === name)} restricted=${restricted.value ?? null} zone=${policy.value?.zone ?? "+08:00"} onDone=${licences.reload} />`}<//>
    <//>`;
  }
  return html`<${Page} title=${t("common.nav.queue")} lead=${t("regulator.licence.lead")}>
    <${Loaded} from=${licences}>${(list) => html`<${List} list=${list} state=${query.get("state") || "applied"} />`}<//>
  <//>`;
}

function List({ list, state }) {
  const of = (each) => list.filter((licence) => licence.state === each);
  const shown = state === "applied" ? inOrder(of(state)) : [...of(state)].sort((one, other) => (other.decided_at ?? 0) - (one.decided_at ?? 0));
  const tabs = STATES.map((each) => ({ id: each, title: `${t(`regulator.licence.tab_${each}`)} (${count(of(each).length)})` }));
  return html`<${Tabs} tabs=${tabs} current=${state} label=${t("regulator.state")} onChange=${(next) => setQuery({ state: next })} />
    ${state === "applied" && shown.length > 0 && html`<${QueueFigures} waiting=${shown} />`}
    <${Section} title=${t(`regulator.licence.tab_${state}`)}>
      ${shown.length
        ? html`<${Table} caption=${t("common.nav.queue")} columns=${columnsFor(state)} rows=${shown} rowKey=${(each) => each.licence} csv="licences.csv" />`
        : html`<p class="empty">${t("regulator.licence.none")}</p>`}
    <//>`;
}

function columnsFor(state) {
  const what = [
    { key: "licence", title: t("regulator.licence.one"), cell: (each) => html`<${LicenceLink} id=${each.licence} /><div class="quiet small">${t(`terms.licence.${each.kind}`)}</div>` },
    { key: "exporter", title: t("regulator.licence.exporter"), cell: (each) => html`<${FirmLink} id=${each.exporter} />` },
    { key: "items", title: t("regulator.licence.items"), value: (each) => each.items.join("; "), cell: (each) => each.items.map((item) => html`<div key=${item}><${ProductName} code=${item} /></div>`) },
    { key: "destinations", title: t("regulator.licence.destinations"), value: (each) => each.destinations.join("; "), cell: (each) => html`<${Countries} codes=${each.destinations} />` },
    { key: "quantity_mg", title: t("regulator.licence.quantity"), csvTitle: `${t("regulator.licence.quantity")} (mg)`, numeric: true, cell: (each) => html`<${Allowed} of=${each} />` },
    { key: "applied", title: t("regulator.licence.applied"), cell: (each) => html`<${Time} at=${each.applied} />` },
  ];
  if (state === "applied") return [...what, { key: "clock", title: t("regulator.licence.clock"), value: (each) => each.working_days_left, cell: (each) => html`<${Clock} of=${each} />` }];
  const decided = { key: "decided", title: t("regulator.licence.decided"), cell: (each) => html`<${Time} at=${each.decided} />` };
  if (state === "refused") return [...what, decided];
  const drawn = { key: "drawn_mg", title: t("regulator.licence.drawn"), csvTitle: `${t("regulator.licence.drawn")} (mg)`, numeric: true, cell: (each) => (ofTechnology(each) ? "–" : html`<${Mass} mg=${each.drawn_mg} />`) };
  return [...what, decided, drawn, { key: "valid_to", title: t("regulator.licence.valid_to"), cell: (each) => html`<${Time} at=${each.valid_to} />` }];
}

/** How far the time for a decision has run; a clock that stands is said to stand. */
export function Clock({ of }) {
  if (of.state !== "applied") return html`<${LicenceState} state=${of.state} />`;
  const tone = of.overdue ? "bad" : of.stopped ? "" : of.working_days_left <= 10 ? "warn" : "good";
  const words = of.overdue
    ? t("regulator.licence.over", { n: count(-of.working_days_left) })
    : t("regulator.licence.left", { n: count(of.working_days_left) });
  return html`<div class="clock"><progress class=${tone} max=${LIMIT_DAYS} value=${Math.min(of.working_days_open, LIMIT_DAYS)} aria-label=${t("regulator.licence.clock_used", { n: count(of.working_days_open), of: LIMIT_DAYS })}></progress>
    <span class="small">${of.stopped ? html`<${Badge}>${t("regulator.licence.stopped")}<//> ` : of.overdue ? html`<${Badge} tone="bad">${t("regulator.licence.overdue")}<//> ` : ""}${words}</span></div>`;
}

const TONES = { granted: "good", refused: "bad", suspended: "warn", revoked: "bad", applied: "info" };

/** A licence's state as a badge. */
export const LicenceState = ({ state }) => html`<${Badge} tone=${TONES[state]}>${term("state", state)}<//>`;

/** "12 kg of 85 kg". */
export const drawnOf = (licence) => t("regulator.licence.drawn_of", { drawn: mass(licence.drawn_mg), of: mass(licence.quantity_mg) });
