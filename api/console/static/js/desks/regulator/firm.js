// One firm as the register and the books have it: entry, roles, listings, keys, sites, stock, shipments, quotas,
// licences, alerts. A firm sees its own; what is public, everybody.
import { all, get } from "../../core/api.js";
import { date, share } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { siteOf } from "../../core/names.js";
import { seesAll } from "../../core/session.js";
import { Badge, Copyable, EntryLink, Facts, Loaded, Mass, Page, ProductName, Section, SiteName, Table, ThingLink, Time, useLoad } from "../../core/ui.js";
import { FirmSelect } from "../../parts/choosing.js";
import { countryName } from "../../parts/countries.js";
import { UsedOf } from "../../parts/licence_amount.js";
import { FirmLink, LicenceLink, Subject } from "../../parts/links.js";
import { ruleTitle } from "../../parts/rules.js";
import { alertKey } from "./alert_detail.js";
import { AlertState } from "./alerts.js";
import { LicenceState } from "./licence_queue.js";
import { quotaTone } from "./quotas.js";

export const areas = ["regulator", "rules"];
const SOME = 200;
const SHOWN = 12;

export default function Firm({ query, who }) {
  const site = query.get("site");
  const owner = useLoad(async () => query.get("party") || (site ? (await siteOf(site))?.party : null) || (seesAll() ? null : who.party), [query.get("party"), site]);
  if (owner.value === undefined) return html`<${Loaded} from=${owner} />`;
  if (!owner.value) return html`<${Page} title=${t("common.nav.firm")}><form class="filters"><${FirmSelect} /></form><//>`;
  return html`<${One} party=${owner.value} site=${site} own=${seesAll() || owner.value === who.party} key=${owner.value} />`;
}

function One({ party, site, own }) {
  const entry = useLoad((signal) => get(`/v1/parties/${encodeURIComponent(party)}`, undefined, { signal }), [party]);
  return html`<${Loaded} from=${entry}>${(firm) => html`<${Page} title=${firm.organisation.legal_name} lead=${firm.roles.map((role) => term("role", role)).join(" · ")}
      actions=${own && html`<a href=${`/console/balance?${new URLSearchParams({ party })}`}>${t("common.nav.balance")}</a><a href=${`/console/alerts?${new URLSearchParams({ party, state: "all" })}`}>${t("common.nav.alerts")}</a>`}>
    <div class="columns">
      <${Section} title=${t("regulator.firm.entry")}><${Register} firm=${firm} /><//>
      <${Section} title=${t("regulator.firm.keys")}><${Keys} party=${party} /><//>
    </div>
    <${Section} title=${t("regulator.firm.sites")}><${Sites} party=${party} chosen=${site} /><//>
    ${own
      ? html`<${Section} title=${t("common.nav.alerts")}><${Alerts} party=${party} /><//>
        <div class="columns"><${Section} title=${t("common.nav.quotas")}><${Quotas} party=${party} /><//>
        <${Section} title=${t("regulator.firm.licences")}><${Licences} party=${party} /><//></div>
        <${Section} title=${t("regulator.firm.stock")}><${Stock} party=${party} /><//>
        <${Section} title=${t("regulator.firm.sent")}><${Shipments} party=${party} side="consignor" /><//>
        <${Section} title=${t("regulator.firm.awaited")}><${Shipments} party=${party} side="consignee" /><//>`
      : html`<p class="notice">${t("regulator.firm.private")}</p>`}
  <//>`}<//>`;
}

const span = ({ start, end }) => html`<div key=${start}>${date(start)} – ${end ? date(end) : t("regulator.firm.open_end")}</div>`;

const Register = ({ firm }) => html`<${Facts} rows=${[
  [t("regulator.firm.id"), html`<${Copyable} text=${firm.id}>${firm.id}<//>`],
  [t("regulator.firm.country"), countryName(firm.organisation.country)],
  [t("rules.evidence.roles"), firm.roles.map((role) => html`<${Badge} key=${role}>${term("role", role)}<//> `)],
  [t("regulator.firm.listed"), firm.listings.length ? firm.listings.map(span) : t("regulator.firm.unlisted")],
  [t("regulator.firm.admitted"), html`<${EntryLink} index=${firm.admitted_at} />`],
  firm.changed_at !== firm.admitted_at && [t("regulator.firm.changed"), html`<${EntryLink} index=${firm.changed_at} />`],
]} />`;

/** A list that is loaded, with words where it is empty. */
function Listed({ load, inputs, columns, caption, rowKey, empty, csv }) {
  const found = useLoad(load, inputs);
  return html`<${Loaded} from=${found} empty=${(rows) => !rows.length} emptyText=${empty}>${(rows) => html`<${Table} caption=${caption} columns=${columns} rows=${rows} rowKey=${rowKey} csv=${csv} most=${SHOWN} />`}<//>`;
}

