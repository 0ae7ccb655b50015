// Applying for an export licence: a signed act, checked before it is sent.
import { html, useState } from "../../core/html.js";
import { language, t, term } from "../../core/i18n.js";
import { get } from "../../core/api.js";
import { Loaded, useLoad } from "../../core/ui.js";
import { kilograms, parseMass } from "../../movements/decimal.js";
import { FieldFault } from "../../movements/fault.js";
import { FORMS_OF_TECHNOLOGY } from "../../movements/kinds.js";
import { companyPrefix, partyUri } from "../../movements/names.js";
import { scopeOf } from "../../movements/writing.js";
import { ChoiceField, PartyField, TextField, countryOptions, technologies } from "./fields.js";
import { FieldFaultText } from "./goods.js";
import { Sending, useSending } from "./sending.js";

/** The id of a licence under the exporter's own prefix. */
function licenceId(text, me) {
  if (/^(urn:|https?:)/.test(text.trim())) return text.trim();
  const company = companyPrefix(me);
  if (company) return `urn:epc:id:gdti:${company}.${"2".padStart(12 - company.length, "0")}.${encodeURIComponent(text.trim())}`;
  return `${me.replace(/\/$/, "")}/licences/${encodeURIComponent(text.trim())}`;
}

/** The act of a form, or the field that is missing: [act, fault]. */
function actOf(form, me) {
  const technology = form.subject === "technology";
  for (const name of ["number", technology ? "technology" : "item", "destination", "endUser", "endUse", ...(technology ? [] : ["amount"])]) {
    if (!String(form[name] ?? "").trim()) return [null, { field: name, code: "fault.missing" }];
  }
  const [what, fault] = technology ? technologyOf(form) : goodsOf(form);
  if (fault) return [null, fault];
  return [
    {
      act: "apply-licence",
      licence: licenceId(form.number, me),
      exporter: me,
      kind: form.kind,
      ...what,
      destinations: [form.destination],
      consignees: [partyUri(form.consignee || form.endUser)],
      end_users: [partyUri(form.endUser)],
      end_use: form.endUse.trim(),
    },
    null,
  ];
}

function goodsOf(form) {
  const mg = parseMass(form.amount, form.unit);
  if (mg === null) return [null, { field: "amount", code: "fault.mass" }];
  return [{ items: [form.item], quantity: { quantity: kilograms(mg), uom: "KGM" } }, null];
}

/** A technology has no mass: its code, and how many documents and the like where that is stated. */
function technologyOf(form) {
  try {
    const scope = scopeOf(form);
    return [{ technologies: [form.technology], ...(Object.keys(scope).length && { scope }) }, null];
  } catch (error) {
    if (error instanceof FieldFault) return [null, error];
    throw error;
  }
}

const Amount = ({ form, set }) => html`<div class="amount"><label>${t("producer.amount")}<input name="amount" inputmode="decimal" value=${form.amount ?? ""} onInput=${(event) => set({ amount: event.target.value })} /></label>
  <label><span class="visually-hidden">${t("producer.unit_of_mass")}</span><select name="unit" value=${form.unit} onChange=${(event) => set({ unit: event.target.value })}><option value="kg">kg</option><option value="t">t</option></select></label></div>`;

export function ApplicationForm({ me }) {
  const [form, setForm] = useState({ kind: "single", unit: "kg", subject: "goods" });
  const codes = useLoad(technologies);
  const products = useLoad(async () => (await get("/v1/products")).products.map((each) => [each.code, (language.get() === "zh" && each.name_zh) || each.name_en]));
  const [state, send] = useSending();
  const set = (changes) => setForm((before) => ({ ...before, ...changes }));
  const [act, fault] = actOf(form, me);
  const shown = fault?.code === "fault.missing" ? null : fault;
  const submit = (event) => {
    event?.preventDefault();
    if (act) send(() => act, "apply-licence", "act+json");
  };
  return html`<${Loaded} from=${products}>${(items) => html`<form onSubmit=${submit} novalidate>
    <div class="fields">
      <${TextField} name="number" form=${form} set=${set} fault=${shown} />
      <${ChoiceField} name="kind" form=${form} set=${set} options=${["single", "general"].map((each) => [each, term("licence_kind", each)])} />
      <${ChoiceField} name="subject" form=${form} set=${set} options=${["goods", "technology"].map((each) => [each, t(`producer.subject.${each}`)])} />
      ${form.subject === "technology"
        ? html`<${ChoiceField} name="technology" form=${form} set=${set} options=${(codes.value ?? []).map((each) => [each, each])} />`
        : html`<${ChoiceField} name="item" form=${form} set=${set} options=${items} />`}
      <${ChoiceField} name="destination" form=${form} set=${set} options=${countryOptions()} />
      <${PartyField} name="endUser" form=${form} set=${set} />
      <${PartyField} name="consignee" form=${form} set=${set} optional=${true} />
      <${TextField} name="endUse" form=${form} set=${set} />
      ${form.subject === "technology"
        ? FORMS_OF_TECHNOLOGY.map((name) => html`<${TextField} key=${name} name=${name} form=${form} set=${set} fault=${shown} optional=${true} inputmode="numeric" />`)
        : html`<${Amount} form=${form} set=${set} />`}
      <${FieldFaultText} fault=${shown} field="amount" />
    </div>
    <p class="hint">${t("producer.application_means")}</p>
    <${Sending} state=${state} retry=${submit} />
    ${state?.step !== "done" && html`<button type="submit" disabled=${!act || (state && !state.failed)}>${t("producer.sign_and_send")}</button>`}
  </form>`}<//>`;
}
