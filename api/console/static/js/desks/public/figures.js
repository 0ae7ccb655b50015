// Published statistics of export licences: reading the records, and the tables and bars of one period.
import { count, date } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Figure, Section, Table } from "../../core/ui.js";
import { countryName } from "../../parts/countries.js";
import { Bars, Twin } from "../../pictures/bars.js";

/** The counts of a publication, in the order in which they are read. */
export const COUNTS = ["applications", "granted", "refused", "pending", "overdue"];
const TONES = { granted: "good", refused: "bad", overdue: "warn" };
const WORDS = ["several", "unstated", "technology", "other"];

/** A period as people read it: a span between two moments by its days. */
export const periodName = (period) => (period.includes("/") ? period.split("/").map(date).join(" – ") : period);

/** The publications, the newest period first. */
export const newestFirst = (records) => [...records].sort((one, other) => other.entry_index - one.entry_index);

const tonnesText = (figures) => (figures.key === "technology" ? "–" : figures.tonnes === undefined ? t("statistics.hidden") : `${count(Number(figures.tonnes))} t`);

/** What a row of a table stands for. */
export function rowName(table, key) {
  if (WORDS.includes(key)) return t(`statistics.row_${key}`);
  return table === "by_destination" ? countryName(key) : term("element", key);
}

/** A period's counts as bars, and its days and tonnes. */
export const Counts = ({ record }) => html`
  <${Bars} label=${t("statistics.of", { period: periodName(record.period) })} rows=${COUNTS.map((name) => ({ key: name, label: t(`statistics.${name}`), value: record.figures[name], shown: count(record.figures[name]), tone: TONES[name] ?? "" }))} />
  <div class="stats small-stats">
    <${Figure} label=${t("statistics.median_days")}>${record.figures.median_days ?? "–"}<//>
    <${Figure} label=${t("statistics.percentile_90_days")}>${record.figures.percentile_90_days ?? "–"}<//>
    <${Figure} label=${t("statistics.tonnes")}>${tonnesText(record.figures)}<//>
  </div>`;

/** Why applications were refused. */
export function Reasons({ record }) {
  const rows = Object.entries(record.figures.by_reason).map(([reason, value]) => ({ reason, value }));
  if (!rows.length) return null;
  return html`<h3>${t("statistics.by_reason")}</h3>
    <${Bars} label=${t("statistics.by_reason")} rows=${rows.map(({ reason, value }) => ({ key: reason, label: t(`acts.reason.${reason}`), value, shown: count(value), tone: "bad" }))} />`;
}

const became = (row) => t("statistics.became", { granted: count(row.granted), refused: count(row.refused), pending: count(row.pending), tonnes: tonnesText(row) });

/** One table of the applications of a period: bars of how many, what became of them beside it, and its twin. */
export function Split({ record, table }) {
  const title = t(`statistics.${table}`);
  const rows = record.figures[table];
  return html`<${Section} title=${title}>
    ${rows.length
      ? html`<${Bars} label=${title} rows=${rows.map((row) => ({ key: row.key, label: rowName(table, row.key), value: row.applications, shown: count(row.applications), note: html`<span class="bar-note small quiet">${became(row)}</span>`, tone: row.key === "other" ? "rest" : "" }))} />
        <${Twin} caption=${title} columns=${columnsOf(table)} rows=${rows} rowKey=${(row) => row.key} csv=${`statistics-${record.figures.filed.replaceAll(/[/:]/g, "")}-${table}.csv`} />`
      : html`<p class="empty">${t("statistics.nothing_shown")}</p>`}
  <//>`;
}

const reasonsText = (row) => Object.entries(row.by_reason).map(([reason, n]) => `${t(`acts.reason.${reason}`)}: ${n}`).join("; ");

const columnsOf = (table) => [
  { key: "key", title: t(`statistics.key_${table}`), value: (row) => row.key, cell: (row) => rowName(table, row.key) },
  ...COUNTS.map((name) => ({ key: name, title: t(`statistics.${name}`), numeric: true })),
  { key: "by_reason", title: t("statistics.by_reason"), value: reasonsText, cell: (row) => reasonsText(row) || "–" },
  { key: "median_days", title: t("statistics.median_days"), numeric: true, value: (row) => row.median_days ?? null },
  { key: "percentile_90_days", title: t("statistics.percentile_90_days"), numeric: true, value: (row) => row.percentile_90_days ?? null },
  { key: "tonnes", title: `${t("statistics.tonnes")} (t)`, numeric: true, value: (row) => row.tonnes ?? null },
];

/** Every publication as a table. */
export const Every = ({ records, link }) => html`<${Table} caption=${t("statistics.title")} columns=${[
  { key: "period", title: t("statistics.period"), cell: (record) => html`<span class="figure">${periodName(record.period)}</span>` },
  ...COUNTS.map((name) => ({ key: name, title: t(`statistics.${name}`), numeric: true, value: (record) => record.figures[name] })),
  ...["median_days", "percentile_90_days"].map((name) => ({ key: name, title: t(`statistics.${name}`), numeric: true, value: (record) => record.figures[name] ?? null })),
  { key: "tonnes", title: `${t("statistics.tonnes")} (t)`, numeric: true, value: (record) => record.figures.tonnes ?? null },
  { key: "entry_index", title: t("statistics.entry"), numeric: true, cell: link },
]} rows=${records} rowKey=${(record) => record.period} csv="statistics.csv" />`;
