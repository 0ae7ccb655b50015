// Every step as a table, with CSV: what the graph shows, row by row.
import { getText } from "../core/api.js";
import { count, time } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { EntryLink, Failure, Mass, PartyName, ProductName, saveFile, SiteName, Table, ThingLink } from "../core/ui.js";
import { ProofWords } from "./node_details.js";
import { asked } from "./subject.js";

const columns = (checks) => [
  { key: "index", title: t("pictures.entry"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
  { key: "depth", title: t("pictures.depth_column"), numeric: true },
  { key: "change", title: t("pictures.what"), value: (row) => term("movement", row.change) },
  { key: "name", title: t("pictures.thing"), cell: (row) => html`<${ThingLink} kind=${row.kind} id=${row.name} />${row.kind === "pool" ? ` ${t("pictures.graph.version", { n: count(row.version) })}` : ""}` },
  { key: "product", title: t("pictures.product"), cell: (row) => html`<${ProductName} code=${row.product} />` },
  { key: "stage", title: t("pictures.stage"), value: (row) => term("stage", row.stage || row.kind) },
  { key: "party", title: t("pictures.by"), cell: (row) => html`<${PartyName} id=${row.party} />` },
  { key: "site", title: t("pictures.site"), cell: (row) => html`<${SiteName} id=${row.site} />` },
  { key: "event_time", title: t("pictures.when"), cell: (row) => html`<time class="figure" datetime=${row.event_time} title=${row.event_time}>${time(row.event_time)}</time>` },
  { key: "mass_mg", title: t("pictures.mass_kg"), numeric: true, value: (row) => row.mass_mg / 1e6, cell: (row) => (row.mass_mg ? html`<${Mass} mg=${row.mass_mg} unit="kg" />` : "–") },
  { key: "tainted_by", title: t("pictures.taint"), cell: (row) => (row.tainted_by === null ? "–" : html`<${EntryLink} index=${row.tainted_by} />`) },
  { key: "proof", title: t("pictures.proof_column"), value: (row) => t(`pictures.proof.${checks.get(row.index)?.state ?? "unchecked"}`), cell: (row) => html`<${ProofWords} check=${checks.get(row.index)} brief />` },
];

/** The table of an answer's steps. */
export function Steps({ subject, settings, data, checks }) {
  const [failure, setFailure] = useState(null);
  const ways = settings.direction === "both" ? ["upstream", "downstream"] : [settings.direction];
  const save = async (direction) => {
    setFailure(null);
    try {
      const query = { ...subject.query, ...asked(settings), direction };
      saveFile(`provenance-${direction}.csv`, await getText("/v1/provenance", query, { accept: "text/csv" }), "text/csv;charset=utf-8");
    } catch (error) {
      setFailure(error);
    }
  };
  return html`<div class="picture">
    ${failure && html`<${Failure} error=${failure} />`}
    ${data.truncated && html`<p class="notice warn">${t("pictures.truncated", { n: count(data.steps.length) })}</p>`}
    <div class="tools picture-tools"><span class="quiet">${t("pictures.steps_n", { n: data.steps.length, count: count(data.steps.length) })}</span>
      ${ways.map((way) => html`<button key=${way} type="button" class="plain" onClick=${() => save(way)}>${t("pictures.server_csv", { way: t(`pictures.way.${way}`) })}</button>`)}</div>
    <${Table} columns=${columns(checks)} rows=${data.steps} caption=${t("pictures.steps_caption")} csv="steps.csv" rowKey=${(row) => row.node} most=${100} />
    ${Object.keys(data.hidden).length > 0 && html`<p class="notice">${t("pictures.hidden_steps")} ${Object.entries(data.hidden).map(([stage, n]) => `${term("stage", stage)}: ${count(n)}`).join(", ")}</p>`}
  </div>`;
}
