// The firm's stock: by site, with what each lot contains, pools among it.
import { all } from "../../core/api.js";
import { mass, unitFor } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, Loaded, Mass, Page, PartyName, ProductName, Section, SiteName, Table, ThingLink, Time, useLoad } from "../../core/ui.js";

export const areas = ["producer"];

async function load(me, signal) {
  const [holdings, pools] = await Promise.all([
    all("/v1/holdings", "holdings", { party: me, limit: 1000 }, { signal }),
    all("/v1/pools", "pools", { party: me }, { signal }),
  ]);
  const held = holdings.filter((each) => each.mass_mg > 0 || each.provisional_mg > 0);
  const sites = [...new Set([...held, ...pools].map((each) => each.site))].sort();
  return { sites: sites.map((site) => ({ site, lots: held.filter((each) => each.site === site), pools: pools.filter((each) => each.site === site) })) };
}

export default function Stock({ who }) {
  const from = useLoad((signal) => load(who.party, signal), [who.party]);
  return html`<${Page} title=${t("producer.stock_title")} lead=${t("producer.stock_lead")}>
    <${Loaded} from=${from} empty=${({ sites }) => sites.length === 0} emptyText=${t("producer.no_stock")}>
      ${({ sites }) => sites.map((each) => html`<${Site} key=${each.site} me=${who.party} ...${each} />`)}
    <//>
  <//>`;
}

const reo = (contained) => Object.values(contained ?? {}).reduce((sum, mg) => sum + mg, 0);
const most = (contained) =>
  Object.entries(contained ?? {})
    .sort((one, other) => other[1] - one[1])
    .slice(0, 3)
    .map(([symbol, mg]) => `${symbol} ${mass(mg, { digits: 3 })}`)
    .join(" · ");

function Site({ site, lots, pools, me }) {
  const unit = unitFor(lots.map((each) => each.mass_mg));
  return html`<${Section} title=${html`<${SiteName} id=${site} />`} label=${site}>
    ${lots.length > 0 && html`<${Table} caption=${t("producer.lots_at_site")} csv="stock.csv" rows=${lots} rowKey=${(each) => `${each.lot} ${each.owner}`} columns=${[
      { key: "lot", title: t("producer.lot"), cell: (each) => html`<${ThingLink} id=${each.lot} />` },
      { key: "product", title: t("producer.product"), cell: (each) => html`<${ProductName} code=${each.product} />` },
      { key: "mass_mg", title: t("producer.mass"), numeric: true, cell: (each) => html`<${Mass} mg=${each.mass_mg} unit=${unit} />` },
      { key: "reo", title: t("producer.contained"), numeric: true, value: (each) => reo(each.contained_mg), cell: (each) => html`<span title=${most(each.contained_mg)}><${Mass} mg=${reo(each.contained_mg)} unit=${unit} /></span>` },
      { key: "elements", title: t("producer.mostly"), value: (each) => most(each.contained_mg), cell: (each) => html`<span class="quiet">${most(each.contained_mg)}</span>` },
      { key: "owner", title: t("producer.owner"), cell: (each) => (each.owner === me ? t("producer.ours") : html`<${PartyName} id=${each.owner} />`) },
      { key: "marks", title: t("producer.marks"), value: (each) => each.provisional_mg, cell: (each) => html`<${Marks} holding=${each} />` },
    ]} />`}
    ${pools.length > 0 && html`<h3>${t("producer.pools")}</h3><${Table} caption=${t("producer.pools")} rows=${pools} rowKey=${(each) => each.pool} columns=${[
      { key: "pool", title: t("producer.pool"), cell: (each) => html`<${ThingLink} kind="pool" id=${each.pool} />` },
      { key: "reo", title: t("producer.contained"), numeric: true, value: (each) => reo(each.contained_mg), cell: (each) => html`<${Mass} mg=${reo(each.contained_mg)} />` },
      { key: "elements", title: t("producer.mostly"), value: (each) => most(each.contained_mg), cell: (each) => html`<span class="quiet">${most(each.contained_mg)}</span>` },
      { key: "closed", title: t("producer.last_close"), cell: (each) => html`<${Time} at=${each.closed} />` },
      { key: "act", title: "", cell: (each) => html`<a href=${`/console/record?${new URLSearchParams({ kind: "close", pool: each.pool, site: each.site })}`}>${t("producer.close_pool")}</a>` },
    ]} />`}
  <//>`;
}

const Marks = ({ holding }) => html`
  ${holding.provisional_mg > 0 && html`<${Badge} tone="warn" title=${t("producer.provisional_means")}>${t("producer.provisional")}<//> `}
  ${holding.tainted_by !== null && holding.tainted_by !== undefined && html`<${Badge} tone="bad">${t("producer.tainted")}<//>`}`;
