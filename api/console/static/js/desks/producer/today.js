// What is expected of the firm today: the deadline, deliveries to confirm, alerts, licences that run out.
import { all, get } from "../../core/api.js";
import { count, date, share, shortId } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Badge, Empty, Figure, Loaded, Mass, Page, PartyName, Section, Table, ThingLink, Time, Words, useLoad } from "../../core/ui.js";
import { Allowed as Allowance, ofTechnology } from "../../parts/licence_amount.js";
import { GRADES, gradeOf, ruleMeaning, ruleMend, ruleTitle } from "../../parts/rules.js";

export const areas = ["producer", "rules"];

const SOON_DAYS = 30;

async function load(me, signal) {
  const options = { signal };
  const [filing, incoming, outgoing, { alerts }, licences, quotas, holdings] = await Promise.all([
    get("/v1/filing", { party: me }, options),
    all("/v1/shipments", "shipments", { party: me, side: "consignee", state: "open", limit: 200 }, options),
    all("/v1/shipments", "shipments", { party: me, side: "consignor", state: "open", limit: 200 }, options),
    get("/v1/alerts", { party: me, state: "open", limit: 50 }, options),
    all("/v1/licences", "records", { party: me }, options),
    all("/v1/quotas", "records", { party: me }, options),
    all("/v1/holdings", "holdings", { party: me, limit: 1000 }, options),
  ]);
  return { filing, incoming, outgoing, alerts, licences, quotas, holdings };
}

export default function Today({ who }) {
  const from = useLoad((signal) => load(who.party, signal), [who.party]);
  return html`<${Page} title=${t("producer.today_title")} lead=${who.organisation?.legal_name}
    actions=${html`<a role="button" href="/console/record">${t("producer.record_title")}</a>`}>
    <${Loaded} from=${from}>${(now) => html`
      <${Figures} ...${now} />
      <${Incoming} shipments=${now.incoming} />
      <div class="columns">
        <${Section} title=${t("producer.alerts")} tools=${html`<a href="/console/alerts">${t("common.all")}</a>`}><${Alerts} alerts=${now.alerts} /><//>
        <${Section} title=${t("producer.licences_and_quota")} tools=${html`<a href="/console/licences">${t("common.more")}</a>`}><${Allowed} licences=${now.licences} quotas=${now.quotas} /><//>
      </div>
      <${Outgoing} shipments=${now.outgoing} />`}<//>
  <//>`;
}

function Figures({ filing, incoming, alerts, holdings }) {
  const stock = holdings.reduce((sum, each) => sum + each.mass_mg, 0);
  return html`<div class="stats">
    <${Figure} label=${t("producer.days_left", { n: filing.days_left })} tone=${filing.days_left <= 3 ? "warn" : "good"} hint=${t("producer.deadline", { date: date(filing.deadline) })}>${count(filing.days_left)}<//>
    <${Figure} label=${t("producer.to_confirm", { n: incoming.length })} tone=${incoming.length ? "info" : ""}>${count(incoming.length)}<//>
    <${Figure} label=${t("producer.open_alerts", { n: alerts.length })} tone=${alerts.length ? "bad" : "good"}>${count(alerts.length)}<//>
    <${Figure} label=${t("producer.in_stock")} hint=${t("producer.lots", { n: holdings.filter((each) => each.mass_mg > 0).length })}><${Mass} mg=${stock} /><//>
    <${Figure} label=${t("producer.recorded_this_month")} tone=${filing.late ? "warn" : ""} hint=${filing.late ? t("producer.late", { n: filing.late }) : null}>${count(filing.recorded)}<//>
  </div>`;
}

const Incoming = ({ shipments }) => html`<${Section} title=${t("producer.to_confirm_title")}>
  ${shipments.length === 0
    ? html`<${Empty}>${t("producer.nothing_to_confirm")}<//>`
    : html`<${Table} caption=${t("producer.to_confirm_title")} rows=${shipments} rowKey=${(each) => each.consignor + each.shipment} columns=${[
        { key: "consignor", title: t("producer.from"), cell: (each) => html`<${PartyName} id=${each.consignor} />` },
        { key: "despatch_advice", title: t("producer.number"), cell: (each) => html`<${ThingLink} kind="shipment" id=${each.shipment} consignor=${each.consignor}>${shortId(each.despatch_advice || each.shipment)}<//>` },
        { key: "event_time", title: t("producer.sent_at"), cell: (each) => html`<${Time} at=${each.event_time} />` },
        { key: "due", title: t("producer.due"), cell: (each) => html`<${Time} at=${each.due} />` },
        { key: "sent_mg", title: t("producer.mass"), numeric: true, cell: (each) => html`<${Mass} mg=${each.left_mg ?? each.sent_mg} />` },
        { key: "act", title: "", cell: (each) => html`<${Answers} shipment=${each} />` },
      ]} />`}
<//>`;

