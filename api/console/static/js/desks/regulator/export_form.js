// The form of a question about export control: fields of text that go into the address, so that an answer has one.
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";

/** fields: [{name, label, required?, hint?, pattern?}]; what is asked is in the address once it is sent. */
export function Question({ fields, query, label }) {
  const ask = (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    setQuery(Object.fromEntries(fields.map(({ name }) => [name, String(said.get(name) ?? "").trim()])));
  };
  return html`<form class="filters" aria-label=${label} onSubmit=${ask}>
    ${fields.map(({ name, label: title, required, hint, pattern }) => html`<label key=${name}>${title}
      <input name=${name} value=${query.get(name) ?? ""} required=${required} placeholder=${hint} pattern=${pattern} autocomplete="off" /></label>`)}
    <button>${t("export.ask")}</button>
  </form>`;
}

/** A share of 1 as per cent: one figure, or from one to another. */
export function percent({ least, most }) {
  const text = (share) => `${Number((Number(share) * 100).toPrecision(6))} %`;
  return most === least ? text(least) : t("export.range", { least: text(least), most: text(most ?? "1") });
}

/** An amount of CNY: one figure, a range, or unknown. */
export function money({ least, most }) {
  const text = (amount) => Number(amount).toLocaleString(undefined, { maximumFractionDigits: 2 });
  if (most === null) return Number(least) ? t("export.at_least", { amount: text(least) }) : t("export.unknown");
  return most === least ? text(least) : t("export.range", { least: text(least), most: text(most) });
}
