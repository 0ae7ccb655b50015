// What is tried: announced lists from a day on, another action of a rule, or a whole draft from a file.
import { get } from "../../core/api.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Section, useLoad } from "../../core/ui.js";
import { ruleTitle } from "../../parts/rules.js";

/** Announced lists that the ledger's package holds. */
const LISTS = ["mofcom-18-2025", "mofcom-57-2025", "mofcom-61-2025", "mofcom-62-2025"];
const OCTOBER = LISTS.slice(1);
const ACTIONS = ["reject", "flag", "off"];
const FIXED = "fixed";

/** The scenario of a form: {name, lists, policy}. */
export function scenarioOf({ lists, since, code, action }) {
  const names = [lists.length ? lists.map((each) => t(`what_if.short.${each}`)).join(", ") : "", code ? `${ruleTitle(code)}: ${t(`what_if.action.${action}`)}` : ""];
  const scenario = { name: names.filter(Boolean).join("; ").slice(0, 200) || t("what_if.nothing") };
  if (lists.length) scenario.lists = Object.fromEntries(lists.map((each) => [each, since ? `${since}T00:00:00+08:00` : ""]));
  if (code) scenario.policy = { rules: { [code]: { action } } };
  return scenario;
}

export function Draft({ onStart }) {
  const [form, setForm] = useState({ lists: OCTOBER, since: `${new Date().getFullYear() - 1}-01-01`, code: "", action: "reject" });
  const [file, setFile] = useState(null);
  const policy = useLoad((signal) => get("/v1/policy", undefined, { signal }));
  const codes = (policy.value?.rules ?? []).filter((rule) => rule.action !== FIXED).map((rule) => rule.code);
  const put = (changes) => setForm({ ...form, ...changes });
  const choose = async (chosen) => {
    if (!chosen) return setFile(null);
    try {
      setFile({ name: chosen.name, scenario: JSON.parse(await chosen.text()) });
    } catch {
      setFile({ name: chosen.name, fault: true });
    }
  };
  const begin = (event) => {
    event.preventDefault();
    onStart(file?.scenario ?? scenarioOf(form));
  };
  return html`<${Section} title=${t("what_if.draft")}>
    <form onSubmit=${begin}>
      <fieldset disabled=${Boolean(file)}><legend>${t("what_if.lists")}</legend>
        <div class="fields">${LISTS.map((code) => html`<label class="choice" key=${code}><input type="checkbox" checked=${form.lists.includes(code)} onChange=${(event) => put({ lists: LISTS.filter((each) => (each === code ? event.target.checked : form.lists.includes(each))) })} /><span>${t(`what_if.short.${code}`)}<small class="quiet">${t(`what_if.list.${code}`)}</small></span></label>`)}</div>
        <div class="filters">
          <label>${t("what_if.since")} <input type="date" name="since" value=${form.since} onChange=${(event) => put({ since: event.target.value })} /></label>
          <label>${t("what_if.rule")} <select name="code" value=${form.code} onChange=${(event) => put({ code: event.target.value })}><option value="">${t("what_if.as_is")}</option>${codes.map((code) => html`<option key=${code} value=${code}>${ruleTitle(code)}</option>`)}</select></label>
          <label>${t("what_if.then")} <select name="action" value=${form.action} disabled=${!form.code} onChange=${(event) => put({ action: event.target.value })}>${ACTIONS.map((each) => html`<option key=${each} value=${each}>${t(`what_if.action.${each}`)}</option>`)}</select></label>
        </div>
      </fieldset>
      <div class="filters">
        <label>${t("what_if.file")} <input type="file" accept=".json,application/json" onChange=${(event) => choose(event.target.files[0])} /></label>
        <button type="submit" disabled=${file?.fault || (!file && !form.lists.length && !form.code)}>${t("what_if.start")}</button>
      </div>
      ${file?.fault && html`<p class="notice bad" role="alert">${t("what_if.file_fault", { name: file.name })}</p>`}
    </form>
  <//>`;
}
