// A verified receipt as a person follows it: numbered steps with their verdicts, then the way from leaf to root.
import { count } from "../core/format.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Badge, Copyable, EntryLink, Facts, Time } from "../core/ui.js";
import { ProofPath } from "./path_view.js";

const TONES = { ok: "good", failed: "bad", left_out: "warn", open: "" };

/** Why evidence was refused, in words. */
export const whyRefused = (error) => t(`proof.why.${error.why}`, error.params);

/** The steps of checkReceipt, each with its verdict. */
export function Verdicts({ verdicts }) {
  return html`<ol class="verdicts">${verdicts.map(
    ({ step, state, error }) => html`<li key=${step} class=${state} data-step=${step} data-state=${state}>
      <div><strong>${t(`proof.step.${step}`)}</strong> <${Badge} tone=${TONES[state]}>${t(`proof.state.${state}`)}<//></div>
      ${state !== "open" && html`<p>${error ? whyRefused(error) : t(state === "left_out" ? "proof.step.statement.left_out" : `proof.step.${step}.why`)}</p>`}
      ${error && html`<p class="code">${error.code}</p>`}
    </li>`,
  )}</ol>`;
}

/** What a receipt says, as far as its steps were good. */
export function ReceiptResult({ result }) {
  const { ok, verdicts, known } = result;
  const compared = verdicts.some(({ step, state }) => step === "statement" && state === "ok");
  const said = ok ? (compared ? "good" : "good_alone") : known.index === undefined ? "bad_unread" : "bad";
  return html`<div class=${`notice ${ok ? "good" : "bad"}`} role="status" data-verdict=${ok ? "ok" : "broken"}>
      <strong>${t(`proof.receipt.${said}`, { index: known.index === undefined ? "" : count(known.index) })}</strong>
      <p>${t(`proof.receipt.${ok ? said : "bad"}.why`)}</p>
    </div>
    <${Verdicts} verdicts=${verdicts} />
    ${known.entry && html`<h3>${t("proof.receipt.entry")}</h3><${EntryFacts} entry=${known.entry} />`}
    ${ok && html`<h3>${t("proof.path.title")}</h3>
      <${ProofPath} leaf=${known.leaf} steps=${known.steps} index=${Number(known.index)} size=${Number(known.checkpoint.size)} root=${known.checkpoint.root} />`}`;
}

/** An entry's members. */
export const EntryFacts = ({ entry }) =>
  html`<${Facts} rows=${[
    [t("proof.entry.index"), html`<${EntryLink} index=${entry.index} />`],
    [t("proof.entry.recorded_at"), html`<${Time} at=${entry.recordedAt} />`],
    [t("proof.entry.public"), t(entry.public ? "proof.entry.public.yes" : "proof.entry.public.no")],
    [t("proof.entry.statement"), html`<${Copyable} text=${entry.statement}>${entry.statement}<//>`],
    [t("proof.entry.previous"), html`<${Copyable} text=${entry.previous}>${entry.previous}<//>`],
  ]} />`;
