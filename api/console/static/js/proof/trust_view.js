// Which key is trusted and why; the reader may bring another.
import { html, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Copyable, Facts, Section, Time } from "../core/ui.js";
import { forgetLog, trustKey } from "./trust.js";

const TONES = { first: "warn", known: "", given: "good", changed: "bad", unusable: "bad" };

/** The panel about the log's key; `met` from meetLog, `served` from /v1/log, `onChange` after the reader's choice. */
export function TrustPanel({ met, served, onChange }) {
  const { state, kept, others } = met;
  const forget = async () => {
    await forgetLog(kept.origin);
    onChange();
  };
  return html`<${Section} title=${t("proof.trust.title")} id="trust">
    <div class=${`notice ${TONES[state]}`} role=${state === "changed" || state === "unusable" ? "alert" : null} data-trust=${state}>
      <strong>${t(`proof.trust.${state}`)}</strong><p>${t(`proof.trust.${state}.why`)}</p>
    </div>
    ${others.length > 0 && html`<p class="notice warn">${t("proof.trust.others", { names: others.map((each) => each.origin).join(", ") })}</p>`}
    <${Facts} rows=${[
      [t("proof.trust.log"), html`<code>${served.origin}</code>`],
      kept && [t("proof.trust.key"), html`<${Copyable} text=${kept.vkey}>${kept.vkey}<//>`],
      kept && [t("proof.trust.since"), html`<${Time} at=${kept.since} />`],
      state === "changed" && [t("proof.trust.served"), served.vkeys.map((vkey) => html`<div key=${vkey}><${Copyable} text=${vkey}>${vkey}<//></div>`)],
    ]} />
    <${GiveKey} origin=${served.origin} onChange=${onChange} />
    ${kept && html`<p><button type="button" class="plain" onClick=${forget}>${t("proof.trust.forget")}</button></p>`}
  <//>`;
}

function GiveKey({ origin, onChange }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const take = async (vkey) => {
    const kept = await trustKey(vkey, "given");
    setWrong(kept ? (kept.origin === origin ? "" : t("proof.trust.other_log", { name: kept.origin })) : t("proof.trust.no_key"));
    if (kept) onChange();
  };
  const open = async (event) => {
    const [file] = event.target.files;
    if (file) await take((await file.text()).trim());
  };
  return html`<details><summary>${t("proof.trust.give")}</summary>
    <p>${t("proof.trust.give.why")}</p>
    <label>${t("proof.trust.vkey")}<input type="text" value=${text} spellcheck="false" autocomplete="off" aria-invalid=${wrong ? "true" : null} onInput=${(event) => setText(event.target.value)} /></label>
    <div class="actions"><button type="button" disabled=${!text.trim()} onClick=${() => take(text)}>${t("proof.trust.use")}</button>
      <label class="file">${t("proof.trust.open")}<input type="file" onChange=${open} /></label></div>
    ${wrong && html`<p class="notice bad" role="alert">${wrong}</p>`}
  </details>`;
}