/** What can be done with a delivery. */
export const Answers = ({ shipment }) => {
  const query = new URLSearchParams({ consignor: shipment.consignor, shipment: shipment.shipment, site: shipment.site_to || "" });
  return html`<span class="row-actions"><a href=${`/console/record?kind=receive&${query}`}>${t("producer.confirm")}</a> <a class="quiet" href=${`/console/record?kind=refuse&${query}`}>${t("producer.refuse")}</a></span>`;
};

const Outgoing = ({ shipments }) => html`<${Section} title=${t("producer.under_way")} tools=${html`<a href="/console/shipments">${t("common.all")}</a>`}>
  ${shipments.length === 0
    ? html`<${Empty}>${t("producer.nothing_under_way")}<//>`
    : html`<${Table} caption=${t("producer.under_way")} rows=${shipments} rowKey=${(each) => each.shipment} columns=${[
        { key: "consignee", title: t("producer.to"), cell: (each) => html`<${PartyName} id=${each.consignee} />` },
        { key: "kind", title: t("producer.kind"), cell: (each) => term("movement", each.kind) },
        { key: "event_time", title: t("producer.sent_at"), cell: (each) => html`<${Time} at=${each.event_time} />` },
        { key: "due", title: t("producer.due"), cell: (each) => html`<${Time} at=${each.due} />` },
        { key: "left_mg", title: t("producer.mass"), numeric: true, cell: (each) => html`<${Mass} mg=${each.left_mg ?? each.sent_mg} />` },
      ]} />`}
<//>`;

const Alerts = ({ alerts }) =>
  alerts.length === 0
    ? html`<${Empty}>${t("producer.no_alerts")}<//>`
    : html`<ul class="alert-list">${alerts.slice(0, 6).map((each) => html`<li key=${`${each.index} ${each.number}`}>
        <${Badge} tone=${GRADES[gradeOf(each.code)]}>${each.code}<//> <strong>${ruleTitle(each.code)}</strong>
        <p>${ruleMeaning(each.code)}</p><p class="mend">${ruleMend(each.code)}</p><${Words} text=${each.detail} /></li>`)}</ul>`;

function Allowed({ licences, quotas }) {
  const live = licences.filter((each) => ["granted", "applied", "suspended"].includes(each.state));
  if (!live.length && !quotas.length) return html`<${Empty}>${t("producer.no_allowances")}<//>`;
  return html`<ul class="allowances">
    ${quotas.map((each) => html`<li key=${`${each.year} ${each.activity} ${each.ore_class}`}><div><strong>${t(`producer.activity.${each.activity}`)} ${each.year}</strong> <span class="quiet">${t("producer.left")} <${Mass} mg=${each.allotted_mg - each.drawn_mg} /></span></div>
      <${Used} drawn=${each.drawn_mg} of=${each.allotted_mg} label=${t("producer.quota_used", { share: share(each.drawn_mg / each.allotted_mg) })} /></li>`)}
    ${live.map((each) => html`<li key=${each.licence}><div><strong title=${each.licence}>${shortId(each.licence)}</strong> <${LicenceState} licence=${each} /></div>
      ${ofTechnology(each) ? html`<${Allowance} of=${each} />` : html`<${Used} drawn=${each.drawn_mg} of=${each.quantity_mg} label=${t("producer.licence_used", { share: share(each.drawn_mg / each.quantity_mg) })} />`}</li>`)}
  </ul>`;
}

const TONES = { granted: "good", applied: "info", suspended: "warn", refused: "bad", revoked: "bad" };

/** The state of a licence, with its end where that is near. */
export function LicenceState({ licence }) {
  const days = licence.valid_to ? Math.floor((new Date(licence.valid_to) - Date.now()) / 86_400_000) : null;
  return html`<${Badge} tone=${TONES[licence.state] ?? ""}>${term("state", licence.state)}<//>
    ${licence.state === "granted" && days !== null && html` <span class=${days < SOON_DAYS ? "warn-text" : "quiet"}>${t("producer.valid_to", { date: date(licence.valid_to) })}</span>`}
    ${licence.state === "applied" && html` <span class="quiet">${t("producer.days_to_decide", { n: licence.working_days_left ?? "–" })}</span>`}`;
}

/** How much of an allowance is used. */
export const Used = ({ drawn, of, label }) => html`<div class="used"><progress value=${Math.min(drawn, of)} max=${of || 1} aria-label=${label}></progress><small class="quiet">${label}</small></div>`;
