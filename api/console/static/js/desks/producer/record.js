// Recording a movement: which one, then its form.
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Page, Section } from "../../core/ui.js";
import { GROUPS, KINDS } from "../../movements/kinds.js";
import { MovementForm } from "./form.js";

export const areas = ["producer", "rules", "acts", "proof"];

export default function Record({ query, who }) {
  const kind = query.get("kind");
  if (!(kind in KINDS)) return html`<${Choose} />`;
  const initial = {};
  for (const name of ["shipment", "consignor", "site", "to", "pool", "licence"]) if (query.get(name)) initial[name] = query.get(name);
  return html`<${Page} title=${term("movement", kind)} lead=${t(`producer.about.${kind}`)} actions=${html`<a href="/console/record">${t("producer.other_kind")}</a>`}>
    <${MovementForm} key=${kind} kind=${kind} me=${who.party} initial=${initial} />
  <//>`;
}

const Choose = () =>
  html`<${Page} title=${t("producer.record_title")} lead=${t("producer.record_lead")}>
    ${GROUPS.map((group) => html`<${Section} key=${group} title=${t(`producer.group.${group}`)}>
      <ul class="choices">${Object.keys(KINDS)
        .filter((kind) => KINDS[kind].group === group)
        .map((kind) => html`<li key=${kind}><a href=${`/console/record?kind=${kind}`}><strong>${term("movement", kind)}</strong><span>${t(`producer.about.${kind}`)}</span></a></li>`)}</ul>
    <//>`)}
  <//>`;
