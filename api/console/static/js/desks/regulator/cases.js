// Cases from opening to closing: what they are about, what became of each alert, and closing one with its outcome.
import { all, get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Badge, EntryLink, Facts, Loaded, Page, Section, Table, ThingLink, Time, useLoad } from "../../core/ui.js";
import { CaseLink, FirmLink, Subject } from "../../parts/links.js";
import { ruleTitle } from "../../parts/rules.js";
import { alertKey } from "./alert_detail.js";
import { AlertState } from "./alerts.js";
import { CloseCase } from "./close_case.js";

export const areas = ["regulator", "rules", "acts", "proof"];

export default function Cases({ query }) {
  const name = query.get("case");
  return name ? html`<${OneCase} name=${name} key=${name} />` : html`<${CaseList} />`;
}

const State = ({ found }) =>
  found.state === "open"
    ? html`<${Badge} tone="warn">${t("regulator.cases.is_open")}<//>`
    : html`<${Badge} tone=${found.outcome === "confirmed" ? "bad" : "good"}>${term("outcome", found.outcome)}<//>`;

function CaseList() {
  const cases = useLoad((signal) => all("/v1/cases", "records", { limit: 1000 }, { signal }));
  const columns = [
    { key: "case", title: t("regulator.cases.one"), cell: (each) => html`<${CaseLink} id=${each.case} />` },
    { key: "state", title: t("regulator.state"), value: (each) => each.outcome || each.state, cell: (each) => html`<${State} found=${each} />` },
    { key: "codes", title: t("regulator.cases.about"), value: (each) => each.codes.map(ruleTitle).join("; "), cell: (each) => each.codes.map((code) => html`<div key=${code}>${ruleTitle(code)}</div>`) },
    { key: "firms", title: t("regulator.firm.many"), value: (each) => each.firms.map((firm) => firm.name).join("; "), cell: (each) => each.firms.map(({ party }) => html`<div key=${party}><${FirmLink} id=${party} /></div>`) },
    { key: "alerts", title: t("common.nav.alerts"), numeric: true, value: (each) => each.alerts.length, cell: (each) => count(each.alerts.length) },
    { key: "opened_at", title: t("regulator.cases.opened_in"), numeric: true, cell: (each) => html`<${EntryLink} index=${each.opened_at} />` },
    { key: "closed_at", title: t("regulator.cases.closed_in"), numeric: true, cell: (each) => html`<${EntryLink} index=${each.closed_at} />` },
  ];
  const newest = (list) => [...list].sort((one, other) => (one.state === other.state ? other.opened_at - one.opened_at : one.state === "open" ? -1 : 1));
  return html`<${Page} title=${t("common.nav.cases")} lead=${t("regulator.cases.lead")}>
    <${Loaded} from=${cases}>${(list) => html`<${Section} title=${t("regulator.cases.found", { n: count(list.length) })}>
      ${list.length
        ? html`<${Table} caption=${t("common.nav.cases")} columns=${columns} rows=${newest(list)} rowKey=${(each) => each.case} csv="cases.csv" />`
        : html`<p class="empty">${t("regulator.cases.none")} <a href="/console/alerts">${t("common.nav.alerts")}</a></p>`}
    <//>`}<//>
  <//>`;
}

async function loadCase(name, signal) {
  const cases = await all("/v1/cases", "records", { limit: 1000 }, { signal });
  const found = cases.find((each) => each.case === name);
  if (!found) return null;
  const recorded = async (index) => (index === null ? null : (await get(`/v1/entries/${index}`, undefined, { signal }).catch(() => null))?.recorded_at ?? null);
  const [alerts, opened, closed] = await Promise.all([
    all("/v1/alerts", "alerts", { case: name, limit: 1000 }, { signal }),
    recorded(found.opened_at),
    recorded(found.closed_at),
  ]);
  return { found, alerts, opened, closed };
}

