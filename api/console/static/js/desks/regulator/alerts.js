// The alerts inbox: what was noticed, by filters that stay in the address; evidence beside it; several at once into a
// case. A firm sees its own that it was told of, and what to do.
import { all, get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html, useMemo, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { partyName, siteName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { seesAll } from "../../core/session.js";
import { Badge, Dialog, Loaded, Page, Section, SiteName, Table, Time, useLoad } from "../../core/ui.js";
import { FirmLink, monthOf, Subject } from "../../parts/links.js";
import { GRADES, gradeOf, ruleTitle } from "../../parts/rules.js";
import { AlertDetail, alertKey } from "./alert_detail.js";
import { OpenCase } from "./open_case.js";

export const areas = ["regulator", "rules", "acts", "proof"];
const MOST = 2000;
const SHOWN = 100;

function filtersOf(query) {
  const [state, code, party, site, month] = ["state", "code", "party", "site", "month"].map((name) => query.get(name) ?? "");
  return { state: state || "open", code, party, site, month };
}

async function load({ state, code, party, site, month }, signal) {
  const since = month ? `${month}-01T00:00:00+08:00` : "";
  const asked = { state: state === "all" ? "" : state, code, party, site, since, limit: 1000 };
  const [alerts, counts] = await Promise.all([
    all("/v1/alerts", "alerts", asked, { most: MOST, signal }),
    get("/v1/alerts/counts", {}, { signal }),
  ]);
  const ids = new Set([...alerts.map((alert) => alert.party), ...Object.keys(counts.by_party)]);
  const names = new Map(await Promise.all([...ids].map(async (id) => [id, await partyName(id)])));
  const sites = new Map(await Promise.all([...new Set(alerts.map((alert) => alert.site))].filter(Boolean).map(async (id) => [id, await siteName(id)])));
  const shown = month ? alerts.filter((alert) => monthOf(alert.event_time) === month) : alerts;
  return { alerts: shown, counts, names, sites, cut: alerts.length >= MOST };
}

export default function Alerts({ query }) {
  const filters = filtersOf(query);
  const found = useLoad((signal) => load(filters, signal), [JSON.stringify(filters)]);
  const regulator = seesAll();
  return html`<${Page} title=${t("common.nav.alerts")} lead=${t(regulator ? "regulator.alerts.lead" : "regulator.alerts.lead_own")}>
    <${Loaded} from=${found}>${(value) => html`<${Inbox} ...${value} filters=${filters} asked=${query.get("alert")} regulator=${regulator} reload=${found.reload} />`}<//>
  <//>`;
}

function Inbox({ alerts, counts, names, sites, cut, filters, asked, regulator, reload }) {
  const [chosen, setChosen] = useState(new Set());
  const [opening, setOpening] = useState(false);
  const selected = alerts.find((alert) => alertKey(alert) === asked);
  const picked = alerts.filter((alert) => chosen.has(alertKey(alert)));
  const turn = (alert) => {
    const next = new Set(chosen);
    next.delete(alertKey(alert)) || next.add(alertKey(alert));
    setChosen(next);
  };
  const columns = useMemo(() => columnsFor({ regulator, names, sites, chosen, turn }), [regulator, names, sites, chosen, alerts]);
  return html`<${Filters} filters=${filters} counts=${counts} names=${names} sites=${sites} regulator=${regulator} />
    ${cut && html`<p class="notice warn">${t("regulator.alerts.cut", { n: count(MOST) })}</p>`}
    <div class=${selected ? "beside" : ""}>
      <${Section} title=${t("regulator.alerts.found", { n: count(alerts.length) })} tools=${
        regulator && html`<span class="quiet">${t("regulator.alerts.chosen", { n: picked.length })}</span><button type="button" disabled=${!picked.length} onClick=${() => setOpening(true)}>${t("regulator.cases.open")}</button>`
      }>
        ${alerts.length === 0
          ? html`<p class="empty">${t(filters.state === "open" && !filters.code ? "regulator.alerts.none_open" : "regulator.alerts.none")}</p>`
          : html`<${Table} caption=${t("common.nav.alerts")} columns=${columns} rows=${alerts} most=${SHOWN} rowKey=${alertKey} selected=${(alert) => alert === selected} csv="alerts.csv" />`}
      <//>
      ${selected && html`<${AlertDetail} alert=${selected} regulator=${regulator} onClose=${() => setQuery({ alert: null })} />`}
    </div>
    ${opening && html`<${Dialog} title=${t("regulator.cases.open")} onClose=${() => setOpening(false)}>
      <${OpenCase} alerts=${picked} onDone=${() => {
        setChosen(new Set());
        reload();
      }} />
    <//>`}`;
}

function columnsFor({ regulator, names, sites, chosen, turn }) {
  const show = (alert) => (event) => {
    event.preventDefault();
    setQuery({ alert: alertKey(alert) });
  };
  const title = (alert) => `${ruleTitle(alert.code)} · #${alert.index}`;
  return [
    regulator && {
      key: "chosen",
      title: "",
      cell: (alert) =>
        alert.state === "open" && !alert.case
          ? html`<input type="checkbox" checked=${chosen.has(alertKey(alert))} onChange=${() => turn(alert)} aria-label=${t("regulator.alerts.choose", { title: title(alert) })} />`
          : "",
    },
    {
      key: "code",
      title: t("regulator.alerts.rule"),
      value: (alert) => ruleTitle(alert.code),
      cell: (alert) => html`<span class=${`grade ${GRADES[gradeOf(alert.code)]}`} title=${t(`regulator.grade.${gradeOf(alert.code)}`)}></span><a href=${`/console/alerts?alert=${alertKey(alert)}`} onClick=${show(alert)}>${ruleTitle(alert.code)}</a>
        <div class="quiet small"><${Subject} of=${alert.subject} /></div>`,
    },
    regulator && { key: "party", title: t("regulator.firm.one"), value: (alert) => names.get(alert.party), cell: (alert) => html`<${FirmLink} id=${alert.party} />` },
    { key: "site", title: t("regulator.site"), value: (alert) => sites.get(alert.site) ?? "", cell: (alert) => html`<${SiteName} id=${alert.site} />` },
    { key: "event_time", title: t("regulator.happened"), cell: (alert) => html`<${Time} at=${alert.event_time} />` },
    { key: "state", title: t("regulator.state"), value: (alert) => `${alert.state} ${alert.case}`, cell: (alert) => html`<${AlertState} alert=${alert} />` },
  ].filter(Boolean);
}

/** Whether an alert is open, in a case, or how it was closed. */
export function AlertState({ alert }) {
  if (alert.state === "closed") return html`<${Badge} tone=${alert.outcome === "confirmed" ? "bad" : "good"}>${term("outcome", alert.outcome)}<//>`;
  return alert.case ? html`<${Badge} tone="info" title=${alert.case}>${t("regulator.alerts.in_case")}<//>` : html`<${Badge} tone="warn">${t("regulator.alerts.is_open")}<//>`;
}

function Filters({ filters, counts, names, sites, regulator }) {
  const set = (name) => (event) => setQuery({ [name]: event.target.value, alert: null });
  const select = (name, text, options) => html`<label>${text}<select value=${filters[name]} onChange=${set(name)}>
    ${name !== "state" && html`<option value="">${t("common.all")}</option>`}
    ${options.map(([value, shown]) => html`<option key=${value} value=${value} selected=${filters[name] === value}>${shown}</option>`)}</select></label>`;
  const counted = (held, named, kept) =>
    Object.entries(kept && !(kept in held) ? { ...held, [kept]: 0 } : held).map(([value, n]) => [value, `${named(value)} (${count(n)})`]);
  const months = Object.fromEntries(Object.entries(counts.by_month).reverse());
  return html`<form class="filters" aria-label=${t("regulator.filters")} onSubmit=${(event) => event.preventDefault()}>
    ${select("state", t("regulator.state"), [["open", t("regulator.alerts.is_open")], ["closed", t("regulator.alerts.is_closed")], ["all", t("common.all")]])}
    ${select("code", t("regulator.alerts.rule"), counted(counts.by_code, ruleTitle, filters.code))}
    ${regulator && select("party", t("regulator.firm.one"), counted(counts.by_party, (id) => names.get(id) ?? id, filters.party))}
    ${(sites.size > 0 || filters.site) && select("site", t("regulator.site"), [...new Set([...sites.keys(), filters.site].filter(Boolean))].map((id) => [id, sites.get(id) ?? id]))}
    ${select("month", t("regulator.month"), counted(months, (month) => month, filters.month))}
    ${(filters.code || filters.party || filters.site || filters.month) && html`<button type="button" class="plain" onClick=${() => setQuery({ code: "", party: "", site: "", month: "", alert: "" })}>${t("regulator.filters_clear")}</button>`}
  </form>`;
}
