// Signing an official act in this browser: first the ledger is asked what it would say, then the very same bytes are
// recorded, and what is shown at the end is the receipt.
import { signStatement } from "../core/jws.js";
import { html, useEffect, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { session, signingKey } from "../core/session.js";
import { deliver, judge, keep, verifyKept } from "../core/outbox.js";
import { Copyable, EntryLink, Facts, Failure, Loading, Time, reasonOf, saveFile } from "../core/ui.js";
import { Findings } from "./findings.js";

/**
 * A form whose outcome is a signed act.
 * @param act The payload, or null while the form is not complete.
 * @param summary [[name, value]] shown before it is recorded.
 * @param label What the button says, e.g. "Open the case".
 * @param onDone Called with what the ledger answered, once it is recorded.
 * @param children The fields.
 */
export function SignedAct({ act, summary = [], label, onDone, children }) {
  const [step, setStep] = useState({ at: "form" });
  const stated = JSON.stringify(act);
  useEffect(() => setStep((before) => (before.at === "recorded" ? before : { at: "form" })), [stated]);
  const run = async (during, work) => {
    setStep((before) => ({ ...before, at: during, error: null }));
    try {
      setStep(await work());
    } catch (error) {
      setStep((before) => ({ ...before, at: before.report ? "checked" : "form", error }));
    }
  };
  const check = (event) => {
    event.preventDefault();
    return run("checking", async () => {
      const key = await signingKey();
      if (!key) return { at: "keyless" };
      const jws = await signStatement(key, "act+json", act);
      return { at: "checked", jws, report: await judge(jws) };
    });
  };
  const record = () =>
    run("recording", async () => {
      const kept = await deliver(await keep(step.jws, session.get().party, act.act));
      const fault = await verifyKept(kept).then(() => null, (error) => error);
      onDone?.(kept);
      return { at: "recorded", kept, fault };
    });
  if (step.at === "recorded") return html`<${Recorded} kept=${step.kept} fault=${step.fault} />`;
  const busy = step.at === "checking" || step.at === "recording";
  return html`<form class="signed-act" onSubmit=${check}>
    <fieldset disabled=${busy || step.at === "checked"}>${children}</fieldset>
    ${step.error && html`<${Failure} error=${step.error} />`}
    ${step.at === "keyless" && html`<p class="notice warn" role="alert">${t("acts.keyless")} <a href="/console/account">${t("common.nav.account")}</a></p>`}
    ${step.report
      ? html`<${Checked} ...${step} summary=${summary} label=${label} busy=${busy} onRecord=${record} onBack=${() => setStep({ at: "form" })} />`
      : html`<div class="actions"><button type="submit" disabled=${!act || busy}>${t("acts.check")}</button>${busy && html`<${Loading} />`}</div>`}
  </form>`;
}

function Checked({ report, summary, label, busy, onRecord, onBack }) {
  const accepted = report.would_be === "created" || report.would_be === "repeated";
  const back = html`<button type="button" class="secondary" disabled=${busy} onClick=${onBack}>${t("acts.back")}</button>`;
  if (!accepted) {
    const findings = report.findings.length ? report.findings : [report.problem].filter(Boolean);
    return html`<div class="notice bad" role="alert"><strong>${t("acts.refused")}</strong><${Findings} findings=${findings} /></div>
      <div class="actions">${back}</div>`;
  }
  return html`<div class="notice" role="status"><strong>${t("acts.accepted")}</strong>
      ${summary.length > 0 && html`<${Facts} rows=${summary} />`}
      ${report.findings.length > 0 && html`<${Findings} findings=${report.findings} />`}</div>
    <div class="actions"><button type="button" disabled=${busy} onClick=${onRecord}>${label}</button>${back}${busy && html`<${Loading} />`}</div>`;
}

/** What a recorded statement leaves in one's hands: its entry, and its receipt with what this browser made of it. */
export const Recorded = ({ kept, fault }) => html`<div class=${`notice ${fault ? "bad" : "good"}`} role=${fault ? "alert" : "status"} data-proof=${fault ? "broken" : "ok"}>
  <strong>${t(fault ? "acts.unproved" : "acts.recorded")}</strong>
  <${Facts} rows=${[
    [t("acts.entry"), html`<${EntryLink} index=${kept.index} />`],
    [t("acts.recorded_at"), html`<${Time} at=${kept.recordedAt} />`],
    [t("acts.statement"), html`<${Copyable} text=${kept.hash} />`],
    [t("acts.receipt"), html`${fault ? t("acts.failed", { step: reasonOf(fault) }) : t("acts.proved")} <button type="button" class="plain small" onClick=${() => saveFile(`${kept.index}.receipt`, kept.receipt)}>${t("acts.keep")}</button>`],
  ]} />
</div>`;
