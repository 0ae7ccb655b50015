// What the graph tells of one node, with the ways on from there.
import { count } from "../core/format.js";
import { html } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { Badge, Copyable, EntryLink, Facts, Mass, PartyName, ProductName, SiteName, ThingLink, Time } from "../core/ui.js";

const link = (path, query) => `${path}?${new URLSearchParams(query)}`;

/** How far the record of an entry was checked in this browser. */
export function ProofWords({ check, brief = false }) {
  if (!check) return html`<span class="quiet">${t("pictures.proof.unchecked")}</span>`;
  const tone = { good: "good", bad: "bad" }[check.state] ?? "";
  const why = t(`pictures.proof.${check.reason}`);
  return html`<${Badge} tone=${tone} title=${why}>${t(`pictures.proof.${check.state}`)}<//>${!brief && html` <span class="quiet">${why}</span>`}`;
}

function Step({ step, found, checks }) {
  return html`<${Facts} rows=${[
    [t(`pictures.kind.${step.kind}`), html`<${Copyable} text=${step.name}>${step.name}<//>`],
    step.kind === "pool" ? [t("pictures.version"), count(step.version)] : [t("pictures.product"), html`<${ProductName} code=${step.product} /> · ${term("stage", step.stage)}`],
    step.mass_mg > 0 && [t("pictures.mass_gross"), html`<${Mass} mg=${step.mass_mg} />`],
    [t("pictures.by"), html`<a href=${link("/console/firm", { party: step.party })}><${PartyName} id=${step.party} /></a>`],
    step.site && [t("pictures.site"), html`<a href=${link("/console/firm", { party: step.party, site: step.site })}><${SiteName} id=${step.site} /></a>`],
    [t("pictures.what"), html`${term("movement", step.change)}, <${Time} at=${step.event_time} />`],
    [t("pictures.entry"), html`<${EntryLink} index=${step.index} /> <${ProofWords} check=${checks?.get(step.index)} />`],
    step.tainted_by !== null && [t("pictures.badge.tainted"), html`<${Badge} tone="bad">${t("pictures.tainted")}<//> <${EntryLink} index=${step.tainted_by} />`],
    found.length > 0 && [t("pictures.alerts"), html`<ul class="plain-list">${found.map((alert) => html`<li key=${`${alert.index}.${alert.number}`}><a href=${link("/console/alerts", { alert: `${alert.index}-${alert.number}` })}>${alert.code}</a> <span class="quiet" lang="en">${alert.detail}</span></li>`)}</ul>`],
  ]} />
  <p class="tools"><${ThingLink} kind=${step.kind} id=${step.name}>${t("pictures.graph.from_here")}<//></p>`;
}

function Group({ node, onOpen }) {
  return html`<${Facts} rows=${[
    [t("pictures.stage"), term("stage", node.stage)],
    node.party && [t("pictures.by"), html`<a href=${link("/console/firm", { party: node.party })}><${PartyName} id=${node.party} /></a>`],
    [t("pictures.steps"), count(node.count)],
    node.mass_mg > 0 && [t("pictures.mass_gross"), html`<${Mass} mg=${node.mass_mg} />`],
    node.alerts > 0 && [t("pictures.alerts"), count(node.alerts)],
    node.tainted > 0 && [t("pictures.badge.tainted"), count(node.tainted)],
  ]} />
  <p class="tools"><button type="button" class="secondary small" onClick=${onOpen}>${t("pictures.graph.open")}</button></p>`;
}

/** The panel beside the graph. */
export function NodeDetails({ node, alerts, checks, onOpen, onFold, onClose }) {
  const [firm, stage] = node.type === "firm" ? [null, node.groups[0]] : (node.groups ?? []);
  return html`<section class="node-details" aria-label=${t("pictures.graph.details")}>
    <header><h3>${node.words[0]}</h3><button type="button" class="plain small" aria-label=${t("common.close")} onClick=${onClose}>✕</button></header>
    ${node.type === "hidden" && html`<p>${t("pictures.graph.hidden_note")}</p>`}
    ${node.type === "step" && html`<${Step} step=${node.step} found=${alerts.get(node.step.name) ?? []} checks=${checks} />`}
    ${["firm", "stage", "rest"].includes(node.type) && html`<${Group} node=${node} onOpen=${onOpen} />`}
    <p class="tools">
      ${firm && node.depth !== 0 && html`<button type="button" class="plain small" onClick=${() => onFold(firm)}>${t("pictures.graph.fold_firm")}</button>`}
      ${stage && node.depth !== 0 && html`<button type="button" class="plain small" onClick=${() => onFold(stage)}>${t("pictures.graph.fold_stage")}</button>`}
    </p>
  </section>`;
}
