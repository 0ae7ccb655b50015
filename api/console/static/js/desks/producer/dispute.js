// A customer contradicts a sentence of its evaluation: a signed act that is shown with the sentence.
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { SignedAct } from "../../parts/signed_act.js";

const GROUNDS = ["not-so", "agreed", "seller", "carrier", "quality"];

/** The form of a dispute of one sentence, in words; `onDone` is called once it is recorded. */
export function Dispute({ seller, customer, sentence, words, onDone }) {
  const grounds = sentence.dispute ? [...GROUNDS, "withdrawn"] : GROUNDS;
  const [ground, setGround] = useState(grounds[0]);
  const act = { act: "dispute-evaluation", seller, customer, sentence: sentence.code, ground };
  const summary = [
    [t("receivables.sentence"), words],
    [t("receivables.ground"), t(`receivables.ground.${ground}`)],
  ];
  return html`<h3>${t("receivables.dispute_of")}</h3><${SignedAct} act=${act} summary=${summary} label=${t("receivables.record_dispute")} onDone=${onDone}>
    <p>${words}</p><p class="quiet">${t("receivables.dispute_means")}</p>
    <label>${t("receivables.ground")}<select name="ground" value=${ground} onChange=${(event) => setGround(event.target.value)}>${grounds.map((each) => html`<option key=${each} value=${each}>${t(`receivables.ground.${each}`)}</option>`)}</select></label>
  <//>`;
}
