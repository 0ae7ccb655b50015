// Where it went on the map: sites as dots, hollow where only their country is known, and the ways between them.
import { get } from "../core/api.js";
import { date, mass } from "../core/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { partyName, siteName } from "../core/names.js";
import { Loaded, Mass, Table, useLoad } from "../core/ui.js";
import { data as file, scripts } from "./load.js";
import { around, labelled, mapped, within, WORLD } from "./map_layout.js";
import { countryName } from "./origins.js";
import { asked } from "./subject.js";
import { savePng, saveSvg, useWidth } from "./svg_file.js";

const LIBRARIES = ["d3-array/d3-array", "d3-geo/d3-geo", "topojson-client/topojson-client"].map((name) => `vendor/${name}.min.js`);
const KEYS = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };

/** The world's land and the middles of its countries, once what draws them is there. */
export async function world() {
  const [atlas, { middles }] = await Promise.all([file("vendor/world-atlas/land-110m.json"), file("js/pictures/country_middles.json"), scripts(...LIBRARIES)]);
  return { land: globalThis.topojson.feature(atlas, atlas.objects.land), middles };
}

async function ask(subject, settings, signal) {
  const ways = settings.direction === "both" ? ["upstream", "downstream"] : [settings.direction];
  const { since, until } = asked(settings);
  const [answers, { land, middles }] = await Promise.all([
    Promise.all(ways.map((direction) => get("/v1/routes", { ...subject.query, direction, since, until }, { signal }))),
    world(),
  ]);
  const sites = new Map(answers.flatMap((each) => each.sites).map((site) => [site.id, site]));
  const routes = new Map(answers.flatMap((each) => each.routes).map((route) => [`${route.source}>${route.target}`, route]));
  const named = await Promise.all(
    [...sites.values()].map(async (site) => ({ ...site, name: await siteName(site.id), firm: site.party ? await partyName(site.party) : "" })),
  );
  return { sites: named, routes: [...routes.values()], drawn: mapped({ sites: named, routes: [...routes.values()] }, land, middles), truncated: answers.some((each) => each.truncated) };
}

const routeWords = (route, names) =>
  t("pictures.map.route_words", { from: names.get(route.source), to: names.get(route.target), mass: mass(route.mass_mg) });

function siteWords(site) {
  const where = site.stated ? countryName(site.country) : t("pictures.map.estimated", { country: countryName(site.country) });
  return [site.name, site.firm, where].filter(Boolean).join(", ");
}

/** The view of the map and what moves it: buttons, wheel with Ctrl, drag, arrow and + − keys. */
function useView(start) {
  const [view, setView] = useState(start);
  useEffect(() => setView(start), [start]);
  const zoom = (factor) => setView(({ x, y, width }) => {
    const next = Math.min(WORLD.width, Math.max(12, width / factor));
    return within({ x: x + (width - next) / 2, y: y + (width - next) / 4, width: next });
  });
  const pan = (dx, dy) => setView(({ x, y, width }) => within({ x: x + dx * width, y: y + dy * width, width }));
  const onKeyDown = (event) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey) return;
    if (KEYS[event.key]) pan(...KEYS[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") setView(start);
    else return;
    event.preventDefault();
  };
  return { view, zoom, pan, onKeyDown, reset: () => setView(start), all: () => setView({ x: 0, y: 0, width: WORLD.width }) };
}

function useDrag(holder, pan, zoom) {
  useEffect(() => {
    const element = holder.current;
    let last = null;
    const down = (event) => (last = [event.clientX, event.clientY]);
    const move = (event) => {
      if (!last || !(event.buttons & 1)) return;
      pan((last[0] - event.clientX) / element.clientWidth, (last[1] - event.clientY) / element.clientWidth);
      last = [event.clientX, event.clientY];
    };
    const wheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8);
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", move);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("wheel", wheel);
    };
  }, []);
}

function Route({ route, names, unit }) {
  const words = routeWords(route, names);
  return html`<g class="route" tabindex="0" role="img" aria-label=${words}><title>${words}</title>
    <path d=${route.path} fill="none" stroke-width=${route.width * unit} marker-end="url(#route-tip)" /></g>`;
}

function Place({ site, unit }) {
  const words = siteWords(site);
  const { anchor, x, y, hidden } = site.label;
  return html`<g class=${`place ${site.stated ? "" : "estimated"} ${hidden ? "crowded" : ""}`} tabindex="0" role="img" aria-label=${words}>
    <title>${words}</title>
    <circle cx=${site.x} cy=${site.y} r=${5.5 * unit} stroke-width=${2 * unit} />
    <text x=${site.x + x * unit} y=${site.y + y * unit} text-anchor=${anchor} font-size=${12 * unit} stroke-width=${3 * unit}>${site.name}</text></g>`;
}

function Drawing({ drawn, names, label, svg, moves }) {
  const { view, pan, zoom, onKeyDown } = moves;
  const holder = useRef(null);
  const width = useWidth(holder);
  useDrag(holder, pan, zoom);
  // Dots, lines and letters keep their size on the page whatever the zoom and however wide the page is.
  const unit = view.width / (width || WORLD.width);
  const sites = labelled(drawn.sites, view, unit);
  const tip = 9 * unit;
  return html`<div ref=${holder}><svg ref=${svg} class="map" viewBox=${`${view.x} ${view.y} ${view.width} ${view.width / 2}`} role="group" aria-label=${label} tabindex="0" onKeyDown=${onKeyDown}>
    <defs><marker id="route-tip" viewBox="0 0 8 8" refX="13" refY="4" markerWidth=${tip} markerHeight=${tip} markerUnits="userSpaceOnUse" orient="auto">
      <path class="tip" d="M0 0 8 4 0 8Z" /></marker></defs>
    <path class="land" d=${drawn.land} stroke-width=${0.5 * unit} />
    ${drawn.routes.map((route) => html`<${Route} key=${`${route.source}>${route.target}`} route=${route} names=${names} unit=${unit} />`)}
    ${sites.map((site) => html`<${Place} key=${site.id} site=${site} unit=${unit} />`)}
  </svg></div>`;
}

