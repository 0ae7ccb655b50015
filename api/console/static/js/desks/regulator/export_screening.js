// A name against the restricted parties: each hit with its score and what that is made of.
import { get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, EntryLink, Loaded, Section, Table, Time, useLoad } from "../../core/ui.js";
import { Question } from "./export_form.js";

const SURE = 950;

/** The form, and what the name in the address is like. */
export function Screening({ query }) {
  const name = query.get("name");
  return html`<${Section} title=${t("export.view.screening")}>
      <p>${t("export.screening.lead")}</p>
      <${Question} fields=${[{ name: "name", label: t("export.screening.name"), required: true }]} query=${query} label=${t("export.view.screening")} />
    <//>
    ${name && html`<${Answer} name=${name} key=${name} />`}`;
}

function Answer({ name }) {
  const found = useLoad((signal) => get("/v1/screening", { name }, { signal }), []);
  return html`<${Loaded} from=${found}>${(answer) => html`<${Section} title=${t("export.screening.of", { name })}>
    <p>${answer.hits.length ? t("export.screening.found", { n: answer.hits.length, of: count(answer.compared) }) : t("export.screening.none", { of: count(answer.compared) })} <${Time} at=${answer.at} /></p>
    ${answer.words.length > 0 && html`<p class="quiet">${t("export.screening.compared", { words: answer.words.join(" · ") })}</p>`}
    ${answer.hits.length > 0 && html`<${Hits} hits=${answer.hits} />`}
  <//>`}<//>`;
}

const said = (hit) => {
  if (hit.same) return t(`export.same.${hit.same}`);
  const pairs = hit.pairs.map((pair) => (pair.asked === pair.listed ? pair.asked : `${pair.asked} ≈ ${pair.listed} (${pair.alike / 10} %)`)).join(", ");
  const only = [hit.asked_only.length && t("export.screening.asked_only", { words: hit.asked_only.join(" ") }), hit.listed_only.length && t("export.screening.listed_only", { words: hit.listed_only.join(" ") })].filter(Boolean);
  return [pairs, ...only].join("; ");
};

function Hits({ hits }) {
  const columns = [
    { key: "score", title: t("export.screening.score"), numeric: true, value: (hit) => hit.score, cell: (hit) => html`<${Badge} tone=${hit.score >= SURE ? "bad" : "warn"}>${hit.score}<//>` },
    { key: "organisation", title: t("export.screening.entry"), value: (hit) => hit.organisation, cell: (hit) => html`${hit.organisation}${hit.name_kind === "alias" && html`<div class="quiet">${t("export.screening.alias", { name: hit.name })}</div>`}` },
    { key: "words", title: t("export.screening.words"), numeric: true },
    { key: "letters", title: t("export.screening.letters"), numeric: true },
    { key: "why", title: t("export.screening.why"), value: said },
    { key: "control_list", title: t("rules.evidence.control_list"), value: (hit) => `${hit.control_list} ${hit.reference}`.trim() },
    { key: "index", title: t("regulator.alerts.entry_short"), numeric: true, cell: (hit) => html`<${EntryLink} index=${hit.index} />` },
  ];
  return html`<${Table} caption=${t("export.screening.hits")} columns=${columns} rows=${hits} rowKey=${(hit) => `${hit.organisation} ${hit.index}`} csv="screening.csv" />`;
}
