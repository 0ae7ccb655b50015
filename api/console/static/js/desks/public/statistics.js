// Published statistics: how export licences were decided, period by period, and how the offices work together.
import { all, get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { EntryLink, Figure, Loaded, Page, Section, Table, useLoad } from "../../core/ui.js";
import { Columns } from "../../pictures/columns.js";
import { Counts, Every, newestFirst, periodName, Reasons, Split } from "./figures.js";
import { Months } from "./months.js";

export const areas = ["statistics", "acts"];
const SERIES = [["applications", "series-1"], ["granted", "good"], ["refused", "bad"]];
const WAITING = [["pending", "series-1"], ["overdue", "warn"]];

const published = (signal) => all("/v1/statistics", "records", { limit: 1000 }, { signal });

export default function Published({ query }) {
  const found = useLoad(async (signal) => newestFirst(await published(signal)));
  const together = useLoad((signal) => get("/v1/oversight/summary", undefined, { signal }));
  return html`<${Page} title=${t("statistics.title")} lead=${t("statistics.lead")}>
    <${Loaded} from=${found} empty=${(records) => !records.length} emptyText=${t("statistics.none")}>${(records) => html`<${Records} records=${records} asked=${query.get("period")} />`}<//>
    <${Section} title=${t("statistics.hidden_title")}><p>${t("statistics.hidden_why")}</p><p>${t("statistics.hidden_how")}</p><//>
    <${Section} title=${t("statistics.offices")}><p class="quiet">${t("statistics.offices_means")}</p>
      <${Loaded} from=${together}>${(value) => html`<${Together} ...${value} />`}<//><//>
  <//>`;
}

function Records({ records, asked }) {
  const record = records.find((each) => each.period === asked) ?? records[0];
  const inTime = [...records].reverse();
  const choose = html`<label class="inline">${t("statistics.period")} <select value=${record.period} onChange=${(event) => setQuery({ period: event.target.value })}>${records.map(({ period }) => html`<option key=${period} value=${period}>${periodName(period)}</option>`)}</select></label>`;
  return html`<${Section} title=${t("statistics.over_time")}>
      <${Chart} title=${t("statistics.decided_title")} records=${inTime} series=${SERIES} />
      <${Chart} title=${t("statistics.waiting_title")} records=${inTime} series=${WAITING} />
      <${Every} records=${records} link=${(each) => html`<${EntryLink} index=${each.entry_index} />`} />
    <//>
    <${Section} title=${t("statistics.of", { period: periodName(record.period) })} tools=${choose}>
      <p class="quiet">${t("statistics.published_in")} <${EntryLink} index=${record.entry_index} /></p>
      <div class="columns"><div><${Counts} record=${record} /></div><div><${Reasons} record=${record} /></div></div>
    <//>
    <${Tables} record=${record} />`;
}

function Tables({ record }) {
  const { filed } = record.figures;
  if (!filed) return html`<p class="empty">${t("statistics.tables_none")}</p>`;
  return html`<${Section} title=${t("statistics.filed_in", { filed: periodName(filed) })}>
      <p class="quiet">${t("statistics.filed_means", { filed: periodName(filed), period: periodName(record.period) })}</p><//>
    <div class="columns"><${Split} record=${record} table="by_destination" /><${Split} record=${record} table="by_element" /></div>`;
}

const Chart = ({ title, records, series }) => html`<div><h3>${title}</h3>
  <${Columns} label=${title} series=${series.map(([name, tone]) => ({ name: t(`statistics.${name}`), tone }))}
    groups=${records.map(({ period, figures }) => ({ key: period, label: periodName(period).split(" – ").at(-1), values: series.map(([name]) => figures[name]) }))} /></div>`;

const Together = ({ months, alerts_open, alerts_ignored, ignored_after_days, policy_changes, policies }) => html`<div class="stats small-stats">
    <${Figure} label=${t("statistics.alerts_open")}>${count(alerts_open)}<//>
    <${Figure} label=${t("statistics.alerts_ignored", { days: ignored_after_days })} tone=${alerts_ignored ? "warn" : ""}>${count(alerts_ignored)}<//>
    <${Figure} label=${t("statistics.policy_changes")}>${count(policy_changes)}<//>
  </div>
  ${months.length ? html`<${Months} months=${months} />` : html`<p class="empty">${t("statistics.months_none")}</p>`}
  <p class="quiet">${t("statistics.policies_upto", { last: count(lastCounted(policies)) })}</p>
  <${Policies} rows=${[...policies].reverse()} />`;

/** The newest entry that the figures of the policies count. */
const lastCounted = (policies) => policies.at(-1).index + policies.at(-1).entries - 1;

const Policies = ({ rows }) => html`<${Table} caption=${t("statistics.policies")} csv="policies.csv" most=${10} rows=${rows} rowKey=${(row) => row.index} columns=${[
  { key: "index", title: t("statistics.policy"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
  { key: "changed", title: t("statistics.policy_changed"), value: (row) => row.changed.join("; "), cell: (row) => row.changed.map((member) => html`<div key=${member} class="name"><code>${member}</code></div>`) },
  ...["entries", "refused", "noticed"].map((name) => ({ key: name, title: t(`statistics.policy_${name}`), numeric: true })),
]} />`;

/** The panel of the newest publication on the first page. */
export function NewestStatistics() {
  const found = useLoad(async (signal) => newestFirst(await published(signal)));
  return html`<${Section} title=${t("statistics.title")} tools=${html`<a href="/console/statistics">${t("statistics.more")}</a>`}>
    <p class="quiet">${t("statistics.lead")}</p>
    <${Loaded} from=${found} empty=${(records) => !records.length} emptyText=${t("statistics.none")}>${([record]) => html`
      <h3>${periodName(record.period)} <span class="quiet small">· <${EntryLink} index=${record.entry_index} /></span></h3>
      <${Counts} record=${record} />`}<//>
  <//>`;
}