function RouteTable({ answer, names }) {
  const columns = [
    { key: "source", title: t("pictures.flows.from"), value: (row) => names.get(row.source) ?? row.source },
    { key: "target", title: t("pictures.flows.to"), value: (row) => names.get(row.target) ?? row.target },
    { key: "mass_mg", title: t("pictures.mass_kg"), numeric: true, value: (row) => row.mass_mg / 1e6, cell: (row) => html`<${Mass} mg=${row.mass_mg} unit="kg" />` },
    { key: "first", title: t("pictures.map.first"), cell: (row) => date(row.first) },
    { key: "last", title: t("pictures.map.last"), cell: (row) => date(row.last) },
  ];
  return html`<${Table} columns=${columns} rows=${answer.routes} caption=${t("pictures.map.routes")} csv="routes.csv" most=${50} />`;
}

function SiteTable({ answer }) {
  const placed = new Map(answer.drawn.sites.map((site) => [site.id, site]));
  const how = (site) => t(`pictures.map.position_${!placed.has(site.id) ? "none" : placed.get(site.id).stated ? "stated" : "country"}`);
  const columns = [
    { key: "name", title: t("pictures.site") },
    { key: "firm", title: t("pictures.by") },
    { key: "country", title: t("pictures.flows.country"), value: (row) => countryName(row.country) },
    { key: "position", title: t("pictures.map.position"), value: how },
    { key: "latitude", title: t("pictures.map.latitude"), numeric: true, value: (row) => row.latitude ?? "" },
    { key: "longitude", title: t("pictures.map.longitude"), numeric: true, value: (row) => row.longitude ?? "" },
  ];
  return html`<${Table} columns=${columns} rows=${answer.sites} caption=${t("pictures.map.sites")} csv="sites.csv" most=${50} />`;
}

function Answer({ answer, title, svg, bar, twin }) {
  const start = useMemo(() => around(answer.drawn.sites), [answer]);
  const moves = useView(start);
  const names = useMemo(() => new Map(answer.sites.map((site) => [site.id, site.name])), [answer]);
  return html`${bar(moves)}
    ${answer.truncated && html`<p class="notice warn">${t("pictures.flows.truncated")}</p>`}
    <${Drawing} drawn=${answer.drawn} names=${names} label=${t("pictures.map.label", { title })} svg=${svg} moves=${moves} />
    ${answer.drawn.lost.length > 0 && html`<p class="notice">${t("pictures.map.lost")} ${answer.drawn.lost.map((site) => site.name).join(", ")}</p>`}
    <details class="twin"><summary>${t("pictures.as_table")}</summary>${twin ?? html`<h3>${t("pictures.map.routes")}</h3><${RouteTable} answer=${answer} names=${names} /><h3>${t("pictures.map.sites")}</h3><${SiteTable} answer=${answer} />`}</details>`;
}

/** A map of places and the ways between them, with what moves it; `twin` says the same as a table. */
export function PlaceMap({ answer, title, twin }) {
  const svg = useRef(null);
  const bar = ({ zoom, pan, reset, all }) => html`<div class="tools picture-tools">
    <button type="button" class="plain" onClick=${() => zoom(1.4)} aria-label=${t("pictures.zoom_in")} title=${t("pictures.zoom_in")}>+</button>
    <button type="button" class="plain" onClick=${() => zoom(1 / 1.4)} aria-label=${t("pictures.zoom_out")} title=${t("pictures.zoom_out")}>−</button>
    ${[["←", "west", -0.2, 0], ["→", "east", 0.2, 0], ["↑", "north", 0, -0.1], ["↓", "south", 0, 0.1]].map(([sign, name, dx, dy]) => html`<button key=${name} type="button" class="plain" onClick=${() => pan(dx, dy)} aria-label=${t(`pictures.map.${name}`)} title=${t(`pictures.map.${name}`)}>${sign}</button>`)}
    <button type="button" class="plain" onClick=${reset}>${t("pictures.fit")}</button>
    <button type="button" class="plain" onClick=${all}>${t("pictures.map.world")}</button>
    <button type="button" class="plain" onClick=${() => svg.current && saveSvg(svg.current, "map")}>${t("pictures.save_svg")}</button>
    <button type="button" class="plain" onClick=${() => svg.current && savePng(svg.current, "map")}>${t("pictures.save_png")}</button>
  </div>`;
  return html`<${Answer} answer=${answer} title=${title} svg=${svg} bar=${bar} twin=${twin} />`;
}

/** The map of an answer's sites and the ways between them. */
export function RouteMap({ subject, settings, title }) {
  const from = useLoad((signal) => ask(subject, settings, signal), [JSON.stringify(settings)]);
  return html`<div class="picture">
    <${Loaded} from=${from} empty=${({ sites }) => !sites.length} emptyText=${t("pictures.map.none")}>${(answer) => html`<${PlaceMap} answer=${answer} title=${title} />`}<//>
    <p class="quiet note">${t("pictures.map.note")}</p>
  </div>`;
}
