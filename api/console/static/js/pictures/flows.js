// Flows of mass, one element at a time: how much of it went from what to what.
import { get } from "../core/api.js";
import { exactMass, mass, share, shortId } from "../core/format.js";
import { html, useMemo, useRef } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { partyName, siteName } from "../core/names.js";
import { setQuery } from "../core/router.js";
import { Empty, Loaded, Mass, Table, useLoad } from "../core/ui.js";
import { markOf } from "./colours.js";
import { countryName, originText } from "./origins.js";
import { placed } from "./flow_layout.js";
import { cut } from "./labels.js";
import { scripts } from "./load.js";
import { savePng, saveSvg, useWidth } from "./svg_file.js";

const BY = ["lot", "stage", "party", "site"];
const MOST = 120;
const LIBRARIES = ["d3-array/d3-array", "d3-path/d3-path", "d3-shape/d3-shape", "d3-sankey/d3-sankey"].map((name) => `vendor/${name}.min.js`);

const ENDS = ["held", "travelling", "in pool", "exported", "released", "lost", "difference"];

async function nameOf(node) {
  const firm = node.party ? await partyName(node.party) : "";
  if (node.hidden) return node.stage ? t("pictures.flows.hidden", { stage: term("stage", node.stage) }) : t("pictures.flows.hidden_all");
  if (ENDS.includes(node.kind)) return [t(`pictures.flows.end.${node.kind.replace(" ", "_")}`), firm].filter(Boolean).join(": ");
  if (node.kind === "origin") return (await originText(node.name)).name;
  if (node.kind === "stage") return term("stage", node.name || node.stage);
  if (node.kind === "party") return partyName(node.name || node.party);
  if (node.kind === "site") return siteName(node.name || node.site);
  return shortId(node.name);
}

async function ask(subject, settings, by, element, signal) {
  const ways = settings.direction === "both" ? ["upstream", "downstream"] : [settings.direction];
  const [answers] = await Promise.all([
    Promise.all(ways.map((direction) => get("/v1/flows", { ...subject.query, direction, element, by }, { signal }))),
    flowScripts(),
  ]);
  const nodes = new Map(answers.flatMap((each) => each.nodes).map((node) => [node.id, node]));
  const named = await Promise.all([...nodes.values()].map(async (node) => ({ ...node, name: await nameOf(node) })));
  return { nodes: named, links: answers.flatMap((each) => each.links), truncated: answers.some((each) => each.truncated) };
}

const COLOURS = { origin: "--series-2", party: "--series-3", site: "--series-3", held: "--series-1", travelling: "--warn", "in pool": "--warn", exported: "--info", released: "--series-4", lost: "--quiet", difference: "--quiet" };
const markFor = (node) => (node.hidden ? "--quiet" : (COLOURS[node.kind] ?? markOf(node.stage || node.kind).token));

function Ribbon({ link, words }) {
  return html`<g class="ribbon" tabindex="0" role="img" aria-label=${words}><title>${words}</title>
    <path d=${link.path} fill="none" stroke-width=${Math.max(1, link.width)} style=${{ stroke: `var(${markFor(link.source)})` }} /></g>`;
}

function Node({ node, value }) {
  const words = `${node.name}: ${value}${node.tainted ? `, ${t("pictures.tainted")}` : ""}`;
  const [x, y] = [node.x1 + 6, (node.y0 + node.y1) / 2];
  return html`<g class=${`flow-node ${node.hidden ? "hidden" : ""} ${node.tainted ? "tainted" : ""}`} tabindex="0" role="img" aria-label=${words}><title>${words}</title>
    <rect x=${node.x0} y=${node.y0} width=${node.x1 - node.x0} height=${Math.max(2, node.y1 - node.y0)} style=${{ fill: `var(${markFor(node)})` }} />
    <text x=${x} y=${y} dy="-0.1em">${cut(`${node.tainted ? "⚠ " : ""}${node.name}`, node.room)}</text>
    <text class="quiet" x=${x} y=${y} dy="1.1em">${value}</text></g>`;
}

/** What draws flows; to be there before `FlowDrawing`. */
export const flowScripts = () => scripts(...LIBRARIES);

/** Flows as ribbons between nodes. */
export function FlowDrawing({ flows, inPercent, whole, label, svg }) {
  const holder = useRef(null);
  const width = useWidth(holder, 760);
  const drawn = useMemo(() => (width ? placed(flows, width) : null), [flows, width]);
  const value = (mg) => (inPercent ? share(mg / whole) : mass(mg));
  return html`<div class="flows" ref=${holder} tabindex="0" role="region" aria-label=${label}>
    ${drawn && html`<svg ref=${svg} viewBox=${`0 0 ${width} ${drawn.height}`} width=${width} height=${drawn.height} role="group" aria-label=${label}>
      ${drawn.links.map((link) => html`<${Ribbon} key=${`${link.source.id}>${link.target.id}`} link=${link} words=${t("pictures.flows.from_to", { from: link.source.name, to: link.target.name, mass: value(link.mass_mg) })} />`)}
      ${drawn.nodes.map((node) => html`<${Node} key=${node.id} node=${node} value=${value(node.mass_mg)} />`)}
    </svg>`}
  </div>
  ${drawn?.back.length > 0 && html`<p class="notice">${t("pictures.flows.back", { n: drawn.back.length, mass: mass(drawn.back.reduce((sum, each) => sum + each.mass_mg, 0)) })}</p>`}`;
}

