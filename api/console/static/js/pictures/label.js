// What a lot's label must say, taken from the graph; to be printed, or copied.
import { get } from "../core/api.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Copyable, Facts, Loaded, ProductName, useLoad } from "../core/ui.js";
import { originText } from "./origins.js";

const list = (items) => html`<ul class="plain-list">${items.map((item) => html`<li>${item}</li>`)}</ul>`;

const named = ({ id, name }) => html`<span title=${id}>${name || id}</span>`;

const firms = (label, kind) => label[kind] && [t(`pictures.label.${kind}`), list(label[kind].map(named))];

function Origin({ id }) {
  const from = useLoad(() => originText(id), [id]);
  return html`<span title=${id}>${from.value?.name ?? id}${from.value?.note ? html` <span class="quiet">${from.value.note}</span>` : ""}</span>`;
}

/** The label of a lot, for its producer and for regulators. */
export function Label({ subject }) {
  const from = useLoad((signal) => get("/v1/labels", { lot: subject.name }, { signal }), [subject.name]);
  return html`<div class="picture">
    <p class="quiet">${t("pictures.label.lead")}</p>
    <${Loaded} from=${from}>${(label) => html`<div class="label-card">
      <${Facts} rows=${[
        [t("pictures.label.supplier"), html`<strong>${named(label.supplier)}</strong>`],
        [t("pictures.product"), html`<${ProductName} code=${label.product} />`],
        [t("pictures.kind.lot"), html`<${Copyable} text=${label.lot}>${label.lot}<//>`],
        firms(label, "mine"),
        firms(label, "ore_producer"),
        firms(label, "scrap_supplier"),
        firms(label, "oxide_producer"),
        label.without_producer && [t("pictures.label.without_producer"), list(label.without_producer.map((id) => html`<${Origin} id=${id} />`))],
      ]} /></div>
      <p class="tools"><button type="button" class="secondary" onClick=${() => print()}>${t("pictures.label.print")}</button></p>`}<//>
  </div>`;
}