function OneCase({ name }) {
  const loaded = useLoad((signal) => loadCase(name, signal), [name]);
  const [closing, setClosing] = useState(false);
  const done = () => {
    setClosing(true);
    loaded.reload();
  };
  return html`<${Page} title=${t("regulator.cases.titled", { name })} lead=${t("regulator.cases.private")} actions=${html`<a href="/console/cases">${t("regulator.cases.every")}</a>`}>
    <${Loaded} from=${loaded} empty=${(value) => value === null} emptyText=${t("regulator.cases.unknown")}>${({ found, alerts, opened, closed }) => html`
      <div class="columns">
        <${Section} title=${t("regulator.cases.what")}><${Facts} rows=${[
          [t("regulator.state"), html`<${State} found=${found} />`],
          [t("regulator.cases.opened_by"), found.opened_by ? html`<${FirmLink} id=${found.opened_by} />` : t("regulator.cases.by_itself")],
          found.reopens && [t("regulator.cases.reopens"), html`<${CaseLink} id=${found.reopens} />`],
          [t("regulator.firm.many"), found.firms.length ? found.firms.map(({ party }) => html`<div key=${party}><${FirmLink} id=${party} /></div>`) : "–"],
          [t("regulator.lots"), found.lots.length ? found.lots.map((lot) => html`<div key=${lot}><${ThingLink} id=${lot} /></div>`) : "–"],
        ]} /><//>
        <${Section} title=${t("regulator.cases.timeline")}><${Timeline} found=${found} alerts=${alerts} opened=${opened} closed=${closed} /><//>
      </div>
      <${Section} title=${t("regulator.cases.became")}><${CaseAlerts} alerts=${alerts} /><//>
      ${(found.state === "open" || closing) && html`<${Section} title=${t("regulator.cases.close")}><${CloseCase} found=${found} alerts=${alerts} onDone=${done} /><//>`}`}<//>
  <//>`;
}

function Timeline({ found, alerts, opened, closed }) {
  const steps = [
    ...alerts.map((alert) => ({ at: alert.event_time, index: alert.index, text: ruleTitle(alert.code) })),
    { at: opened, index: found.opened_at, text: t("regulator.cases.was_opened") },
    found.closed_at !== null && { at: closed, index: found.closed_at, text: t("regulator.cases.was_closed", { outcome: term("outcome", found.outcome) }) },
  ].filter(Boolean);
  const ordered = steps.sort((one, other) => one.index - other.index);
  return html`<ol class="timeline">${ordered.map(
    (step, at) => html`<li key=${at}><span class="quiet small">${step.at && html`<${Time} at=${step.at} /> · `}<${EntryLink} index=${step.index} /></span><div>${step.text}</div></li>`,
  )}</ol>`;
}

function CaseAlerts({ alerts }) {
  const columns = [
    { key: "code", title: t("regulator.alerts.rule"), value: (alert) => ruleTitle(alert.code), cell: (alert) => html`<a href=${`/console/alerts?state=all&code=${alert.code}&party=${encodeURIComponent(alert.party)}&alert=${alertKey(alert)}`}>${ruleTitle(alert.code)}</a>` },
    { key: "subject", title: t("regulator.alerts.subject"), cell: (alert) => html`<${Subject} of=${alert.subject} />` },
    { key: "party", title: t("regulator.firm.one"), cell: (alert) => html`<${FirmLink} id=${alert.party} />` },
    { key: "event_time", title: t("regulator.happened"), cell: (alert) => html`<${Time} at=${alert.event_time} />` },
    { key: "state", title: t("regulator.state"), cell: (alert) => html`<${AlertState} alert=${alert} />` },
  ];
  if (!alerts.length) return html`<p class="empty">${t("regulator.cases.no_alerts")}</p>`;
  return html`<${Table} caption=${t("regulator.cases.became")} columns=${columns} rows=${alerts} rowKey=${alertKey} csv="case-alerts.csv" />`;
}
