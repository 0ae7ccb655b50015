// From which countries the elements of a product, a firm or an importing country come: shares, HHI, map and ribbons.
import { get } from "../../core/api.js";
import { mass, share } from "../../core/format.js";
import { html, useEffect, useRef } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { partyName, productName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { Figure, Loaded, Mass, Page, Section, Table, useLoad } from "../../core/ui.js";
import { FirmSelect } from "../../parts/choosing.js";
import { massColumn } from "../../parts/columns.js";
import { Element, elementName } from "../../parts/elements.js";
import { begins, Period, periodOf } from "../../parts/period.js";
import { Bars } from "../../pictures/bars.js";
import { flowScripts, FlowDrawing } from "../../pictures/flows.js";
import { styles } from "../../pictures/load.js";
import { PlaceMap, world } from "../../pictures/map.js";
import { mapped } from "../../pictures/map_layout.js";
import { countryName } from "../../pictures/origins.js";

export const areas = ["dependence", "regulator", "rules", "pictures"];
const KINDS = ["product", "party", "country"];
const ALL = "REO";
const UNKNOWN = "unknown";

/** A country of origin by name; what nobody knows is called so. */
export const originCountry = (code) => (code === UNKNOWN ? t("dependence.unknown") : countryName(code));

/** Where the goods go: the country that is asked about or the firm's; of a product nowhere. */
async function targetOf(kind, name) {
  if (kind === "country") return { country: name, name: countryName(name) };
  if (kind === "product") return { country: "", name: await productName(name) };
  const firm = await get(`/v1/parties/${encodeURIComponent(name)}`);
  return { country: firm.organisation.country, name: await partyName(name) };
}

async function load(kind, name, from, until, signal) {
  const [found, target, { land, middles }] = await Promise.all([
    get("/v1/dependence", { [kind]: name, start: begins(from), end: begins(until) }, { signal }),
    targetOf(kind, name),
    world(),
    flowScripts(),
  ]);
  return { found, target, land, middles };
}

export default function Dependence({ query }) {
  useEffect(styles, []);
  const kind = KINDS.includes(query.get("of")) ? query.get("of") : "party";
  const name = query.get(kind) ?? "";
  const { from, until } = periodOf(query);
  return html`<${Page} title=${t("common.nav.dependence")} lead=${t("dependence.lead")} actions=${html`<a href="/console/reserves">${t("common.nav.reserves")}</a>`}>
    <form class="filters" aria-label=${t("regulator.filters")} onSubmit=${(event) => event.preventDefault()}>
      <label>${t("dependence.of")}<select value=${kind} onChange=${(event) => setQuery({ of: event.target.value })}>${KINDS.map((each) => html`<option key=${each} value=${each} selected=${each === kind}>${t(`dependence.kind.${each}`)}</option>`)}</select></label>
      ${kind === "party" ? html`<${FirmSelect} party=${name} />` : html`<${Choice} kind=${kind} name=${name} />`}
      <${Period} from=${from} until=${until} />
    </form>
    ${name ? html`<${Found} kind=${kind} name=${name} from=${from} until=${until} element=${query.get("element") || ALL} />` : html`<p class="empty">${t("dependence.choose")}</p>`}
  <//>`;
}

/** A select of products of the catalogue, or of the countries of the map. */
function Choice({ kind, name }) {
  const choices = useLoad(async () => {
    if (kind === "country") return Object.keys((await world()).middles).map((code) => [code, countryName(code)]);
    const { products } = await get("/v1/products");
    return Promise.all(products.map(async ({ code }) => [code, await productName(code)]));
  }, [kind]);
  const ordered = (choices.value ?? []).toSorted(([, one], [, other]) => one.localeCompare(other));
  return html`<label>${t(`dependence.kind.${kind}`)}<select value=${name} onChange=${(event) => setQuery({ [kind]: event.target.value })}>
    <option value="" selected=${!name}>${t("dependence.choose_one")}</option>
    ${ordered.map(([code, words]) => html`<option key=${code} value=${code} selected=${code === name}>${words}</option>`)}</select></label>`;
}

function Found({ kind, name, from, until, element }) {
  const loaded = useLoad((signal) => load(kind, name, from, until, signal), [kind, name, from, until]);
  return html`<${Loaded} from=${loaded} empty=${({ found }) => !found.elements.some((each) => each.mass_mg)} emptyText=${t("dependence.nothing")}>${({ found, target, land, middles }) => {
    const one = found.elements.find((each) => each.element === element) ?? found.elements[0];
    const title = t("dependence.title", { element: elementName(one.element), name: target.name });
    return html`<${Summary} one=${one} />
      <${Section} title=${title} tools=${html`<label class="inline">${t("rules.evidence.element")} <select value=${one.element} onChange=${(event) => setQuery({ element: event.target.value })}>${found.elements.map((each) => html`<option key=${each.element} value=${each.element} selected=${each.element === one.element}>${elementName(each.element)}</option>`)}</select></label>`}>
        <${Bars} label=${title} most=${1} rows=${one.countries.map((each) => ({ key: each.country, label: originCountry(each.country), value: Number(each.share), shown: share(each.share, 1), note: html`<span class="bar-note small quiet"><${Mass} mg=${each.mass_mg} /></span>` }))} />
        <details><summary>${t("dependence.how")}</summary><p>${t(`dependence.means.${kind}`)}</p><p>${t("dependence.means.hhi")}</p></details>
      <//>
      <${Section} title=${t("dependence.map")}><div class="picture"><${PlaceMap} answer=${placesOf(one, target, land, middles)} title=${title} twin=${html`<${Countries} elements=${[one]} />`} /></div><//>
      <${Section} title=${t("dependence.flows")}><${Ribbons} found=${found} target=${target} /><//>
      <${Section} title=${t("dependence.table")}><${Countries} elements=${found.elements} /><//>`;
  }}<//>`;
}