function Keys({ party }) {
  const columns = [
    { key: "kid", title: t("rules.evidence.kid"), cell: (key) => html`<${Copyable} text=${key.kid} />` },
    { key: "enrolled_at", title: t("regulator.firm.enrolled"), numeric: true, cell: (key) => html`<${EntryLink} index=${key.enrolled_at} />` },
    { key: "revoked_at", title: t("regulator.state"), value: (key) => key.revoked_at, cell: (key) => (key.revoked_at === null || key.revoked_at === undefined ? html`<${Badge} tone="good">${t("regulator.firm.key_good")}<//>` : html`<${Badge} tone="bad">${t("regulator.firm.key_revoked")}<//> <${EntryLink} index=${key.revoked_at} />`) },
  ];
  return html`<${Listed} load=${(signal) => all("/v1/keys", "keys", { party, limit: SOME }, { signal })} inputs=${[party]} columns=${columns} caption=${t("regulator.firm.keys")} rowKey=${(key) => key.kid} empty=${t("regulator.firm.no_keys")} />`;
}

function Sites({ party, chosen }) {
  const columns = [
    { key: "id", title: t("regulator.site"), value: (site) => site.description?.name ?? site.id, cell: (site) => html`<${SiteName} id=${site.id} />` },
    { key: "country", title: t("regulator.firm.country"), value: (site) => (site.description?.country ? countryName(site.description.country) : null) },
    { key: "listings", title: t("regulator.firm.listed"), value: (site) => site.listings[0]?.start, cell: (site) => site.listings.map(span) },
    { key: "listed_at", title: t("regulator.alerts.entry_short"), numeric: true, cell: (site) => html`<${EntryLink} index=${site.listed_at} />` },
    { key: "balance", title: "", cell: (site) => html`<a href=${`/console/balance?${new URLSearchParams({ party, site: site.id })}`}>${t("common.nav.balance")}</a>` },
  ];
  const found = useLoad((signal) => all("/v1/sites", "sites", { party, limit: SOME }, { signal }), [party]);
  return html`<${Loaded} from=${found} empty=${(rows) => !rows.length} emptyText=${t("regulator.firm.no_sites")}>${(rows) => html`<${Table} caption=${t("regulator.firm.sites")} columns=${columns} rows=${rows} rowKey=${(site) => site.id} selected=${(site) => site.id === chosen} />`}<//>`;
}

function Alerts({ party }) {
  const columns = [
    { key: "code", title: t("regulator.alerts.rule"), value: (alert) => ruleTitle(alert.code), cell: (alert) => html`<a href=${`/console/alerts?${new URLSearchParams({ party, state: "all", alert: alertKey(alert) })}`}>${ruleTitle(alert.code)}</a>` },
    { key: "subject", title: t("regulator.alerts.subject"), cell: (alert) => html`<${Subject} of=${alert.subject} />` },
    { key: "event_time", title: t("regulator.happened"), cell: (alert) => html`<${Time} at=${alert.event_time} />` },
    { key: "state", title: t("regulator.state"), cell: (alert) => html`<${AlertState} alert=${alert} />` },
  ];
  return html`<${Listed} load=${async (signal) => (await get("/v1/alerts", { party, limit: SOME }, { signal })).alerts} inputs=${[party]} columns=${columns} caption=${t("common.nav.alerts")} rowKey=${alertKey} empty=${t("regulator.firm.no_alerts")} csv="alerts.csv" />`;
}

function Quotas({ party }) {
  const columns = [
    { key: "year", title: t("rules.evidence.year"), value: (quota) => quota.year, cell: (quota) => String(quota.year) },
    { key: "activity", title: t("rules.evidence.activity"), value: (quota) => t(`terms.activity.${quota.activity}`) },
    { key: "allotted_mg", title: t("regulator.quotas.allotted"), csvTitle: `${t("regulator.quotas.allotted")} (mg)`, numeric: true, cell: (quota) => html`<${Mass} mg=${quota.allotted_mg} />` },
    { key: "drawn_mg", title: t("regulator.quotas.drawn"), csvTitle: `${t("regulator.quotas.drawn")} (mg)`, numeric: true, cell: (quota) => html`<${Mass} mg=${quota.drawn_mg} />` },
    { key: "share_drawn", title: t("rules.evidence.share"), numeric: true, cell: (quota) => html`<${Badge} tone=${quotaTone(quota)}>${share(quota.share_drawn, 1)}<//>` },
  ];
  return html`<${Listed} load=${(signal) => all("/v1/quotas", "records", { party, limit: SOME }, { signal })} inputs=${[party]} columns=${columns} caption=${t("common.nav.quotas")} empty=${t("regulator.firm.no_quotas")} csv="quotas.csv" />`;
}

