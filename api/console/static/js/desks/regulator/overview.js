// The regulator's day: one search box, what needs a decision first, what is open, what was recorded last.
import { all, get } from "../../core/api.js";
import { count, share } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Figure, Loaded, Page, Section, useLoad } from "../../core/ui.js";
import { Bars, Twin } from "../../pictures/bars.js";
import { FirmLink, LicenceLink } from "../../parts/links.js";
import { GRADES, gradeOf, ruleTitle } from "../../parts/rules.js";
import { Search } from "../../parts/search.js";
import { LatestEntries } from "./latest_entries.js";
import { Clock, inOrder } from "./licence_queue.js";

export const areas = ["regulator", "rules", "acts"];
const NEAR = 0.9;
const SHOWN = 8;

async function load(signal) {
  const [counts, licences, quotas, cases] = await Promise.all([
    get("/v1/alerts/counts", {}, { signal }),
    all("/v1/licences", "records", { state: "applied", limit: 1000 }, { signal }),
    all("/v1/quotas", "records", { year: new Date().getFullYear(), limit: 1000 }, { signal }),
    all("/v1/cases", "records", { state: "open", limit: 1000 }, { signal }),
  ]);
  const codes = Object.entries(counts.by_code).map(([code, n]) => ({ code, n, grade: gradeOf(code) }));
  const order = Object.keys(GRADES);
  codes.sort((one, other) => order.indexOf(one.grade) - order.indexOf(other.grade) || other.n - one.n);
  return { open: counts.open, codes, licences: inOrder(licences), near: quotas.filter((quota) => Number(quota.share_drawn ?? 0) >= NEAR), cases };
}

export default function Overview() {
  const day = useLoad(load);
  return html`<${Page} title=${t("regulator.overview.title")} lead=${t("regulator.overview.lead")}>
    <${Search} />
    <${Loaded} from=${day}>${(value) => html`<${Day} ...${value} />`}<//>
  <//>`;
}

function Day({ open, codes, licences, near, cases }) {
  const overdue = licences.filter((each) => each.overdue);
  const grave = codes.filter((each) => each.grade === "grave").reduce((sum, each) => sum + each.n, 0);
  return html`<div class="stats">
      <${Figure} label=${t("regulator.overview.open_alerts")} tone=${grave ? "bad" : open ? "warn" : "good"} hint=${t("regulator.overview.grave", { n: count(grave) })}><a href="/console/alerts">${count(open)}</a><//>
      <${Figure} label=${t("regulator.overview.overdue")} tone=${overdue.length ? "bad" : "good"} hint=${t("regulator.overview.waiting", { n: count(licences.length) })}><a href="/console/licence-queue">${count(overdue.length)}</a><//>
      <${Figure} label=${t("regulator.overview.quotas")} tone=${near.length ? "warn" : "good"} hint=${t("regulator.overview.over", { n: count(near.filter((quota) => Number(quota.share_drawn) > 1).length) })}><a href="/console/quotas">${count(near.length)}</a><//>
      <${Figure} label=${t("regulator.overview.cases")} tone="info"><a href="/console/cases">${count(cases.length)}</a><//>
    </div>
    <div class="columns">
      <${Section} title=${t("regulator.overview.first")} id="first"><${First} licences=${licences} near=${near} codes=${codes} /><//>
      <${Section} title=${t("regulator.overview.by_rule")} tools=${html`<a href="/console/alerts">${t("common.nav.alerts")}</a>`}><${ByRule} codes=${codes} /><//>
    </div>
    <${LatestEntries} />`;
}

/** What needs somebody's decision, the most urgent first. */
function First({ licences, near, codes }) {
  const items = [
    ...licences.slice(0, SHOWN).map((each) => ({ key: each.licence, text: html`<${LicenceLink} id=${each.licence} /> <${FirmLink} id=${each.exporter} />`, aside: html`<${Clock} of=${each} />` })),
    ...near.map((quota) => ({
      key: `${quota.party} ${quota.activity} ${quota.ore_class}`,
      text: html`<a href=${`/console/quotas?${new URLSearchParams({ year: quota.year })}`}>${t("regulator.overview.quota", { activity: t(`terms.activity.${quota.activity}`), year: quota.year })}</a> <${FirmLink} id=${quota.party} />`,
      aside: html`<strong class=${Number(quota.share_drawn) > 1 ? "over" : ""}>${share(quota.share_drawn, 1)}</strong>`,
    })),
    ...codes.filter((each) => each.grade === "grave").slice(0, SHOWN).map((each) => ({ key: each.code, text: html`<a href=${`/console/alerts?code=${each.code}`}>${ruleTitle(each.code)}</a>`, aside: html`<strong>${count(each.n)}</strong>` })),
  ];
  if (!items.length) return html`<p class="empty">${t("regulator.overview.nothing")}</p>`;
  return html`<ul class="first">${items.map((item) => html`<li key=${item.key}><span>${item.text}</span><span>${item.aside}</span></li>`)}</ul>`;
}

function ByRule({ codes }) {
  if (!codes.length) return html`<p class="empty">${t("regulator.alerts.none_open")}</p>`;
  const rows = codes.map(({ code, n, grade }) => ({
    key: code,
    label: html`<a href=${`/console/alerts?code=${code}`} title=${t(`regulator.grade.${grade}`)}>${ruleTitle(code)}</a>`,
    value: n,
    shown: count(n),
    tone: GRADES[grade],
  }));
  const columns = [
    { key: "code", title: t("regulator.alerts.rule"), value: (row) => ruleTitle(row.code) },
    { key: "grade", title: t("regulator.grade.title"), value: (row) => t(`regulator.grade.${row.grade}`) },
    { key: "n", title: t("regulator.overview.open_alerts"), numeric: true },
  ];
  return html`<p class="legend">${Object.entries(GRADES).map(([grade, tone]) => html`<span key=${grade}><span class=${`grade ${tone}`}></span>${t(`regulator.grade.${grade}`)}</span>`)}</p>
    <${Bars} rows=${rows} label=${t("regulator.overview.by_rule")} />
    <${Twin} caption=${t("regulator.overview.by_rule")} columns=${columns} rows=${codes} csv="open-alerts.csv" rowKey=${(row) => row.code} />`;
}
