// Signing and sending, before one's eyes: each step as it happens, and what the receipt proves.
import { Problem } from "../../core/api.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { signStatement } from "../../core/jws.js";
import * as outbox from "../../core/outbox.js";
import { session, signingKey } from "../../core/session.js";
import { EntryLink, Failure, saveFile } from "../../core/ui.js";
import { Findings } from "../../parts/findings.js";

const STEPS = ["sign", "keep", "send", "verify"];

/**
 * Signs and sends a payload. `state` is {step, failed?, kept?}; give it to Sending to show.
 * @returns [state, send(payload, title), reset()]
 */
export function useSending() {
  const [state, setState] = useState(null);
  const run = async (make, title, cty) => {
    let kept = null;
    let step = "sign";
    const at = (next) => {
      step = next;
      setState({ step, kept });
    };
    try {
      at("sign");
      const key = await signingKey();
      if (!key) throw new Problem({ code: "key.elsewhere", status: 0 });
      const jws = await signStatement(key, cty, make());
      at("keep");
      kept = await outbox.keep(jws, session.get().party, title);
      at("send");
      kept = await outbox.deliver(kept);
      at("verify");
      await outbox.verifyKept(kept);
      setState({ step: "done", kept });
      return kept;
    } catch (error) {
      setState({ step, kept, failed: error });
      return null;
    }
  };
  return [state, run, () => setState(null)];
}

/** The steps of a sending with where it stands. */
export function Sending({ state, retry }) {
  if (!state) return null;
  const now = STEPS.indexOf(state.step);
  const done = state.step === "done";
  const mark = (at) => (done || at < now ? "good" : at === now && state.failed ? "bad" : at === now ? "now" : "");
  return html`<section class="panel sending" aria-live="polite">
    <ol class="steps">${STEPS.map((step, at) => html`<li key=${step} class=${mark(at)}>${t(`producer.step.${step}`)}</li>`)}</ol>
    ${done && html`<div class="notice good" role="status"><strong>${t("producer.recorded")}</strong> <${EntryLink} index=${state.kept.index} />
      <p>${t("producer.receipt_means")}</p><${Papers} kept=${state.kept} /></div>`}
    ${state.failed && html`<${Failure} error=${state.failed} retry=${state.kept?.state === "signed" && state.failed.status === 0 ? retry : null} />`}
    ${state.failed?.rest?.findings && html`<${Findings} findings=${state.failed.rest.findings} />`}
  </section>`;
}

/** A statement and its receipt as files. */
export const Papers = ({ kept }) =>
  html`<p class="papers">
    <button type="button" class="plain" onClick=${() => saveFile(`${kept.hash}.jws`, kept.jws, "application/jose")}>${t("producer.save_statement")}</button>
    ${kept.receipt && html`<button type="button" class="plain" onClick=${() => saveFile(`${kept.hash}.receipt`, kept.receipt)}>${t("producer.save_receipt")}</button>`}
  </p>`;