function Licences({ party }) {
  const columns = [
    { key: "licence", title: t("regulator.licence.one"), cell: (each) => html`<${LicenceLink} id=${each.licence} />` },
    { key: "state", title: t("regulator.state"), cell: (each) => html`<${LicenceState} state=${each.state} />` },
    { key: "items", title: t("regulator.licence.items"), value: (each) => each.items.join("; "), cell: (each) => each.items.map((item) => html`<div key=${item}><${ProductName} code=${item} /></div>`) },
    { key: "drawn_mg", title: t("regulator.licence.drawn"), csvTitle: `${t("regulator.licence.drawn")} (mg)`, numeric: true, cell: (each) => html`<${UsedOf} of=${each} />` },
  ];
  return html`<${Listed} load=${(signal) => all("/v1/licences", "records", { party, limit: SOME }, { signal })} inputs=${[party]} columns=${columns} caption=${t("regulator.firm.licences")} rowKey=${(each) => each.licence} empty=${t("regulator.firm.no_licences")} csv="licences.csv" />`;
}

function Stock({ party }) {
  const columns = [
    { key: "lot", title: t("rules.evidence.lot"), cell: (each) => html`<${ThingLink} id=${each.lot} />` },
    { key: "product", title: t("rules.evidence.product"), cell: (each) => html`<${ProductName} code=${each.product} />` },
    { key: "site", title: t("regulator.site"), cell: (each) => html`<${SiteName} id=${each.site} />` },
    { key: "owner", title: t("regulator.firm.owner"), cell: (each) => html`<${FirmLink} id=${each.owner} />` },
    { key: "mass_mg", title: t("rules.evidence.mass"), csvTitle: `${t("rules.evidence.mass")} (mg)`, numeric: true, cell: (each) => html`<${Mass} mg=${each.mass_mg} />` },
    { key: "tainted_by", title: t("regulator.firm.taint"), value: (each) => each.tainted_by, cell: (each) => (each.tainted_by === null ? "–" : html`<${Badge} tone="bad">${t("regulator.firm.tainted")}<//> <${EntryLink} index=${each.tainted_by} />`) },
  ];
  return html`<${Listed} load=${(signal) => all("/v1/holdings", "holdings", { party, limit: 1000 }, { signal, most: 1000 })} inputs=${[party]} columns=${columns} caption=${t("regulator.firm.stock")} rowKey=${(each) => `${each.lot} ${each.owner} ${each.site}`} empty=${t("regulator.firm.no_stock")} csv="stock.csv" />`;
}

function Shipments({ party, side }) {
  const other = side === "consignor" ? "consignee" : "consignor";
  const columns = [
    { key: "shipment", title: t("rules.evidence.shipment"), cell: (each) => html`<${ThingLink} kind="shipment" id=${each.shipment} consignor=${each.consignor} />` },
    { key: other, title: t(`rules.evidence.${other}`), cell: (each) => html`<${FirmLink} id=${each[other]} />` },
    { key: "kind", title: t("regulator.licence.kind"), value: (each) => term("movement", each.kind) },
    { key: "event_time", title: t("rules.evidence.left"), cell: (each) => html`<${Time} at=${each.event_time} />` },
    { key: "sent_mg", title: t("rules.evidence.sent_mg"), csvTitle: `${t("rules.evidence.sent_mg")} (mg)`, numeric: true, cell: (each) => html`<${Mass} mg=${each.sent_mg} />` },
    { key: "state", title: t("regulator.state"), cell: (each) => html`<${Badge} tone=${each.state === "open" ? "warn" : "good"}>${each.state === "open" ? t("regulator.firm.travelling") : term("state", each.state)}<//>` },
  ];
  const state = side === "consignee" ? "open" : "";
  return html`<${Listed} load=${(signal) => all("/v1/shipments", "shipments", { party, side, state, limit: SOME }, { signal, most: SOME })} inputs=${[party, side]} columns=${columns} caption=${t(side === "consignor" ? "regulator.firm.sent" : "regulator.firm.awaited")} rowKey=${(each) => `${each.consignor} ${each.shipment}`} empty=${t("regulator.firm.no_shipments")} csv="shipments.csv" />`;
}
