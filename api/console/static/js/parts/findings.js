// What the ledger finds in a statement, in the reader's language; what it says of this very case stands beside it.
import { html } from "../core/html.js";
import { Words } from "../core/ui.js";
import { ruleMeaning, ruleMend, ruleTitle } from "./rules.js";

/** Findings, each with its rule, what it means and how to mend it. Needs the area `rules`. */
export const Findings = ({ findings }) => html`<ul class="findings">${findings.map(
  (each, at) => html`<li key=${at}><strong>${ruleTitle(each.code)}</strong> <code>${each.code}</code>
    ${ruleMeaning(each.code) && html`<p>${ruleMeaning(each.code)}</p>`}
    ${ruleMend(each.code) && html`<p class="mend">${ruleMend(each.code)}</p>`}
    <${Words} text=${each.detail} />
    ${!ruleMend(each.code) && html`<${Words} text=${each.mend} />`}</li>`,
)}</ul>`;
