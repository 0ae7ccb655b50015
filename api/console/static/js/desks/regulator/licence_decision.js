// Deciding on a licence: grant, refuse, stop or start the clock, suspend, revoke; each a signed act.
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Section } from "../../core/ui.js";
import { SignedAct } from "../../parts/signed_act.js";

const ENDING = ["end-use", "end-user", "diversion", "false-statement", "restricted-party", "report-missing", "illegal-origin", "holder-request", "national-security"];
const REASONS = {
  "refuse-licence": ["end-use", "end-user", "destination", "military", "restricted-party", "diversion-risk", "incomplete", "data-error", "national-security"],
  "suspend-licence": ENDING,
  "revoke-licence": ENDING,
  "stop-clock": ["documents", "inspection", "consultation", "appraisal", "correction"],
};

/** The acts that a licence's state allows. */
export function actsFor({ state, stopped }) {
  if (state === "applied") return ["grant-licence", "refuse-licence", stopped ? "start-clock" : "stop-clock"];
  if (state === "granted") return ["suspend-licence", "revoke-licence"];
  return state === "suspended" ? ["grant-licence", "revoke-licence"] : [];
}

const day = (date) => date.toISOString().slice(0, 10);

/** From tomorrow, for as long as its kind allows: a year, or three. */
function validity({ kind, state, valid_to: until }) {
  const start = new Date(Date.now() + 86_400_000);
  const end = new Date(start);
  end.setUTCFullYear(end.getUTCFullYear() + (kind === "general" ? 3 : 1));
  end.setUTCDate(end.getUTCDate() - 1);
  return { start: day(start), end: state === "suspended" ? until.slice(0, 10) : day(end) };
}

/** The panel that decides; `onDone` is called once an act is recorded. */
export function Decide({ found, zone, onDone }) {
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [span, setSpan] = useState(() => validity(found));
  const [last, setLast] = useState(null);
  const offered = actsFor(found);
  const shown = last && !offered.includes(name) ? last : name;
  if (!offered.length && !last) return null;
  const needs = REASONS[shown];
  const act = complete(found, shown, { reason, span, zone });
  const choose = (next) => {
    setName(next);
    setReason("");
    setLast(null);
  };
  const summary = [
    [t("regulator.licence.one"), found.licence],
    [t("acts.act"), t(`acts.name.${shown}`)],
    needs && [t("acts.reason_title"), reason && t(`acts.reason.${reason}`)],
    shown === "grant-licence" && [t("regulator.licence.valid"), `${span.start} – ${span.end}`],
    [t("regulator.state"), term("state", found.state)],
  ];
  return html`<${Section} title=${t("regulator.licence.decide")}>
    <div class="act-choice" role="toolbar" aria-label=${t("regulator.licence.decide")}>${offered.map(
      (each) => html`<button key=${each} type="button" class=${each === name ? "" : "secondary outline"} aria-pressed=${each === name ? "true" : "false"} onClick=${() => choose(each)}>${t(`acts.name.${each}`)}</button>`,
    )}</div>
    ${shown && html`<${SignedAct} key=${shown} act=${act} summary=${summary} label=${t(`acts.do.${shown}`)} onDone=${() => {
      setLast(shown);
      onDone();
    }}>
      <p class="quiet">${t(`acts.means.${shown}`)}</p>
      ${needs && html`<label>${t("acts.reason_title")}<select required value=${reason} onChange=${(event) => setReason(event.target.value)}>
        <option value="" selected=${reason === ""}>${t("acts.reason_choose")}</option>${needs.map((each) => html`<option key=${each} value=${each} selected=${reason === each}>${t(`acts.reason.${each}`)}</option>`)}</select></label>`}
      ${shown === "grant-licence" && html`<div class="fields">
        <label>${t("acts.valid_from")}<input type="date" required value=${span.start} onInput=${(event) => setSpan({ ...span, start: event.target.value })} /></label>
        <label>${t("acts.valid_to")}<input type="date" required value=${span.end} onInput=${(event) => setSpan({ ...span, end: event.target.value })} /></label></div>`}
    <//>`}
  <//>`;
}

function complete({ licence }, name, { reason, span, zone }) {
  if (!name || (REASONS[name] && !reason)) return null;
  if (name !== "grant-licence") return { act: name, licence, ...(REASONS[name] ? { reason } : {}) };
  return span.start && span.end ? { act: name, licence, start: `${span.start}T00:00:00${zone}`, end: `${span.end}T00:00:00${zone}` } : null;
}
