// How much a licence is for: a mass of goods, or so many documents and the like of a technology, which has none.
import { count } from "../core/format.js";
import { html } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { Mass } from "../core/ui.js";
import { FORMS_OF_TECHNOLOGY } from "../movements/kinds.js";

/** Whether a licence is for technology: goods have a mass. */
export const ofTechnology = (licence) => licence.quantity_mg === 0;

/** "12 documents, 1 training", or that no number is set. */
export const scopeText = (scope) => {
  const parts = FORMS_OF_TECHNOLOGY.filter((form) => scope[form]).map((form) => `${count(scope[form])} ${term("technology_form", form)}`);
  return parts.length ? parts.join(", ") : t("terms.technology_form.any");
};

/** What a licence allows. */
export const Allowed = ({ of }) => (ofTechnology(of) ? html`<span>${scopeText(of.scope)}</span>` : html`<${Mass} mg=${of.quantity_mg} />`);

/** What was used of it, where it is of goods; what was handed over is in a list of its own. */
export const UsedOf = ({ of }) => (ofTechnology(of) ? html`<${Allowed} of=${of} />` : html`<${Mass} mg=${of.drawn_mg} /> / <${Mass} mg=${of.quantity_mg} />`);
