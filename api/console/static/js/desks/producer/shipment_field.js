// Which shipment a receipt, refusal or cancellation is about: one that is under way to (or from) us, or, where its
// sender has not recorded it yet, its sender and its number.
import { all, get } from "../../core/api.js";
import { date, shortId } from "../../core/format.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { partyName } from "../../core/names.js";
import { Loaded, useLoad } from "../../core/ui.js";
import { massText } from "../../movements/decimal.js";
import { PartyField, TextField } from "./fields.js";
import { UsedGoods, FieldFaultText } from "./goods.js";

/** Rows of a form for what still travels of a shipment. */
export async function rowsOf(consignor, shipment) {
  const { lines } = await get("/v1/shipments/lines", { consignor, shipment });
  return lines
    .filter((line) => line.left_mg > 0)
    .map((line) => ({ lot: line.lot, product: line.product, named: true, amount: massText(line.left_mg), unit: "kg", sent_mg: line.sent_mg }));
}

/** Shipments that are under way, with their senders' or receivers' names. */
async function underWay(me, side, signal) {
  const found = await all("/v1/shipments", "shipments", { party: me, side, state: "open", limit: 200 }, { signal });
  return Promise.all(found.map(async (each) => ({ ...each, other: await partyName(side === "consignee" ? each.consignor : each.consignee) })));
}

export function ShipmentField({ kind, me, form, set, fault }) {
  const side = kind === "cancel" ? "consignor" : "consignee";
  const from = useLoad((signal) => underWay(me, side, signal), [me, side]);
  const [unrecorded, setUnrecorded] = useState(Boolean(form.advice && !form.shipment));
  useEffect(() => {
    if (form.shipment && form.consignor && !form.used.length) choose(form.consignor, form.shipment);
  }, []);
  const choose = async (consignor, shipment) => {
    set({ consignor, shipment, used: [] });
    if (shipment) set({ used: await rowsOf(consignor, shipment) });
  };
  const turn = (event) => {
    setUnrecorded(event.target.checked);
    set({ consignor: "", shipment: "", advice: "", used: event.target.checked ? [{ lot: "", amount: "", unit: "kg" }] : [] });
  };
  return html`<${Loaded} from=${from}>${(found) => html`
    ${!unrecorded && html`<label>${t("producer.field.shipment")}
      <select name="shipment" value=${form.shipment ? `${form.consignor} ${form.shipment}` : ""} onChange=${(event) => choose(...(event.target.value ? event.target.value.split(" ") : ["", ""]))}>
        <option value="">${found.length ? t("producer.choose_shipment", { n: found.length }) : t("producer.no_shipments")}</option>
        ${form.shipment && !found.some((each) => each.shipment === form.shipment) && html`<option value=${`${form.consignor} ${form.shipment}`}>${shortId(form.advice || form.shipment)}</option>`}
        ${found.map((each) => html`<option key=${each.shipment} value=${`${each.consignor} ${each.shipment}`}>${each.other} · ${date(each.event_time)} · ${shortId(each.despatch_advice || each.shipment)}</option>`)}
      </select></label>`}
    <${FieldFaultText} fault=${fault} field="shipment" />
    ${kind === "receive" && html`<label class="check"><input type="checkbox" name="unrecorded" checked=${unrecorded} onChange=${turn} /> ${t("producer.unrecorded")}</label>`}
    ${unrecorded && html`<div class="fields"><${PartyField} name="consignor" form=${form} set=${set} fault=${fault} /><${TextField} name="advice" form=${form} set=${set} fault=${fault} /></div>`}
    ${(form.shipment || unrecorded) && html`<${UsedGoods} rows=${form.used} setRows=${(rows) => set({ used: rows })} fault=${fault} typed=${true} title=${t(kind === "receive" ? "producer.as_weighed" : "producer.goods")} />`}`}<//>`;
}
