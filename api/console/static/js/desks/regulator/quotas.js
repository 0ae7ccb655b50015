// Quotas over a year: for each firm and activity how much of its allotment is drawn, month by month, and the sums.
import { all } from "../../core/api.js";
import { mass, share } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, tag } from "../../core/i18n.js";
import { partyName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { Badge, EntryLink, Figure, Loaded, Mass, Page, Section, Table, useLoad } from "../../core/ui.js";
import { Bars } from "../../pictures/bars.js";
import { cumulative, Sparkline } from "../../pictures/sparkline.js";
import { massColumn } from "../../parts/columns.js";
import { FirmLink } from "../../parts/links.js";

export const areas = ["regulator", "rules"];
const NEAR = 0.9;
const WIDEST = 1.2;

const partOf = (quota) => (quota.allotted_mg ? quota.drawn_mg / quota.allotted_mg : quota.drawn_mg ? Infinity : 0);
/** "bad" beyond the allotment, "warn" from 90 per cent on. */
export const quotaTone = (quota) => (partOf(quota) > 1 ? "bad" : partOf(quota) >= NEAR ? "warn" : "good");
const keyOf = (quota) => `${quota.party} ${quota.activity} ${quota.ore_class}`;

async function load(year, signal) {
  const quotas = await all("/v1/quotas", "records", { year, monthly: "true", limit: 1000 }, { signal });
  const names = new Map(await Promise.all([...new Set(quotas.map((quota) => quota.party))].map(async (id) => [id, await partyName(id)])));
  return { names, quotas: quotas.sort((one, other) => partOf(other) - partOf(one)) };
}

export default function Quotas({ query }) {
  const now = new Date().getFullYear();
  const year = Number(query.get("year")) || now;
  const found = useLoad((signal) => load(year, signal), [year]);
  const years = [...new Set([now + 1, now, now - 1, now - 2, year])].sort().reverse();
  return html`<${Page} title=${t("common.nav.quotas")} lead=${t("regulator.quotas.lead")} actions=${html`<label class="inline">${t("rules.evidence.year")} <select value=${String(year)} onChange=${(event) => setQuery({ year: event.target.value })}>${years.map((each) => html`<option key=${each} value=${String(each)} selected=${each === year}>${each}</option>`)}</select></label>`}>
    <${Loaded} from=${found} empty=${({ quotas }) => !quotas.length} emptyText=${t("regulator.quotas.none", { year })}>${(value) => html`<${Board} ...${value} year=${year} />`}<//>
  <//>`;
}

function Board({ quotas, names, year }) {
  const activities = [...new Set(quotas.map((quota) => quota.activity))].sort();
  return html`<div class="stats">${activities.map((activity) => {
      const own = quotas.filter((quota) => quota.activity === activity);
      const sum = (member) => own.reduce((whole, quota) => whole + quota[member], 0);
      return html`<${Figure} key=${activity} label=${t("regulator.quotas.drawn_of", { activity: t(`terms.activity.${activity}`), of: mass(sum("allotted_mg")) })} hint=${share(sum("allotted_mg") ? sum("drawn_mg") / sum("allotted_mg") : null, 1)}><${Mass} mg=${sum("drawn_mg")} /><//>`;
    })}
      <${Figure} label=${t("regulator.quotas.near")} tone="warn">${quotas.filter((quota) => quotaTone(quota) === "warn").length}<//>
      <${Figure} label=${t("regulator.quotas.exceeded")} tone="bad">${quotas.filter((quota) => quotaTone(quota) === "bad").length}<//>
    </div>
    ${activities.map((activity) => html`<${Section} key=${activity} title=${t("regulator.overview.quota", { activity: t(`terms.activity.${activity}`), year })}>
      <p class="legend"><span>${t("regulator.quotas.legend")}</span></p>
      <${Bars} label=${t(`terms.activity.${activity}`)} most=${WIDEST} marks=${[{ at: NEAR, label: "90 %" }, { at: 1, label: "100 %" }]} rows=${quotas.filter((quota) => quota.activity === activity).map((quota) => row(quota, year))} />
    <//>`)}
    <${Section} title=${t("regulator.quotas.table", { year })}><${QuotaTable} quotas=${quotas} names=${names} /><//>`;
}

/** The sums at the end of each month; months to come are left open. */
function standings(quota, year) {
  const now = new Date();
  const past = year < now.getFullYear() ? 12 : year > now.getFullYear() ? 0 : now.getMonth() + 1;
  return cumulative(quota.drawn_by_month ?? []).map((sum, at) => (at < past ? sum : null));
}

function row(quota, year) {
  const tone = quotaTone(quota);
  const words = t("regulator.quotas.words", { drawn: mass(quota.drawn_mg), of: mass(quota.allotted_mg) });
  const part = partOf(quota);
  return {
    key: keyOf(quota),
    label: html`<${FirmLink} id=${quota.party} /> <span class="quiet">${t(`terms.ore_class.${quota.ore_class}`)}</span>`,
    value: part,
    tone,
    shown: Number.isFinite(part) ? share(part, 1) : "–",
    note: html`<span class="bar-note"><span class="small quiet">${words}</span>${tone === "bad" && html` <${Badge} tone="bad">${t("regulator.quotas.exceeded")}<//>`}
      <${Sparkline} values=${standings(quota, year)} limit=${quota.allotted_mg} tone=${tone} label=${t("regulator.quotas.line", { words })} /></span>`,
  };
}

function QuotaTable({ quotas, names }) {
  const month = new Intl.DateTimeFormat(tag(), { month: "short", timeZone: "UTC" });
  const months = Array.from({ length: 12 }, (_, at) => massColumn(`m${at}`, month.format(new Date(Date.UTC(2026, at, 1))), quotas, (quota) => quota.drawn_by_month?.[at] ?? null));
  const columns = [
    { key: "party", title: t("regulator.firm.one"), value: (quota) => names.get(quota.party), cell: (quota) => html`<${FirmLink} id=${quota.party} />` },
    { key: "activity", title: t("rules.evidence.activity"), value: (quota) => t(`terms.activity.${quota.activity}`) },
    { key: "ore_class", title: t("rules.evidence.ore_class"), value: (quota) => t(`terms.ore_class.${quota.ore_class}`) },
    massColumn("allotted_mg", t("regulator.quotas.allotted"), quotas),
    massColumn("drawn_mg", t("regulator.quotas.drawn"), quotas),
    { key: "share", title: t("rules.evidence.share"), numeric: true, value: (quota) => Number(quota.share_drawn ?? 0), cell: (quota) => share(quota.share_drawn, 1) },
    { key: "entry_index", title: t("regulator.quotas.entry"), numeric: true, cell: (quota) => html`<${EntryLink} index=${quota.entry_index} />` },
    ...months,
  ];
  return html`<${Table} caption=${t("common.nav.quotas")} columns=${columns} rows=${quotas} rowKey=${keyOf} csv="quotas.csv" />`;
}
