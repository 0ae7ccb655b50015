// Opening a case over alerts: a signed act. Those it is about do not read it.
import { all } from "../../core/api.js";
import { html, useEffect, useMemo, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { ruleTitle } from "../../parts/rules.js";
import { SignedAct } from "../../parts/signed_act.js";
import { PartyName } from "../../core/ui.js";

const CODE = "[A-Za-z0-9][A-Za-z0-9._:\\/\\-]*";

/** Name for the next case of this year: 2026-0032 after 2026-0031. */
export function nextCase(names, year = new Date().getFullYear()) {
  const taken = names.map((name) => /^(\d{4})-(\d{4})$/.exec(name)).filter((found) => found && Number(found[1]) === year);
  return `${year}-${String(1 + Math.max(0, ...taken.map((found) => Number(found[2])))).padStart(4, "0")}`;
}

const lotOf = (alert) => (alert.subject.startsWith("lot:") ? [alert.subject.slice(4)] : []);

/** The form that opens a case; `onDone` is called once it is recorded. */
export function OpenCase({ alerts: given, onDone }) {
  const [alerts] = useState(given);
  const [name, setName] = useState("");
  const [withFirms, setWithFirms] = useState(true);
  const [withLots, setWithLots] = useState(true);
  const [closed, setClosed] = useState([]);
  const [reopens, setReopens] = useState("");
  useEffect(() => {
    all("/v1/cases", "records", { limit: 1000 }).then((cases) => {
      setName((typed) => typed || nextCase(cases.map((each) => each.case)));
      setClosed(cases.filter((each) => each.state === "closed").map((each) => each.case));
    }, () => {});
  }, []);
  const parties = useMemo(() => [...new Set(alerts.map((alert) => alert.party))].filter(Boolean), [alerts]);
  const lots = useMemo(() => [...new Set(alerts.flatMap(lotOf))], [alerts]);
  const act = name.trim() && {
    act: "open-case",
    case: name.trim(),
    alerts: alerts.map((alert) => ({ entry: alert.index, number: alert.number })),
    ...(withFirms && parties.length ? { parties } : {}),
    ...(withLots && lots.length ? { lots } : {}),
    ...(reopens ? { reopens } : {}),
  };
  const summary = [
    [t("regulator.cases.one"), name],
    [t("common.nav.alerts"), alerts.map((alert) => html`<div key=${`${alert.index}-${alert.number}`}>${ruleTitle(alert.code)} <span class="figure quiet">#${alert.index}</span></div>`)],
    withFirms && [t("regulator.firm.many"), parties.map((id) => html`<div key=${id}><${PartyName} id=${id} /></div>`)],
    reopens && [t("regulator.cases.reopens"), reopens],
  ];
  return html`<${SignedAct} act=${act || null} summary=${summary} label=${t("regulator.cases.open")} onDone=${onDone}>
    <p class="quiet">${t("regulator.cases.open_lead")}</p>
    <label>${t("regulator.cases.name")}<input required maxlength="100" pattern=${CODE} value=${name} onInput=${(event) => setName(event.target.value)} /></label>
    <label><input type="checkbox" checked=${withFirms} onChange=${(event) => setWithFirms(event.target.checked)} /> ${t("regulator.cases.with_firms", { n: parties.length })}</label>
    ${lots.length > 0 && html`<label><input type="checkbox" checked=${withLots} onChange=${(event) => setWithLots(event.target.checked)} /> ${t("regulator.cases.with_lots", { n: lots.length })}</label>`}
    ${closed.length > 0 && html`<label>${t("regulator.cases.reopens")}<select value=${reopens} onChange=${(event) => setReopens(event.target.value)}><option value="">${t("regulator.cases.reopens_none")}</option>${closed.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></label>`}
  <//>`;
}