const range = ({ hhi_least: least, hhi_most: most }, shown) => (least === null ? "–" : least === most ? shown(least) : `${shown(least)} – ${shown(most)}`);

function Summary({ one }) {
  const [first] = one.countries;
  return html`<div class="stats">
    <${Figure} label=${t("dependence.came")}><${Mass} mg=${one.mass_mg} /><//>
    <${Figure} label=${t("dependence.countries")}>${one.countries.filter(({ country }) => country !== UNKNOWN).length}<//>
    <${Figure} label=${t("dependence.largest")} hint=${share(first.share, 1)}>${originCountry(first.country)}<//>
    <${Figure} label=${t("dependence.hhi")} hint=${t("dependence.hhi_hint", { points: range(one, (each) => String(Math.round(Number(each) * 10_000))) })}>${range(one, (each) => Number(each).toFixed(2))}<//>
  </div>`;
}

/** Countries of origin as places of the map, with ways to where the goods went. */
function placesOf(one, target, land, middles) {
  const known = one.countries.filter(({ country }) => country !== UNKNOWN);
  const place = (country, words) => ({ id: country, name: words, firm: "", party: "", country, latitude: null, longitude: null });
  const sites = known.map((each) => place(each.country, `${countryName(each.country)} ${share(each.share, 1)}`));
  if (target.country && !known.some(({ country }) => country === target.country)) sites.push(place(target.country, countryName(target.country)));
  const routes = target.country ? known.filter(({ country }) => country !== target.country).map((each) => ({ source: each.country, target: target.country, mass_mg: each.mass_mg })) : [];
  return { sites, routes, drawn: mapped({ sites, routes }, land, middles), truncated: false };
}

/** Countries, elements and where they went, as ribbons. */
function Ribbons({ found, target }) {
  const svg = useRef(null);
  const elements = found.elements.filter(({ element }) => element !== ALL);
  const node = (id, kind, name, masses) => ({ id, kind, name, stage: "", hidden: false, tainted: false, country: "", mass_mg: masses.reduce((sum, each) => sum + each, 0) });
  const every = elements.flatMap((each) => each.countries.map((country) => ({ ...country, element: each.element })));
  const origins = [...new Set(every.map(({ country }) => country))];
  const nodes = [
    ...origins.map((country) => node(`from ${country}`, "origin", originCountry(country), every.filter((each) => each.country === country).map((each) => each.mass_mg))),
    ...elements.map((each) => node(`of ${each.element}`, "held", elementName(each.element), [each.mass_mg])),
    node("to", "party", target.name, elements.map((each) => each.mass_mg)),
  ];
  const links = [
    ...every.map((each) => ({ source: `from ${each.country}`, target: `of ${each.element}`, mass_mg: each.mass_mg })),
    ...elements.map((each) => ({ source: `of ${each.element}`, target: "to", mass_mg: each.mass_mg })),
  ];
  const whole = found.elements[0].mass_mg;
  const label = t("dependence.flows_label", { name: target.name, mass: mass(whole) });
  return html`<div class="picture"><${FlowDrawing} flows=${{ nodes, links }} inPercent=${false} whole=${whole} label=${label} svg=${svg} /></div>
    <p class="quiet note">${t("dependence.twin")}</p>`;
}

function Countries({ elements }) {
  const rows = elements.flatMap((each) => each.countries.map((country) => ({ ...each, ...country, all_mg: each.mass_mg })));
  const columns = [
    { key: "element", title: t("rules.evidence.element"), cell: (row) => html`<${Element} code=${row.element} />` },
    { key: "country", title: t("dependence.country"), value: (row) => originCountry(row.country) },
    massColumn("mass_mg", t("dependence.mass"), rows),
    { key: "share", title: t("dependence.share"), numeric: true, value: (row) => Number(row.share), cell: (row) => share(row.share, 2) },
    { key: "hhi", title: t("dependence.hhi"), numeric: true, value: (row) => range(row, (each) => Number(each).toFixed(4)) },
  ];
  return html`<${Table} caption=${t("dependence.table")} columns=${columns} rows=${rows} rowKey=${(row) => `${row.element} ${row.country}`} csv="dependence.csv" most=${60} />`;
}
