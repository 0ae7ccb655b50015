// What the firm sent and what was sent to it.
import { all } from "../../core/api.js";
import { shortId } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, EntryLink, Loaded, Mass, Page, PartyName, Section, Table, Tabs, ThingLink, Time, useLoad } from "../../core/ui.js";
import { Answers } from "./today.js";

export const areas = ["producer", "rules"];

const TONES = { open: "info", received: "good", refused: "bad", voided: "" };

export default function Shipments({ query, who }) {
  const side = query.get("side") === "consignor" ? "consignor" : "consignee";
  const from = useLoad((signal) => all("/v1/shipments", "shipments", { party: who.party, side, limit: 500 }, { signal }), [who.party, side]);
  const tabs = ["consignee", "consignor"].map((id) => ({ id, title: t(`producer.side.${id}`) }));
  return html`<${Page} title=${t("producer.shipments_title")} actions=${html`<a role="button" href="/console/record?kind=ship">${t("producer.new_shipment")}</a>`}>
    <${Tabs} tabs=${tabs} current=${side} onChange=${(next) => setQuery({ side: next })} label=${t("producer.shipments_title")} />
    <${Section}>
      <${Loaded} from=${from} empty=${(found) => found.length === 0} emptyText=${t(`producer.none.${side}`)}>
        ${(found) => html`<${List} side=${side} shipments=${[...found].sort((one, other) => other.event_time.localeCompare(one.event_time))} />`}
      <//>
    <//>
  <//>`;
}

function List({ side, shipments }) {
  const other = side === "consignee" ? "consignor" : "consignee";
  return html`<${Table} caption=${t("producer.shipments_title")} csv="shipments.csv" rows=${shipments} rowKey=${(each) => each.consignor + each.shipment} columns=${[
    { key: "number", title: t("producer.number"), value: (each) => each.despatch_advice || each.shipment, cell: (each) => html`<${ThingLink} kind="shipment" id=${each.shipment} consignor=${each.consignor}>${shortId(each.despatch_advice || each.shipment)}<//>` },
    { key: other, title: t(side === "consignee" ? "producer.from" : "producer.to"), cell: (each) => html`<${PartyName} id=${each[other]} />` },
    { key: "kind", title: t("producer.kind"), cell: (each) => term("movement", each.kind) },
    { key: "event_time", title: t("producer.sent_at"), cell: (each) => html`<${Time} at=${each.event_time} />` },
    { key: "sent_mg", title: t("producer.mass"), numeric: true, cell: (each) => html`<${Mass} mg=${each.sent_mg} />` },
    { key: "state", title: t("producer.state"), cell: (each) => html`<${Badge} tone=${TONES[each.state] ?? ""}>${term("state", each.state)}<//>` },
    { key: "index", title: t("producer.entry"), numeric: true, cell: (each) => html`<${EntryLink} index=${each.index} />` },
    { key: "act", title: "", cell: (each) => html`<${Todo} side=${side} shipment=${each} />` },
  ]} />`;
}

function Todo({ side, shipment }) {
  if (shipment.state !== "open") return null;
  if (side === "consignee") return html`<${Answers} shipment=${shipment} />`;
  const query = new URLSearchParams({ consignor: shipment.consignor, shipment: shipment.shipment, site: shipment.site_from || "" });
  return html`<a class="quiet" href=${`/console/record?kind=cancel&${query}`}>${t("producer.cancel_shipment")}</a>`;
}
