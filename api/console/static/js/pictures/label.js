// What a lot's label must say, taken from the graph; to be printed, or copied.
import { get } from "../core/api.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Copyable, Facts, Loaded, PartyName, ProductName, useLoad } from "../core/ui.js";
import { originText } from "./origins.js";

const list = (ids, view) => html`<ul class="plain-list">${ids.map((id) => html`<li key=${id}>${view(id)}</li>`)}</ul>`;

function Origin({ id }) {
  const named = useLoad(() => originText(id), [id]);
  return html`<span title=${id}>${named.value?.name ?? id}${named.value?.note ? html` <span class="quiet">${named.value.note}</span>` : ""}</span>`;
}

/** The label of a lot, for its producer and for regulators. */
export function Label({ subject }) {
  const from = useLoad((signal) => get("/v1/labels", { lot: subject.name }, { signal }), [subject.name]);
  return html`<div class="picture">
    <p class="quiet">${t("pictures.label.lead")}</p>
    <${Loaded} from=${from}>${(label) => html`<div class="label-card">
      <${Facts} rows=${[
        [t("pictures.label.supplier"), html`<strong>${label.supplier}</strong>`],
        [t("pictures.product"), html`<${ProductName} code=${label.product} />`],
        [t("pictures.kind.lot"), html`<${Copyable} text=${label.lot}>${label.lot}<//>`],
        label.mine && [t("pictures.label.mine"), list(label.mine, (id) => html`<${Origin} id=${id} />`)],
        label.ore_producer && [t("pictures.label.ore_producer"), list(label.ore_producer, (id) => html`<${PartyName} id=${id} />`)],
        label.oxide_producer && [t("pictures.label.oxide_producer"), list(label.oxide_producer, (id) => html`<${PartyName} id=${id} />`)],
      ]} /></div>
      <p class="tools"><button type="button" class="secondary" onClick=${() => print()}>${t("pictures.label.print")}</button></p>`}<//>
  </div>`;
}
