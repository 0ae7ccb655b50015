// The other fields of a movement's form, by their names in movements/kinds.js.
import { all, get } from "../../core/api.js";
import { shortId } from "../../core/format.js";
import { html, useEffect, useRef, useState } from "../../core/html.js";
import { language, t, tag, term } from "../../core/i18n.js";
import { partyName } from "../../core/names.js";
import { ELEMENTS } from "../../movements/kinds.js";
import { FieldFaultText, marked } from "./goods.js";

const Label = ({ name, optional }) =>
  html`${t(`producer.field.${name}`)}${optional && html` <span class="quiet">${t("producer.optional")}</span>`}`;

/** A line of text. */
export function TextField({ name, label = name, form, set, fault, optional, type = "text", inputmode, hint }) {
  return html`<label><${Label} name=${label} optional=${optional} />
    <input name=${name} type=${type} inputmode=${inputmode} autocomplete="off" value=${form[name] ?? ""}
      onInput=${(event) => set({ [name]: event.target.value })} ...${marked(fault, name)} />
    <${FieldFaultText} fault=${fault} field=${name} />${hint && html`<small class="hint">${hint}</small>`}</label>`;
}

/** One of a few. `options`: [[value, text]]. */
export function ChoiceField({ name, form, set, fault, optional, options }) {
  return html`<label><${Label} name=${name} optional=${optional} />
    <select name=${name} value=${form[name] ?? ""} onChange=${(event) => set({ [name]: event.target.value })} ...${marked(fault, name)}>
      <option value="">${t("producer.choose")}</option>
      ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
    </select><${FieldFaultText} fault=${fault} field=${name} /></label>`;
}

/** A party, found by its name; an identifier may be typed as well. */
export function PartyField({ name, form, set, fault, optional }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState([]);
  const turn = useRef(0);
  const chosen = form[name];
  useEffect(() => {
    if (chosen) partyName(chosen).then(setText);
  }, [chosen]);
  const choose = (party) => {
    set({ [name]: party.id });
    setFound([]);
  };
  const type = async (value) => {
    setText(value);
    const mine = ++turn.current;
    if (/^(urn:|https?:)/.test(value)) return set({ [name]: value.trim() });
    set({ [name]: "" });
    if (value.trim().length < 2) return setFound([]);
    const { found: matches } = await get("/v1/search", { q: value.trim(), limit: 20 });
    return mine === turn.current && setFound(matches.filter((each) => each.kind === "party"));
  };
  return html`<div class="party-field"><label><${Label} name=${name} optional=${optional} />
    <input name=${name} role="combobox" aria-expanded=${found.length ? "true" : "false"} aria-controls=${`${name}-list`} aria-autocomplete="list"
      autocomplete="off" value=${text} onInput=${(event) => type(event.target.value)} ...${marked(fault, name)} /></label>
    <ul class="suggestions" role="listbox" id=${`${name}-list`} aria-label=${t(`producer.field.${name}`)} hidden=${!found.length}>
      ${found.map((each) => html`<li key=${each.id} role="option" aria-selected="false" tabindex="0"
        onClick=${() => choose(each)} onKeyDown=${(event) => event.key === "Enter" && choose(each)}>${each.name} <span class="quiet">${shortId(each.id)}</span></li>`)}
    </ul>
    ${chosen ? html`<small class="hint" title=${chosen}>✓ ${shortId(chosen)}</small>` : fault?.field === name ? html`<${FieldFaultText} fault=${fault} field=${name} />` : html`<small class="hint">${t("producer.party_hint")}</small>`}
  </div>`;
}

/** Masses in kg: a total, or by element. */
export function MassesField({ name, form, set, fault, optional, total = true }) {
  const value = form[name] ?? {};
  const [byElement, setByElement] = useState(Boolean(value.elements) || !total);
  const elements = value.elements ?? {};
  const turn = (event) => {
    setByElement(event.target.checked);
    set({ [name]: {} });
  };
  return html`<fieldset class="masses"><legend><${Label} name=${name} optional=${optional} /></legend>
    ${total && html`<label class="check"><input type="checkbox" role="switch" checked=${byElement} onChange=${turn} /> ${t("producer.by_element")}</label>`}
    ${byElement
      ? html`<div class="composition">${ELEMENTS.map((symbol) => html`<label key=${symbol} title=${term("element", symbol)}>${symbol}
          <input name=${`${name}.${symbol}`} inputmode="decimal" value=${elements[symbol] ?? ""}
            onInput=${(event) => set({ [name]: { elements: { ...elements, [symbol]: event.target.value } } })} ...${marked(fault, `${name}.${symbol}`)} /></label>`)}</div>`
      : html`<label>${t("producer.total_kg")}
          <input name=${name} inputmode="decimal" value=${value.total ?? ""} onInput=${(event) => set({ [name]: { total: event.target.value } })} ...${marked(fault, name)} /></label>`}
    <${FieldFaultText} fault=${fault} field=${name} />
  </fieldset>`;
}

/** Shares with their uncertainty, as a laboratory reports them. */
export function ResultsField({ form, set, fault }) {
  const results = form.results ?? {};
  const cell = (symbol, member) => html`<td><input aria-label=${`${symbol} ${t(`producer.${member}`)}`} name=${`results.${symbol}.${member}`} inputmode="decimal"
    value=${results[symbol]?.[member] ?? ""} onInput=${(event) => set({ results: { ...results, [symbol]: { ...results[symbol], [member]: event.target.value } } })}
    ...${marked(fault, `results.${symbol}`)} /></td>`;
  return html`<fieldset class="masses"><legend>${t("producer.field.results")}</legend>
    <div class="table-wrap"><table>
      <thead><tr><th scope="col">${t("producer.element")}</th><th scope="col">${t("producer.value")}</th><th scope="col">${t("producer.uncertainty")}</th></tr></thead>
      <tbody>${["TREO", ...ELEMENTS].map((symbol) => html`<tr key=${symbol}><th scope="row">${symbol}</th>${cell(symbol, "value")}${cell(symbol, "uncertainty")}</tr>`)}</tbody>
    </table></div><${FieldFaultText} fault=${fault} field="results" /></fieldset>`;
}

/** The codes of technology that published lists name. */
export async function technologies(signal) {
  const lists = await all("/v1/control-lists", "records", {}, { signal });
  return [...new Set(lists.flatMap((list) => list.items.map((item) => item.technology).filter(Boolean)))].sort();
}

// Codes that Intl names though no country of today has them.
const NO_COUNTRIES = new Set(["EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA", "XK", "AN", "BU", "CS", "DD", "DY", "FX", "HV", "NH", "NT", "RH", "SU", "TP", "UK", "VD", "YD", "YU", "ZR"]);

/** Countries by their names in the language in force: [[code, name]]. */
export function countryOptions() {
  const names = new Intl.DisplayNames([tag()], { type: "region" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => !NO_COUNTRIES.has(code) && names.of(code) !== code)
    .map((code) => [code, names.of(code)])
    .sort((one, other) => one[1].localeCompare(other[1], language.get()));
}
