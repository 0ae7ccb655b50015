// What an audit found: the verdict, each fault with its place, replay differences side by side, and the report to keep.
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { has, t } from "../../core/i18n.js";
import { Copyable, EntryLink, Facts, Figure, Section, Table, saveFile } from "../../core/ui.js";

/** Tables whose places are entries of the log. */
const BY_ENTRY = ["entries", "statements", "statement_bytes", "acts"];
/** "column: stored x, the log makes y" of a replayed record, side by side. */
const REPLAYED = /^(register|record|books|replay)\./;

const where = ({ table, place }) => (place === null ? table : `${table} ${place}`);

/** The report as a text that people can file. */
export function reportText(report) {
  const lines = [
    `${report.origin}: ${report.ok ? "no fault" : `${report.fault_count} faults`}`,
    `size ${report.size}, root ${report.root}, entries ${report.start} to ${report.end}`,
    "",
    "checked:",
    ...report.checked.map((each) => `  ${each}`),
    "",
    "cannot be excluded:",
    ...report.cannot_exclude.map((each) => `  ${each}`),
    "",
    "faults:",
    ...report.faults.map((fault) => `  ${fault.code}: ${where(fault)}: ${fault.detail}`),
    ...(report.faults_left_out ? [`  and ${report.faults_left_out} more`] : []),
  ];
  return lines.join("\n") + "\n";
}

/** The panels of a finished audit. */
export function AuditReport({ report, at }) {
  const { ok, size, root, start, end, checked, cannot_exclude: excluded, faults, fault_count: found, faults_left_out: left, counts } = report;
  const name = `audit-${at.slice(0, 19).replaceAll(":", "")}`;
  const tools = html`<button type="button" class="secondary" onClick=${() => saveFile(`${name}.json`, JSON.stringify(report, null, 2) + "\n", "application/json")}>${t("auditor.report.json")}</button>
    <button type="button" class="secondary" onClick=${() => saveFile(`${name}.txt`, reportText(report))}>${t("auditor.report.text")}</button>`;
  const replayed = faults.filter(({ code }) => REPLAYED.test(code));
  return html`<${Section} title=${t("auditor.report.title")} tools=${tools} id="report">
      <div class=${`notice ${ok ? "good" : "bad"}`} role="status" data-verdict=${ok ? "ok" : "broken"}><strong>${ok ? t("auditor.report.good") : t("auditor.report.bad", { n: found, count: count(found) })}</strong></div>
      <div class="stats">${Object.entries(counts).map(([each, n]) => html`<${Figure} key=${each} label=${has(`auditor.counted.${each}`) ? t(`auditor.counted.${each}`) : each}>${count(n)}<//>`)}</div>
      <${Facts} rows=${[
        [t("auditor.report.entries"), `${count(start)} – ${count(end)} / ${count(size)}`],
        [t("auditor.done.root"), html`<${Copyable} text=${root}>${root}<//>`],
        [t("auditor.report.checked"), html`<ul lang="en">${checked.map((each) => html`<li key=${each}>${each}</li>`)}</ul>`],
        [t("auditor.report.excluded"), html`<ul lang="en">${excluded.map((each) => html`<li key=${each}>${each}</li>`)}</ul>`],
      ]} />
    <//>
    ${faults.length > 0 && html`<${Section} title=${t("auditor.faults")} id="faults"><${Faults} faults=${faults} />
      ${left > 0 && html`<p class="quiet">${t("auditor.faults.left", { n: left, count: count(left) })}</p>`}<//>`}
    ${replayed.length > 0 && html`<${Section} title=${t("auditor.replay.title")}><p class="quiet">${t("auditor.replay.what")}</p><${Replayed} faults=${replayed} /><//>`}`;
}

const Faults = ({ faults }) => html`<${Table} caption=${t("auditor.faults.table")} csv="faults.csv" rows=${faults.map((fault, at) => ({ ...fault, at }))} rowKey=${(row) => row.at} columns=${[
  { key: "place", title: t("auditor.faults.where"), value: where, cell: (row) => (BY_ENTRY.includes(row.table) && Number.isInteger(row.place) ? html`${row.table} <${EntryLink} index=${row.place} />` : where(row)) },
  { key: "code", title: t("auditor.faults.kind"), cell: (row) => html`<code data-fault=${row.code} data-place=${row.place}>${row.code}</code>` },
  { key: "detail", title: t("auditor.faults.what"), cell: (row) => html`<span lang="en">${row.detail}</span>` },
]} />`;

/** What the tables hold beside what folding the log again makes. */
const Replayed = ({ faults }) => html`<${Table} caption=${t("auditor.replay.table")} csv="replay.csv" rows=${faults.map((fault, at) => ({ ...fault, ...sides(fault), at }))} rowKey=${(row) => row.at} columns=${[
  { key: "place", title: t("auditor.faults.where"), value: where },
  { key: "stored", title: t("auditor.replay.stored"), cell: (row) => html`<span lang="en">${row.stored}</span>` },
  { key: "made", title: t("auditor.replay.made"), cell: (row) => html`<span lang="en">${row.made}</span>` },
]} />`;

function sides({ code, detail }) {
  if (code.endsWith(".missing")) return { stored: t("auditor.replay.nothing"), made: t("auditor.replay.row") };
  if (code.endsWith(".extra")) return { stored: t("auditor.replay.row"), made: t("auditor.replay.nothing") };
  return { stored: detail, made: t("auditor.replay.other") };
}
