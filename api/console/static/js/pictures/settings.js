// What is asked about and how far: the forms that change a picture's address.
import { get } from "../core/api.js";
import { shortId } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { go, setQuery } from "../core/router.js";
import { seesAll } from "../core/session.js";
import { Loaded, Mass, ProductName, Section, SiteName, Table, ThingLink, useLoad } from "../core/ui.js";
import { Search } from "../parts/search.js";
import { KINDS } from "./subject.js";

/** Asks what a picture is about; to a party its own stock as well. */
export function Chooser({ who }) {
  const [kind, setKind] = useState("lot");
  const onSubmit = (event) => {
    event.preventDefault();
    const { name, consignor } = Object.fromEntries(new FormData(event.target));
    go(`/console/provenance?${new URLSearchParams({ [kind]: name.trim(), ...(kind === "shipment" ? { consignor: consignor.trim() } : {}) })}`);
  };
  return html`<${Section} title=${t("pictures.choose")}>
    <${Search} />
    <h3>${t("pictures.by_id")}</h3>
    <form class="fields chooser" onSubmit=${onSubmit}>
      <label>${t("pictures.kind_of")}<select name="kind" value=${kind} onChange=${(event) => setKind(event.target.value)}>${KINDS.map((each) => html`<option key=${each} value=${each}>${t(`pictures.kind.${each}`)}</option>`)}</select></label>
      <label>${t(kind === "shipment" ? "pictures.shipment_id" : "pictures.id")}<input name="name" required autocomplete="off" spellcheck="false" placeholder=${kind === "lot" ? "urn:epc:class:lgtin:…" : ""} /></label>
      ${kind === "shipment" && html`<label>${t("pictures.consignor")}<input name="consignor" required autocomplete="off" spellcheck="false" /></label>`}
      <div class="form-end"><button type="submit">${t("pictures.show")}</button></div>
    </form>
  <//>
  ${seesAll() ? null : html`<${Stock} party=${who.party} />`}`;
}

function Stock({ party }) {
  const stock = useLoad((signal) => get("/v1/holdings", { party, limit: 200 }, { signal }), [party]);
  const columns = [
    { key: "lot", title: t("pictures.kind.lot"), cell: (row) => html`<${ThingLink} id=${row.lot}>${shortId(row.lot)}<//>` },
    { key: "product", title: t("pictures.product"), cell: (row) => html`<${ProductName} code=${row.product} />` },
    { key: "site", title: t("pictures.site"), cell: (row) => html`<${SiteName} id=${row.site} />` },
    { key: "mass_mg", title: t("pictures.mass_gross"), numeric: true, cell: (row) => html`<${Mass} mg=${row.mass_mg} />` },
  ];
  return html`<${Section} title=${t("pictures.own_stock")}><${Loaded} from=${stock} empty=${(page) => !page.holdings.length} emptyText=${t("pictures.own_stock_none")}>
    ${(page) => html`<${Table} columns=${columns} rows=${page.holdings} caption=${t("pictures.own_stock")} csv="stock.csv" rowKey=${(row) => row.lot + row.site + row.owner} />`}<//><//>`;
}

/** Direction, depth, period, and to regulators which state of the books; kept in the page's address. */
export function Settings({ subject, settings }) {
  const change = (name) => (event) => setQuery({ [name]: event.target.value === "upstream" ? null : event.target.value });
  const back = seesAll() && ["lot", "pool"].includes(subject.kind);
  return html`<form class="picture-settings" onSubmit=${(event) => event.preventDefault()}>
    <label>${t("pictures.direction")}<select value=${settings.direction} onChange=${change("direction")}>${["upstream", "downstream", "both"].map((each) => html`<option key=${each} value=${each}>${t(`pictures.way.${each}`)}</option>`)}</select></label>
    <label>${t("pictures.depth")}<input type="number" min="1" max="10000" inputmode="numeric" value=${settings.depth ?? ""} placeholder=${t("common.all")} onChange=${change("depth")} /></label>
    <label>${t("pictures.since")}<input type="date" value=${settings.since ?? ""} onChange=${change("since")} /></label>
    <label>${t("pictures.until")}<input type="date" value=${settings.until ?? ""} onChange=${change("until")} /></label>
    ${back && html`<label>${t("pictures.at")}<input type="number" min="0" inputmode="numeric" value=${settings.at ?? ""} placeholder=${t("pictures.now")} onChange=${change("at")} /></label>`}
  </form>`;
}
