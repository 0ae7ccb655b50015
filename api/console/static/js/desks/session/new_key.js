// A new key of this browser, and what an authority needs to enrol it (the same as `reledger key show` prints).
import { get } from "../../core/api.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { signPossession } from "../../core/jws.js";
import { algorithms, makeKey } from "../../core/keys.js";
import { Failure, saveFile, Section } from "../../core/ui.js";

/** Makes a key; `onMade` is called when the browser keeps it. */
export function NewKey({ onMade }) {
  const [state, setState] = useState({});
  const make = async (event) => {
    event.preventDefault();
    const { alg, party } = Object.fromEntries(new FormData(event.target));
    try {
      const { origin } = await get("/v1/log");
      const key = await makeKey(alg);
      setState({ shown: await enrolment(key, origin, party.trim()) });
      onMade();
    } catch (error) {
      setState({ error });
    }
  };
  return html`<${Section} title=${t("session.new.title")}>
    <p>${t("session.new.text")}</p>
    <form onSubmit=${make}>
      <label>${t("session.new.party")}<input name="party" required maxlength="255" spellcheck=${false} autocomplete="off" aria-describedby="party-hint" /></label>
      <p class="hint" id="party-hint">${t("session.new.party_hint")}</p>
      <label>${t("session.new.alg")}<select name="alg">${algorithms.map((alg) => html`<option key=${alg} value=${alg}>${t(`session.new.${alg}`)}</option>`)}</select></label>
      <button type="submit">${t("session.new.make")}</button>
    </form>
    ${state.error && html`<${Failure} error=${state.error} />`}
    ${state.shown && html`<${Shown} shown=${state.shown} />`}
  <//>`;
}

async function enrolment(key, origin, party) {
  const { kid, alg, jwk } = key;
  return { kid, alg, jwk, party, proof_of_possession: await signPossession(key, origin, party) };
}

function Shown({ shown }) {
  const text = JSON.stringify(shown, null, 2);
  return html`<div role="status">
    <h3>${t("session.new.made")}</h3>
    <p>${t("session.new.next")}</p>
    <pre tabindex="0" aria-label=${t("session.new.made")}>${text}</pre>
    <button type="button" class="secondary" onClick=${() => saveFile(`${shown.kid.slice(0, 12)}.json`, `${text}\n`, "application/json")}>${t("session.new.save")}</button>
    <p class="notice warn spaced">${t("session.new.only_here")}</p>
  </div>`;
}
