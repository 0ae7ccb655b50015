// The goods of a movement: lots of our stock with their amounts, and new lots with their composition.
import { mass, shortId } from "../../core/format.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { productName } from "../../core/names.js";
import { Mass, ProductName } from "../../core/ui.js";
import { ELEMENTS } from "../../movements/kinds.js";
import { rowOf } from "../../movements/reading.js";

const MODELS = ["identity_preserved", "segregated", "controlled_blending", "mass_balance", "book_and_claim"];

/** Attributes of an input that is at fault, with the sentence that says so. */
export const marked = (fault, field) =>
  fault?.field === field ? { "aria-invalid": "true", title: t(`producer.${fault.code}`) } : {};

/** The sentence about a field that is at fault, where it is this one. */
export const FieldFaultText = ({ fault, field }) =>
  fault?.field === field ? html`<small class="field-fault">${t(`producer.${fault.code}`)}</small>` : null;

/** An amount with its unit. */
export function Amount({ row, set, field, fault }) {
  return html`<div class="amount">
    <label>${t("producer.amount")}
      <input name=${`${field}.amount`} inputmode="decimal" autocomplete="off" value=${row.amount ?? ""}
        onInput=${(event) => set({ amount: event.target.value })} ...${marked(fault, `${field}.amount`)} />
    </label>
    <label><span class="visually-hidden">${t("producer.unit_of_mass")}</span>
      <select name=${`${field}.unit`} value=${row.unit ?? "kg"} onChange=${(event) => set({ unit: event.target.value })}>
        ${["t", "kg", "g", "mg"].map((unit) => html`<option key=${unit} value=${unit}>${unit}</option>`)}
      </select>
    </label>
  </div>`;
}

/** Lots of our stock: pick, then how much. With `typed` the lots are named by hand. */
export function UsedGoods({ rows, setRows, holdings = [], fault, typed = false, title }) {
  const set = (at, changes) => setRows(rows.map((row, each) => (each === at ? { ...row, ...changes } : row)));
  const drop = (at) => setRows(rows.filter((_, each) => each !== at));
  const free = holdings.filter((each) => !rows.some((row) => row.lot === each.lot));
  const add = (lot) => setRows([...rows, rowOf(holdings.find((each) => each.lot === lot))]);
  return html`<fieldset class="goods">
    <legend>${title ?? t("producer.goods")}</legend>
    ${rows.map((row, at) => html`<${UsedLot} key=${at} at=${at} row=${row} set=${(changes) => set(at, changes)} drop=${() => drop(at)}
      held=${holdings.find((each) => each.lot === row.lot)} typed=${typed} fault=${fault} />`)}
    <${FieldFaultText} fault=${fault} field="used" />
    ${typed
      ? html`<button type="button" class="plain" onClick=${() => setRows([...rows, { lot: "", amount: "", unit: "kg" }])}>${t("producer.add_row")}</button>`
      : html`<label>${t("producer.add_lot")}
          <select name="add-lot" value="" onChange=${(event) => event.target.value && add(event.target.value)}>
            <option value="">${free.length ? t("producer.choose_lot", { n: free.length }) : t("producer.no_lots_here")}</option>
            ${free.map((each) => html`<${LotOption} key=${each.lot} holding=${each} />`)}
          </select></label>`}
  </fieldset>`;
}

function UsedLot({ row, at, set, drop, held, typed, fault }) {
  const named = held || row.named || !typed;
  return html`<div class="goods-row">
    ${named
      ? html`<div class="goods-name"><strong><${ProductName} code=${held?.product ?? row.product} /></strong>
          <span class="quiet" title=${row.lot}>${shortId(row.lot)}</span>
          ${held && html`<small class="quiet">${t("producer.have")} <${Mass} mg=${held.mass_mg} /></small>`}
          ${row.sent_mg !== undefined && html`<small class="quiet">${t("producer.sent")} <${Mass} mg=${row.sent_mg} /></small>`}</div>`
      : html`<label class="goods-name">${t("producer.lot")}
          <input name=${`used.${at}.lot`} value=${row.lot} autocomplete="off" onInput=${(event) => set({ lot: event.target.value })} ...${marked(fault, `used.${at}.lot`)} /></label>`}
    <${Amount} row=${row} set=${set} field=${`used.${at}`} fault=${fault} />
    <button type="button" class="plain small" aria-label=${t("producer.leave_out", { lot: shortId(row.lot) })} onClick=${drop}>✕</button>
  </div>`;
}

function LotOption({ holding }) {
  const [name, setName] = useState(holding.product);
  useEffect(() => {
    productName(holding.product).then(setName);
  }, [holding.product]);
  return html`<option value=${holding.lot}>${name} · ${shortId(holding.lot)} · ${mass(holding.mass_mg)}</option>`;
}

