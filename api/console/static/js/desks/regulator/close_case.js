// Closing a case: a signed act with its outcome, and what it makes of the lots.
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { ThingLink } from "../../core/ui.js";
import { SignedAct } from "../../parts/signed_act.js";

const OUTCOMES = ["confirmed", "settled", "unfounded"];

/** The lots that a case is about: its own, and those of its alerts. */
const lotsOf = (found, alerts) => [
  ...new Set([...found.lots, ...alerts.filter((alert) => alert.subject.startsWith("lot:")).map((alert) => alert.subject.slice(4))]),
];

/** The form that closes a case; `onDone` is called once it is recorded. */
export function CloseCase({ found, alerts, onDone }) {
  const [outcome, setOutcome] = useState("");
  const [marked, setMarked] = useState([]);
  const lots = lotsOf(found, alerts);
  const member = outcome === "confirmed" ? "illegal_lots" : "cleared_lots";
  const act = outcome && { act: "close-case", case: found.case, outcome, ...(marked.length ? { [member]: marked } : {}) };
  const turn = (lot) => setMarked(marked.includes(lot) ? marked.filter((each) => each !== lot) : [...marked, lot]);
  const choose = (next) => {
    setOutcome(next);
    setMarked([]);
  };
  const summary = [
    [t("regulator.cases.one"), found.case],
    [t("regulator.cases.outcome"), term("outcome", outcome)],
    marked.length > 0 && [t(`regulator.cases.${member}`), marked.map((lot) => html`<div key=${lot}><${ThingLink} id=${lot} /></div>`)],
  ];
  return html`<${SignedAct} act=${act || null} summary=${summary} label=${t("regulator.cases.close")} onDone=${onDone}>
    <fieldset><legend>${t("regulator.cases.outcome")}</legend>
      ${OUTCOMES.map((each) => html`<label key=${each} class="choice"><input type="radio" name="outcome" value=${each} checked=${outcome === each} onChange=${() => choose(each)} />
        <span><strong>${term("outcome", each)}</strong><span class="quiet">${t(`regulator.cases.means_${each}`)}</span></span></label>`)}
    </fieldset>
    ${outcome && lots.length > 0 && html`<fieldset><legend>${t(`regulator.cases.${member}`)}</legend>
      <p class="quiet">${t(`regulator.cases.${member}_hint`)}</p>
      ${lots.map((lot) => html`<label key=${lot}><input type="checkbox" checked=${marked.includes(lot)} onChange=${() => turn(lot)} /> <span title=${lot}>${lot}</span></label>`)}</fieldset>`}
  <//>`;
}
