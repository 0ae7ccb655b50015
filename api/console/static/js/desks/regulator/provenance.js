// Where goods came from and where they went, in one picture: a lot, a unit, a pool or a shipment.
import { html, useEffect, useMemo } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Loaded, Page, Section, Tabs, useLoad } from "../../core/ui.js";
import { useChecks } from "../../pictures/checks.js";
import { Flows } from "../../pictures/flows.js";
import { Graph } from "../../pictures/graph.js";
import { Header } from "../../pictures/header.js";
import { HandOver } from "../../pictures/hand_over.js";
import { Label } from "../../pictures/label.js";
import { styles } from "../../pictures/load.js";
import { RouteMap } from "../../pictures/map.js";
import { Recall } from "../../pictures/recall.js";
import { Chooser, Settings } from "../../pictures/settings.js";
import { Steps } from "../../pictures/steps.js";
import { alertsByName, answer, settingsOf, subjectOf } from "../../pictures/subject.js";

export const areas = ["provenance", "pictures", "regulator"];

const viewsOf = ({ kind }) => ["graph", "flow", "map", "table", "recall", ...(kind === "lot" ? ["label"] : []), "hand_over"];

export default function Provenance({ query, who }) {
  useEffect(styles, []);
  const subject = subjectOf(query);
  if (!subject) {
    return html`<${Page} title=${t("provenance.title")} lead=${t("provenance.lead")}><${Chooser} who=${who} /><//>`;
  }
  return html`<${Picture} subject=${subject} settings=${settingsOf(query)} query=${query} key=${JSON.stringify(subject)} />`;
}

function Picture({ subject, settings, query }) {
  const asked = useLoad((signal) => answer(subject, settings, signal), [JSON.stringify(settings)]);
  const title = t("provenance.title_of", { name: subject.name });
  return html`<${Page} title=${t("provenance.title")} lead=${t(`provenance.lead_${subject.kind}`)} actions=${html`<a href="/console/provenance" role="button" class="secondary outline">${t("provenance.another")}</a>`}>
    <${Loaded} from=${asked}>${(data) => html`
      <${Header} subject=${subject} data=${data} element=${settings.element} onElement=${(element) => setQuery({ element })} onAt=${(at) => setQuery({ at })} />
      <${Views} subject=${subject} settings=${settings} data=${data} query=${query} title=${title} />`}<//>
  <//>`;
}

function Views({ subject, settings, data, query, title }) {
  const alerts = useMemo(() => alertsByName(data.alerts), [data]);
  const checks = useChecks(data.steps);
  const views = viewsOf(subject);
  const current = views.includes(query.get("view")) ? query.get("view") : "graph";
  return html`<${Section} title=${t("provenance.way")} tools=${checks.words}>
    <${Settings} subject=${subject} settings=${settings} />
    <${Tabs} label=${t("provenance.views")} current=${current} onChange=${(next) => setQuery({ view: next })} tabs=${views.map((id) => ({ id, title: t(`provenance.view.${id}`) }))} />
    ${current === "graph" && html`<${Graph} data=${data} alerts=${alerts} checks=${checks.found} title=${title} />`}
    ${current === "flow" && html`<${Flows} subject=${subject} settings=${settings} data=${data} by=${query.get("by")} unit=${query.get("unit")} title=${title} />`}
    ${current === "map" && html`<${RouteMap} subject=${subject} settings=${settings} title=${title} />`}
    ${current === "table" && html`<${Steps} subject=${subject} settings=${settings} data=${data} checks=${checks.found} />`}
    ${current === "recall" && html`<${Recall} subject=${subject} settings=${settings} />`}
    ${current === "label" && html`<${Label} subject=${subject} />`}
    ${current === "hand_over" && html`<${HandOver} subject=${subject} settings=${settings} data=${data} />`}
  <//>`;
}