/** New lots: their name, product, mass and composition. */
export function MadeGoods({ rows, setRows, products, fault, title }) {
  const set = (at, changes) => setRows(rows.map((row, each) => (each === at ? { ...row, ...changes } : row)));
  const drop = (at) => setRows(rows.filter((_, each) => each !== at));
  return html`<fieldset class="goods">
    <legend>${title ?? t("producer.new_lots")}</legend>
    ${rows.map((row, at) => html`<${NewLot} key=${at} at=${at} row=${row} set=${(changes) => set(at, changes)} products=${products}
      fault=${fault} drop=${rows.length > 1 ? () => drop(at) : null} />`)}
    <${FieldFaultText} fault=${fault} field="made" />
    <button type="button" class="plain" onClick=${() => setRows([...rows, { unit: "kg", elements: {} }])}>${t("producer.add_new_lot")}</button>
  </fieldset>`;
}

function NewLot({ row, at, set, products, fault, drop }) {
  const field = `made.${at}`;
  const choose = (code) => {
    const place = products.findIndex((each) => each.code === code);
    set({ product: code, item: place + 1, ...usual(products[place]) });
  };
  const percent = (name) => html`<label>${t(`producer.${name}`)}
    <input name=${`${field}.${name}`} inputmode="decimal" autocomplete="off" value=${row[name] ?? ""}
      onInput=${(event) => set({ [name]: event.target.value })} ...${marked(fault, `${field}.${name}`)} />
    <${FieldFaultText} fault=${fault} field=${`${field}.${name}`} /></label>`;
  return html`<div class="new-lot">
    <div class="fields">
      <label>${t("producer.lot_name")}
        <input name=${`${field}.lot`} value=${row.lot ?? ""} autocomplete="off" onInput=${(event) => set({ lot: event.target.value })} ...${marked(fault, `${field}.lot`)} /></label>
      <label>${t("producer.product")}
        <select name=${`${field}.product`} value=${row.product ?? ""} onChange=${(event) => choose(event.target.value)} ...${marked(fault, `${field}.product`)}>
          <option value="">${t("producer.choose")}</option>
          ${products.map((each) => html`<option key=${each.code} value=${each.code}>${each.shown}</option>`)}
        </select><${FieldFaultText} fault=${fault} field=${`${field}.product`} /></label>
      <${Amount} row=${row} set=${set} field=${field} fault=${fault} />
    </div>
    <div class="fields">
      ${percent("treo")} ${percent("moisture")}
      <label>${t("producer.model")}
        <select name=${`${field}.model`} value=${row.model ?? ""} onChange=${(event) => set({ model: event.target.value })}>
          <option value="">${t("producer.not_stated")}</option>
          ${MODELS.map((each) => html`<option key=${each} value=${each}>${term("model", each)}</option>`)}
        </select></label>
    </div>
    <${Composition} elements=${row.elements ?? {}} set=${(elements) => set({ elements })} field=${`${field}.elements`} fault=${fault} />
    <label class="check"><input type="checkbox" checked=${row.instance ?? false} onChange=${(event) => set({ instance: event.target.checked })} /> ${t("producer.instance")}</label>
    ${drop && html`<button type="button" class="plain small" onClick=${drop}>${t("producer.drop_lot")}</button>`}
  </div>`;
}

/** What a product usually contains, where the catalogue knows it, in per cent. */
function usual(product) {
  const percent = (value) => (value ? String(+(Number(value) * 100).toFixed(6)) : "");
  const elements = Object.entries(product?.element_fractions ?? {}).map(([symbol, value]) => [symbol, percent(value)]);
  return {
    ...(product?.treo_fraction && { treo: percent(product.treo_fraction) }),
    ...(elements.length && { elements: Object.fromEntries(elements) }),
  };
}

/** The share of each element, as a small table that adds itself up. */
export function Composition({ elements, set, field, fault }) {
  const known = ELEMENTS.filter((symbol) => elements[symbol] !== undefined);
  const shown = known.length ? known : ["La", "Ce", "Pr", "Nd"];
  const rest = ELEMENTS.filter((symbol) => !shown.includes(symbol));
  const all = Object.fromEntries(shown.map((symbol) => [symbol, elements[symbol] ?? ""]));
  const sum = Object.values(all).reduce((total, text) => total + (Number(String(text).replace(/,/g, "")) || 0), 0);
  return html`<fieldset class="composition">
    <legend>${t("producer.composition")}</legend>
    ${shown.map((symbol) => html`<label key=${symbol} title=${term("element", symbol)}>${symbol}
      <input name=${`${field}.${symbol}`} inputmode="decimal" autocomplete="off" value=${all[symbol]}
        onInput=${(event) => set({ ...all, [symbol]: event.target.value })} ...${marked(fault, `${field}.${symbol}`)} /></label>`)}
    ${rest.length > 0 && html`<label><span class="visually-hidden">${t("producer.add_element")}</span>
      <select value="" name=${`${field}.add`} onChange=${(event) => event.target.value && set({ ...all, [event.target.value]: "" })}>
        <option value="">＋</option>
        ${rest.map((symbol) => html`<option key=${symbol} value=${symbol}>${symbol} · ${term("element", symbol)}</option>`)}
      </select></label>`}
    <output class=${Math.abs(sum - 100) <= 0.5 ? "sum good" : "sum"}>${t("producer.sum", { sum: +sum.toFixed(4) })}</output>
  </fieldset>`;
}
