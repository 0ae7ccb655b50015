// The mass balance of a firm, at a site or everywhere, over a period: what was there, came, was made, went, and the gap.
import { get } from "../../core/api.js";
import { mass, share, unitFor } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { seesAll } from "../../core/session.js";
import { Facts, Figure, Loaded, Mass, Page, Section, Table, useLoad } from "../../core/ui.js";
import { FirmSelect, SiteSelect } from "../../parts/choosing.js";
import { massColumn } from "../../parts/columns.js";
import { Element, elementName } from "../../parts/elements.js";
import { firmAddress } from "../../parts/links.js";
import { begins, Period, periodOf } from "../../parts/period.js";
import { BalanceMonths } from "./balance_months.js";
import { Waterfall } from "../../pictures/waterfall.js";

export const areas = ["regulator", "rules"];
export const COLUMNS = ["opening", "births", "received", "produced", "sent", "used", "lost", "adjusted", "other", "closing", "gap"];
const KINDS = { opening: "total", closing: "total", gap: "apart" };
const TOTAL = "REO";

/** The rows of a balance with their sum over all elements first. */
export function withTotal(rows) {
  const sum = (column) => rows.reduce((whole, row) => whole + row[column], 0);
  const total = Object.fromEntries([...COLUMNS, "declared_loss"].map((column) => [column, sum(column)]));
  return [{ element: TOTAL, ...total }, ...rows];
}

export default function Balance({ query, who }) {
  const party = query.get("party") || (seesAll() ? "" : who.party);
  const site = query.get("site") ?? "";
  const { from, until } = periodOf(query);
  return html`<${Page} title=${t("common.nav.balance")} lead=${t("regulator.balance.lead")} actions=${party && html`<a href=${firmAddress(party)}>${t("regulator.firm.page")}</a>`}>
    <form class="filters" aria-label=${t("regulator.filters")} onSubmit=${(event) => event.preventDefault()}>
      ${seesAll() && html`<${FirmSelect} party=${party} />`}
      <${SiteSelect} party=${party} site=${site} />
      <${Period} from=${from} until=${until} />
    </form>
    ${party ? html`<${Found} party=${party} site=${site} from=${from} until=${until} element=${query.get("element") || TOTAL} />` : html`<p class="empty">${t("regulator.balance.choose")}</p>`}
  <//>`;
}

function Found({ party, site, from, until, element }) {
  const asked = { party, site, start: begins(from), end: begins(until) };
  const found = useLoad(async (signal) => (await get("/v1/balance", asked, { signal })).rows, [party, site, from, until]);
  const months = useLoad(async (signal) => (await get("/v1/balance", { ...asked, months: "true" }, { signal })).rows, [party, site, from, until]);
  return html`<${Loaded} from=${found} empty=${(rows) => !rows.length} emptyText=${t("regulator.balance.empty")}>${(rows) => {
    const every = withTotal(rows);
    const row = every.find((each) => each.element === element) ?? every[0];
    return html`<${Summary} row=${row} />
      <${Section} title=${t("regulator.balance.of", { element: elementName(row.element) })} tools=${html`<label class="inline">${t("rules.evidence.element")} <select value=${row.element} onChange=${(event) => setQuery({ element: event.target.value })}>${every.map((each) => html`<option key=${each.element} value=${each.element} selected=${each.element === row.element}>${elementName(each.element)}</option>`)}</select></label>`}>
        <${Fall} row=${row} />
        <details><summary>${t("regulator.balance.how")}</summary><${Facts} rows=${COLUMNS.map((column) => [t(`regulator.balance.${column}`), t(`regulator.balance.${column}_means`)])} /></details>
      <//>
      <${Loaded} from=${months}>${(each) => html`<${BalanceMonths} rows=${each} element=${row.element} />`}<//>
      <${Section} title=${t("regulator.balance.table")}><${BalanceTable} rows=${every} /><//>`;
  }}<//>`;
}

function Summary({ row }) {
  const came = row.births + row.received + row.produced;
  const part = came + row.opening ? row.gap / (came + row.opening) : null;
  return html`<div class="stats">
    <${Figure} label=${t("regulator.balance.opening")}><${Mass} mg=${row.opening} /><//>
    <${Figure} label=${t("regulator.balance.closing")} tone=${row.closing < 0 ? "bad" : ""}><${Mass} mg=${row.closing} /><//>
    <${Figure} label=${t("regulator.balance.gap")} tone=${row.gap ? "warn" : "good"} hint=${t("regulator.balance.gap_share", { share: share(part, 2) })}><${Mass} mg=${row.gap} /><//>
    <${Figure} label=${t("regulator.balance.declared_loss")}><${Mass} mg=${row.declared_loss} /><//>
  </div>`;
}

function Fall({ row }) {
  const unit = unitFor(COLUMNS.map((column) => row[column]));
  const steps = COLUMNS.filter((column) => KINDS[column] || row[column]).map((column) => ({
    key: column,
    label: t(`regulator.balance.${column}`),
    value: row[column],
    shown: `${row[column] > 0 && !KINDS[column] ? "+" : ""}${mass(row[column], { unit })}`,
    kind: KINDS[column] ?? (row[column] < 0 ? "out" : "in"),
  }));
  const summary = steps.map((step) => `${step.label}: ${step.shown}`).join("; ");
  return html`<${Waterfall} steps=${steps} title=${t("regulator.balance.of", { element: elementName(row.element) })} summary=${summary} />`;
}

function BalanceTable({ rows }) {
  const first = { key: "element", title: t("rules.evidence.element"), cell: (row) => html`<${Element} code=${row.element} />` };
  const used = [...COLUMNS, "declared_loss"].filter((column) => KINDS[column] || rows.some((row) => row[column]));
  const columns = used.map((column) => massColumn(column, t(`regulator.balance.${column}`), rows));
  return html`<${Table} caption=${t("regulator.balance.table")} columns=${[first, ...columns]} rows=${rows} rowKey=${(row) => row.element} csv="mass-balance.csv" />`;
}
