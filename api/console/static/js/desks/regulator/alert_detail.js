// One alert: what was noticed, with its evidence, where it stands, and what to do.
import { html, useEffect, useRef } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { EntryLink, Facts, SiteName, Time } from "../../core/ui.js";
import { Evidence } from "../../parts/evidence.js";
import { CaseLink, FirmLink, Subject } from "../../parts/links.js";
import { gradeOf, ruleMeaning, ruleMend, ruleTitle } from "../../parts/rules.js";
import { AlertState } from "./alerts.js";

/** What names an alert in an address: its entry and its number there. */
export const alertKey = (alert) => `${alert.index}-${alert.number}`;

/** An alert with its evidence, as a panel beside the list. */
export function AlertDetail({ alert, regulator, onClose }) {
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), [alertKey(alert)]);
  const facts = [
    [t("regulator.state"), html`<${AlertState} alert=${alert} />`],
    [t("regulator.alerts.subject"), html`<${Subject} of=${alert.subject} />`],
    regulator && [t("regulator.firm.one"), html`<${FirmLink} id=${alert.party} />`],
    alert.site && [t("regulator.site"), html`<${SiteName} id=${alert.site} />`],
    [t("regulator.happened"), html`<${Time} at=${alert.event_time} />`],
    [t("regulator.alerts.entry"), html`<${EntryLink} index=${alert.index} />`],
    regulator && alert.case && [t("regulator.cases.one"), html`<${CaseLink} id=${alert.case} />`],
    regulator && [t("regulator.alerts.told"), t(alert.told ? "common.yes" : "common.no")],
    regulator && [t("regulator.grade.title"), t(`regulator.grade.${gradeOf(alert.code)}`)],
  ];
  return html`<aside class="panel detail" aria-labelledby="alert-title">
    <header class="panel-head"><h2 id="alert-title" tabindex="-1" ref=${heading}>${ruleTitle(alert.code)}</h2>
      <button type="button" class="plain small" onClick=${onClose}>${t("common.close")}</button></header>
    <p>${ruleMeaning(alert.code)}</p>
    ${!regulator && html`<div class="notice"><strong>${t("regulator.alerts.to_do")}</strong><p>${ruleMend(alert.code)}</p></div>`}
    <${Facts} rows=${facts} />
    <h3>${t("rules.evidence.title")}</h3>
    <${Evidence} evidence=${alert.evidence} />
    ${regulator && html`<h3>${t("regulator.alerts.mend")}</h3><p>${ruleMend(alert.code)}</p>`}
    <details><summary>${t("rules.evidence.words")} <code>${alert.code}</code></summary>
      <p lang="en">${alert.detail}</p><p lang="en" class="quiet">${alert.mend}</p></details>
  </aside>`;
}
