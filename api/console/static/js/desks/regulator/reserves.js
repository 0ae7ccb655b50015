// How long strategic reserves last, and what the loss of a source would take away downstream.
import { get } from "../../core/api.js";
import { share } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, tag } from "../../core/i18n.js";
import { partyName, productName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { Badge, Figure, Loaded, Mass, Page, Section, Table, useLoad } from "../../core/ui.js";
import { massColumn } from "../../parts/columns.js";
import { Element } from "../../parts/elements.js";
import { FirmLink } from "../../parts/links.js";
import { begins, Period, periodOf } from "../../parts/period.js";
import { data as file } from "../../pictures/load.js";
import { countryName } from "../../pictures/origins.js";

export const areas = ["dependence", "regulator", "rules"];
const ALL = "REO";
const SOON_DAYS = 30;

const days = (text) => new Intl.NumberFormat(tag(), { maximumFractionDigits: 1 }).format(Number(text));
const element = { key: "element", title: "", value: (row) => row.element };

/** A number of days; in words where it cannot be said, in red where it is short. */
const Days = ({ of, otherwise }) => (of === null ? html`<span class="quiet">${otherwise}</span>` : html`<${Badge} tone=${Number(of) < SOON_DAYS ? "bad" : "good"}>${t("dependence.days", { n: days(of) })}<//>`);

const withElement = () => ({ ...element, title: t("rules.evidence.element"), cell: (row) => html`<${Element} code=${row.element} />` });
const daysColumn = (key, title, otherwise) => ({ key, title, numeric: true, value: (row) => (row[key] === null ? null : Number(row[key])), cell: (row) => html`<${Days} of=${row[key]} otherwise=${otherwise} />` });
const shareColumn = () => ({ key: "share", title: t("dependence.lost_share"), numeric: true, value: (row) => Number(row.share), cell: (row) => share(row.share, 1) });

export default function Reserves({ query }) {
  const { from, until } = periodOf(query);
  const country = query.get("country") ?? "";
  const span = { start: begins(from), end: begins(until) };
  const held = useLoad(async (signal) => (await get("/v1/reserves", span, { signal })).reserves, [from, until]);
  const choices = useLoad(async () => Object.keys((await file("js/pictures/country_middles.json")).middles).map((code) => [code, countryName(code)]).sort(([, one], [, other]) => one.localeCompare(other)));
  return html`<${Page} title=${t("common.nav.reserves")} lead=${t("dependence.reserves_lead")} actions=${html`<a href="/console/dependence">${t("common.nav.dependence")}</a>`}>
    <form class="filters" aria-label=${t("regulator.filters")} onSubmit=${(event) => event.preventDefault()}>
      <label>${t("dependence.source")}<select value=${country} onChange=${(event) => setQuery({ country: event.target.value })}>
        <option value="" selected=${!country}>${t("dependence.choose_one")}</option>
        ${(choices.value ?? []).map(([code, words]) => html`<option key=${code} value=${code} selected=${code === country}>${words}</option>`)}</select></label>
      <${Period} from=${from} until=${until} />
    </form>
    <${Section} title=${t("dependence.reserves")}><${Loaded} from=${held} empty=${(rows) => !rows.length} emptyText=${t("dependence.no_reserves")}>${(rows) => html`<${Held} rows=${rows} />`}<//><//>
    ${country ? html`<${Interruption} country=${country} span=${span} />` : html`<p class="empty">${t("dependence.choose_source")}</p>`}
    <p class="quiet note">${t("dependence.not_counted")}</p>
  <//>`;
}

function Held({ rows }) {
  const columns = [
    { key: "country", title: t("dependence.holders"), value: (row) => countryName(row.country) },
    withElement(),
    massColumn("stock_mg", t("dependence.stock"), rows),
    massColumn("released_mg", t("dependence.used"), rows),
    massColumn("exported_mg", t("dependence.exported"), rows),
    daysColumn("cover_days", t("dependence.cover"), t("dependence.no_use")),
    daysColumn("cover_with_exports_days", t("dependence.cover_exports"), t("dependence.no_use")),
  ];
  return html`<${Table} caption=${t("dependence.reserves")} columns=${columns} rows=${rows} rowKey=${(row) => `${row.country} ${row.element}`} csv="reserves.csv" />`;
}

async function load(country, span, signal) {
  const found = await get("/v1/interruptions", { country, ...span }, { signal });
  const [firms, products] = await Promise.all([
    Promise.all(found.firms.map(async (row) => ({ ...row, name: await partyName(row.party) }))),
    Promise.all(found.products.map(async (row) => ({ ...row, shown: await productName(row.name) }))),
  ]);
  const uses = found.uses.map((row) => ({ ...row, shown: row.name === "release" ? t("dependence.users") : countryName(row.name) }));
  return { ...found, firms, products, uses };
}

function Interruption({ country, span }) {
  const found = useLoad((signal) => load(country, span, signal), [country, span.start, span.end]);
  return html`<${Loaded} from=${found} empty=${({ firms, products, uses }) => !firms.length && !products.length && !uses.length} emptyText=${t("dependence.nothing_from", { country: countryName(country) })}>${({ firms, products, uses, reserves }) => {
    const all = firms.filter((row) => row.element === ALL);
    const lasting = all.filter((row) => row.lasts_days !== null);
    const [cover] = reserves.filter((row) => row.element === ALL);
    return html`<div class="stats">
        <${Figure} label=${t("dependence.firms_hit")}>${all.length}<//>
        <${Figure} label=${t("dependence.firms_short")} tone=${lasting.length ? "bad" : "good"} hint=${t("dependence.firms_short_hint")}>${lasting.length}<//>
        <${Figure} label=${t("dependence.lost_use")} hint=${cover ? share(cover.used_mg ? cover.lost_mg / cover.used_mg : null, 1) : null}><${Mass} mg=${cover?.lost_mg ?? 0} /><//>
        <${Figure} label=${t("dependence.stand_in")}>${cover ? html`<${Days} of=${cover.lasts_days} otherwise="–" />` : "–"}<//>
      </div>
      <${Section} title=${t("dependence.firms", { country: countryName(country) })}><${Firms} rows=${firms} />
        <details><summary>${t("dependence.how")}</summary><p>${t("dependence.means.interruption")}</p></details><//>
      <div class="columns"><${Section} title=${t("dependence.products")}><${Losses} rows=${products} title=${t("dependence.products")} csv="products.csv" /><//>
        <${Section} title=${t("dependence.uses")}><${Losses} rows=${uses} title=${t("dependence.uses")} csv="uses.csv" /><//></div>`;
  }}<//>`;
}

function Firms({ rows }) {
  const columns = [
    { key: "name", title: t("regulator.firm.one"), cell: (row) => html`<${FirmLink} id=${row.party} />` },
    withElement(),
    massColumn("came_mg", t("dependence.came_in"), rows),
    massColumn("lost_mg", t("dependence.lost"), rows),
    shareColumn(),
    massColumn("went_mg", t("dependence.went"), rows),
    massColumn("stock_mg", t("dependence.stock"), rows),
    daysColumn("lasts_days", t("dependence.lasts"), t("dependence.no_deficit")),
  ];
  return html`<${Table} caption=${t("dependence.firms_table")} columns=${columns} rows=${rows} rowKey=${(row) => `${row.party} ${row.element}`} csv="interruption.csv" most=${40} />`;
}

function Losses({ rows, title, csv }) {
  const columns = [
    { key: "shown", title: t("dependence.what") },
    withElement(),
    massColumn("mass_mg", t("dependence.mass"), rows),
    massColumn("lost_mg", t("dependence.lost"), rows),
    shareColumn(),
  ];
  return html`<${Table} caption=${title} columns=${columns} rows=${rows} rowKey=${(row) => `${row.name} ${row.element}`} csv=${csv} most=${20} />`;
}
