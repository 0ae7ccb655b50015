// How the offices work: how long they take, where they depart from the policy, what they leave lying. For auditors.
import { get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, EntryLink, Figure, Loaded, Page, PartyName, Section, Table, Time, useLoad } from "../../core/ui.js";
import { ruleTitle } from "../../parts/rules.js";
import { Bars, Twin } from "../../pictures/bars.js";
import { Months } from "../public/months.js";

export const areas = ["oversight", "statistics", "rules"];
const QUEUE_TONES = { overdue: "bad", "31-45": "warn", stopped: "rest" };

export default function Oversight() {
  const found = useLoad((signal) => get("/v1/oversight", undefined, { signal }));
  return html`<${Page} title=${t("oversight.title")} lead=${t("oversight.lead")}>
    <${Loaded} from=${found}>${(value) => html`<${Board} found=${value} />`}<//>
  <//>`;
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

function Board({ found }) {
  const ignored = sum(found.alerts, "ignored");
  return html`<div class="stats">
      <${Figure} label=${t("oversight.waiting")}>${count(Object.values(found.queue).reduce((one, other) => one + other, 0))}<//>
      <${Figure} label=${t("oversight.overdue")} tone=${found.queue.overdue ? "bad" : "good"}>${count(found.queue.overdue)}<//>
      <${Figure} label=${t("oversight.deviating")} tone=${found.deviations.length ? "warn" : "good"}>${count(found.deviations.length)}<//>
      <${Figure} label=${t("oversight.ignored", { days: found.ignored_after_days })} tone=${ignored ? "warn" : "good"}>${count(ignored)}<//>
      <${Figure} label=${t("oversight.again")}>${count(found.taken_up_again.length)}<//>
    </div>
    <div class="columns"><${Queue} queue=${found.queue} /><${Alerts} alerts=${found.alerts} days=${found.ignored_after_days} /></div>
    <${Section} title=${t("oversight.decisions")}><${Offices} rows=${found.decisions} names=${["granted", "refused", "late"]} caption=${t("oversight.decisions")} csv="decisions-by-office.csv" /><//>
    <${Section} title=${t("oversight.cases")}><${Offices} rows=${found.cases} names=${["opened", "still_open", "reopening", "taken_up_again", "closed", "confirmed", "unfounded", "settled"]} caption=${t("oversight.cases")} csv="cases-by-office.csv" /><//>
    <${Deviations} rows=${found.deviations} />
    <${Section} title=${t("oversight.months")}>${found.months.length ? html`<${Months} months=${found.months} />` : html`<p class="empty">${t("oversight.none")}</p>`}<//>
    <${Policies} rows=${found.policies} />`;
}

function Queue({ queue }) {
  const rows = Object.entries(queue).map(([band, value]) => ({ key: band, label: QUEUE_TONES[band] && band !== "31-45" ? t(`oversight.band_${band}`) : t("oversight.band", { band }), value }));
  return html`<${Section} title=${t("oversight.queue")}><p class="quiet">${t("oversight.queue_means")}</p>
    <${Bars} label=${t("oversight.queue")} rows=${rows.map((row) => ({ ...row, shown: count(row.value), tone: QUEUE_TONES[row.key] ?? "" }))} />
    <${Twin} caption=${t("oversight.queue")} csv="queue.csv" rows=${rows} rowKey=${(row) => row.key} columns=${[{ key: "label", title: t("oversight.days_run") }, { key: "value", title: t("oversight.applications"), numeric: true }]} /><//>`;
}

function Alerts({ alerts, days }) {
  const shown = alerts.slice(0, 8);
  return html`<${Section} title=${t("oversight.alerts")}><p class="quiet">${t("oversight.alerts_means", { days })}</p>
    ${alerts.length
      ? html`<${Bars} label=${t("oversight.alerts")} rows=${shown.map((row) => ({ key: row.code, label: ruleTitle(row.code), value: row.ignored, shown: count(row.ignored), tone: row.ignored ? "warn" : "" }))} />
        <${Twin} caption=${t("oversight.alerts")} csv="alerts-ignored.csv" rows=${alerts} rowKey=${(row) => row.code} columns=${[
          { key: "code", title: t("oversight.rule"), cell: (row) => ruleTitle(row.code) },
          ...["open", "in_case", "ignored"].map((name) => ({ key: name, title: t(`oversight.alert_${name}`), numeric: true })),
        ]} />`
      : html`<p class="empty">${t("oversight.none")}</p>`}<//>`;
}

const Offices = ({ rows, names, caption, csv }) =>
  rows.length
    ? html`<${Table} caption=${caption} csv=${csv} rows=${rows} rowKey=${(row) => row.office} columns=${[
        { key: "office", title: t("oversight.office"), cell: (row) => html`<${PartyName} id=${row.office} />` },
        ...names.map((name) => ({ key: name, title: t(`oversight.${name}`), numeric: true })),
        ...["median_days", "percentile_90_days"].map((name) => ({ key: name, title: t(`statistics.${name}`), numeric: true })),
      ]} />`
    : html`<p class="empty">${t("oversight.none")}</p>`;

const Deviations = ({ rows }) => html`<${Section} title=${t("oversight.deviations")}><p class="quiet">${t("oversight.deviations_means")}</p>
  ${rows.length
    ? html`<${Table} caption=${t("oversight.deviations")} csv="deviations.csv" most=${20} rows=${rows} rowKey=${(row) => row.entry_index} columns=${[
        { key: "entry_index", title: t("oversight.decision"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.entry_index} />` },
        { key: "decided", title: t("oversight.when"), cell: (row) => html`<${Time} at=${row.decided} />` },
        { key: "office", title: t("oversight.office"), cell: (row) => html`<${PartyName} id=${row.office} />` },
        { key: "kinds", title: t("oversight.kind"), value: (row) => row.kinds.join("; "), cell: (row) => row.kinds.map((kind) => html`<${Badge} key=${kind} tone=${kind === "late" ? "warn" : "bad"}>${t(`oversight.kind_${kind}`)}<//> `) },
      ]} />`
    : html`<p class="empty">${t("oversight.none")}</p>`}<//>`;

const counted = (of) => Object.entries(of).sort((one, other) => other[1] - one[1]);
const csvOf = (of) => counted(of).map(([code, n]) => `${code}: ${n}`).join("; ");
const Counted = ({ of }) => (counted(of).length ? counted(of).slice(0, 6).map(([code, n]) => html`<div key=${code}>${ruleTitle(code)}: <span class="figure">${count(n)}</span></div>`) : "–");

const Policies = ({ rows }) => html`<${Section} title=${t("oversight.policies")}><p class="quiet">${t("oversight.policies_means")}</p>
  <${Table} caption=${t("oversight.policies")} csv="policies.csv" rows=${[...rows].reverse()} rowKey=${(row) => row.index} columns=${[
    { key: "index", title: t("oversight.policy"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
    { key: "recorded", title: t("oversight.when"), cell: (row) => html`<${Time} at=${row.recorded} />` },
    { key: "office", title: t("oversight.office"), cell: (row) => html`<${PartyName} id=${row.office} />` },
    { key: "changed", title: t("oversight.changed"), value: (row) => row.changed.map(({ member, before, after }) => `${member}: ${before ?? ""} > ${after ?? ""}`).join("; "), cell: (row) => row.changed.map(({ member, before, after }) => html`<div key=${member} class="name"><code>${member}</code> <span class="small">${before ?? t("oversight.not_stated")} → ${after ?? t("oversight.not_stated")}</span></div>`) },
    { key: "entries", title: t("oversight.entries"), numeric: true },
    { key: "refused", title: t("oversight.refused_rules"), value: (row) => csvOf(row.refused), cell: (row) => html`<${Counted} of=${row.refused} />` },
    { key: "noticed", title: t("oversight.noticed"), value: (row) => csvOf(row.noticed), cell: (row) => html`<${Counted} of=${row.noticed} />` },
  ]} /><//>`;