/** Rows of the table twin: every flow between two nodes. */
function FlowTable({ flows, whole, what }) {
  const named = new Map(flows.nodes.map((node) => [node.id, node]));
  const side = (key) => (row) => named.get(row[key])?.name ?? row[key];
  const columns = [
    { key: "source", title: t("pictures.flows.from"), value: side("source") },
    { key: "target", title: t("pictures.flows.to"), value: side("target") },
    { key: "mass_mg", title: t("pictures.flows.mass_kg", { element: what }), numeric: true, value: (row) => row.mass_mg / 1e6, cell: (row) => html`<${Mass} mg=${row.mass_mg} unit="kg" />` },
    { key: "share", title: t("pictures.flows.share"), numeric: true, value: (row) => (whole ? row.mass_mg / whole : null), cell: (row) => (whole ? share(row.mass_mg / whole) : "–") },
    { key: "country", title: t("pictures.flows.country"), value: (row) => (named.get(row.source)?.country ? countryName(named.get(row.source).country) : "") },
    { key: "marks", title: t("pictures.flows.marks"), value: (row) => [named.get(row.source), named.get(row.target)].flatMap((node) => [node?.hidden && t("pictures.flows.hidden_mark"), node?.tainted && t("pictures.tainted")]).filter(Boolean).join("; ") },
  ];
  return html`<${Table} columns=${columns} rows=${flows.links} caption=${t("pictures.flows.caption", { element: what })} csv="flows.csv" most=${50} />`;
}

/** What a per cent is of: what is asked about, else all that comes in at the beginning. */
function wholeOf({ nodes, links }, name) {
  const start = nodes.find((node) => node.name === name);
  if (start?.mass_mg) return start.mass_mg;
  const fed = new Set(links.map((each) => each.target));
  return links.filter((each) => !fed.has(each.source)).reduce((sum, each) => sum + each.mass_mg, 0);
}

/** The flows of an answer's element. */
export function Flows({ subject, settings, data, by, unit, title }) {
  const elements = Object.entries(data.found.contained_mg).sort(([, one], [, other]) => other - one).map(([symbol]) => symbol);
  const { element } = settings;
  const grouping = BY.includes(by) ? by : data.steps.length > 40 ? "stage" : "lot";
  const svg = useRef(null);
  const from = useLoad((signal) => ask(subject, settings, grouping, element, signal), [JSON.stringify(settings), grouping, element]);
  const inPercent = unit === "percent";
  if (!elements.length) return html`<${Empty}>${t("pictures.contains_nothing")}<//>`;
  const what = element ?? t("pictures.flows.all_reo");
  const label = t("pictures.flows.label", { element: what, title });
  return html`<div class="picture">
    <div class="tools picture-tools">
      <label class="inline">${t("pictures.flows.element")}<select value=${element ?? ""} onChange=${(event) => setQuery({ element: event.target.value })}><option value="">${t("pictures.all_elements")}</option>${elements.map((each) => html`<option key=${each} value=${each}>${each} ${term("element", each)}</option>`)}</select></label>
      <label class="inline">${t("pictures.flows.by")}<select value=${grouping} onChange=${(event) => setQuery({ by: event.target.value })}>${BY.map((each) => html`<option key=${each} value=${each}>${t(`pictures.flows.by_${each}`)}</option>`)}</select></label>
      <label class="inline">${t("pictures.flows.unit")}<select value=${inPercent ? "percent" : "mass"} onChange=${(event) => setQuery({ unit: event.target.value === "percent" ? "percent" : null })}><option value="mass">${t("pictures.flows.quantity")}</option><option value="percent">${t("pictures.flows.percent")}</option></select></label>
      <button type="button" class="plain" onClick=${() => svg.current && saveSvg(svg.current, `flows-${element ?? "all"}`)}>${t("pictures.save_svg")}</button>
      <button type="button" class="plain" onClick=${() => svg.current && savePng(svg.current, `flows-${element ?? "all"}`)}>${t("pictures.save_png")}</button>
    </div>
    <${Loaded} from=${from} empty=${(flows) => !flows.links.length} emptyText=${t("pictures.flows.none")}>${(flows) => html`
      ${flows.truncated && html`<p class="notice warn">${t("pictures.flows.truncated")}</p>`}
      ${flows.nodes.length > MOST
        ? html`<p class="notice">${t("pictures.flows.many", { n: flows.nodes.length })}</p>`
        : html`<${FlowDrawing} flows=${flows} inPercent=${inPercent} whole=${wholeOf(flows, subject.name)} label=${label} svg=${svg} />`}
      <details class="twin"><summary>${t("pictures.as_table")}</summary><${FlowTable} flows=${flows} whole=${wholeOf(flows, subject.name)} what=${what} /></details>`}<//>
    <p class="quiet note">${t("pictures.flows.note")}</p>
  </div>`;
}
