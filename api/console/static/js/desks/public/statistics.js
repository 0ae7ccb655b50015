// Published statistics as pictures: how export licences were decided, period by period.
import { all } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { EntryLink, Figure, Loaded, Section, Table, useLoad } from "../../core/ui.js";
import { Bars } from "../../pictures/bars.js";

const COUNTS = ["applications", "granted", "refused", "pending", "overdue"];
const TONES = { granted: "good", refused: "bad", overdue: "warn" };

/** The newest statement of each period, the newest period first. */
export function newestOf(records) {
  const byPeriod = new Map();
  for (const record of records) {
    const before = byPeriod.get(record.period);
    if (!before || before.entry_index < record.entry_index) byPeriod.set(record.period, record);
  }
  return [...byPeriod.values()].sort((one, other) => other.period.localeCompare(one.period));
}

/** The panel of published statistics. */
export function Statistics() {
  const found = useLoad(async (signal) => newestOf(await all("/v1/statistics", "records", { limit: 1000 }, { signal })));
  return html`<${Section} title=${t("public.statistics")}>
    <p class="quiet">${t("public.statistics_means")}</p>
    <${Loaded} from=${found} empty=${(records) => !records.length} emptyText=${t("public.statistics_none")}>${(records) => html`
      <div class="columns">${records.slice(0, 4).map((record) => html`<${Period} key=${record.period} record=${record} />`)}</div>
      <${Every} records=${records} />`}<//>
  <//>`;
}

const Period = ({ record }) => html`<div>
  <h3>${record.period} <span class="quiet small">· <${EntryLink} index=${record.entry_index} /></span></h3>
  <${Bars} label=${t("public.statistics_of", { period: record.period })} rows=${COUNTS.map((name) => ({ key: name, label: t(`public.${name}`), value: record.figures[name], shown: count(record.figures[name]), tone: TONES[name] ?? "" }))} />
  <div class="stats small-stats"><${Figure} label=${t("public.median_days")}>${record.figures.median_days ?? "–"}<//><${Figure} label=${t("public.tonnes")}>${record.figures.tonnes === undefined ? "–" : `${count(Number(record.figures.tonnes))} t`}<//></div>
</div>`;

function Every({ records }) {
  const columns = [
    { key: "period", title: t("public.period"), cell: (record) => html`<span class="figure">${record.period}</span>` },
    ...COUNTS.map((name) => ({ key: name, title: t(`public.${name}`), numeric: true, value: (record) => record.figures[name] })),
    { key: "median_days", title: t("public.median_days"), numeric: true, value: (record) => record.figures.median_days ?? null },
    { key: "tonnes", title: `${t("public.tonnes")} (t)`, numeric: true, value: (record) => record.figures.tonnes ?? null },
    { key: "entry_index", title: t("acts.entry"), numeric: true, cell: (record) => html`<${EntryLink} index=${record.entry_index} />` },
  ];
  return html`<${Table} caption=${t("public.statistics")} columns=${columns} rows=${records} rowKey=${(record) => record.period} csv="statistics.csv" />`;
}
