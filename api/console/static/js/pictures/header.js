// What the thing is: product, mass, contents, who made it and who has it, whether its papers hold.
import { count, mass, share } from "../core/format.js";
import { html } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { seesAll } from "../core/session.js";
import { Badge, Copyable, EntryLink, Facts, Mass, PartyName, ProductName, Section, SiteName, ThingLink, Time } from "../core/ui.js";
import { countryName, Origins } from "./origins.js";

const firm = (id) => (id ? html`<a href=${`/console/firm?${new URLSearchParams({ party: id })}`}><${PartyName} id=${id} /></a>` : null);

/** The lot itself as it stands in the answer: from the register of lots, else from the walk's first step. */
function thingOf({ lot, found, steps }) {
  const step = steps.find((each) => each.depth === 0 && each.name === found.name);
  if (!lot && !step) return null;
  const { product, stage, mass_mg, event_time, index, tainted_by } = lot ?? step;
  return { product, stage, mass_mg, event_time, index, tainted_by, made_by: lot?.producer ?? step?.party, site: lot?.site ?? step?.site, birth: lot?.birth ?? step?.change };
}

const GONE = { exported: "pictures.went_abroad", released: "pictures.went_to_user" };

function Holders({ found, starts }) {
  const rows = found.holders.filter((each) => starts.has(each.lot));
  const gone = found.travelling.filter((each) => starts.has(each.lot));
  if (found.at !== null) return html`<span class="quiet">${t("pictures.holders_not_kept")}</span>`;
  if (!rows.length && !gone.length) return html`<span class="quiet">${seesAll() ? t("pictures.holders_none") : t("pictures.holders_hidden")}</span>`;
  return html`<ul class="plain-list">
    ${rows.slice(0, 8).map((each) => html`<li key=${each.lot + each.custodian + each.site}>${firm(each.custodian)} · <${Mass} mg=${each.mass_mg} />
      ${each.owner !== each.custodian && html` <span class="quiet">${t("pictures.owned_by")} <${PartyName} id=${each.owner} /></span>`}
      ${each.provisional_mg > 0 && html` <${Badge} tone="warn">${t("pictures.provisional", { mass: mass(each.provisional_mg) })}<//>`}</li>`)}
    ${rows.length > 8 && html`<li class="quiet">${t("pictures.and_more", { n: count(rows.length - 8) })}</li>`}
    ${gone.slice(0, 4).map((each) => html`<li key=${each.shipment + each.lot}><${ThingLink} kind="shipment" id=${each.shipment} consignor=${each.consignor}>${t(GONE[each.state] ?? "pictures.on_the_way", { mass: mass(each.mass_mg) })}<//> → <${PartyName} id=${each.consignee} /></li>`)}
  </ul>`;
}

function Contents({ contained }) {
  const parts = Object.entries(contained).sort(([, one], [, other]) => other - one);
  const whole = parts.reduce((sum, [, mg]) => sum + mg, 0);
  if (!whole) return html`<span class="quiet">${t("pictures.contains_nothing")}</span>`;
  return html`<span class="contents"><strong><${Mass} mg=${whole} /></strong> ${t("pictures.reo")}:
    ${parts.map(([symbol, mg]) => html` <span class="chip" key=${symbol} title=${`${term("element", symbol)}: ${share(mg / whole)}`}>${symbol} <${Mass} mg=${mg} /></span>`)}</span>`;
}

function Model({ model }) {
  if (!model.model) return html`<span class="quiet">${t("pictures.model_none")}</span>`;
  const tone = { true: "good", false: "bad", null: "warn" }[String(model.holds)];
  return html`${t(`pictures.model.${model.model}`)} <${Badge} tone=${tone}>${t(`pictures.model_holds.${model.holds}`)}<//>
    ${model.reason && html`<div class="quiet" lang="en">${model.reason}</div>`}`;
}

/** As recorded or as corrected; to regulators the way back to what the books said before. */
function Recorded({ found, onAt }) {
  const { at, corrected_at } = found;
  return html`<span>${corrected_at === null ? t("pictures.as_recorded") : html`${t("pictures.as_corrected")} <${EntryLink} index=${corrected_at} />`}</span>
    ${seesAll() && corrected_at !== null && at === null && html` <button type="button" class="plain small" onClick=${() => onAt(corrected_at - 1)}>${t("pictures.show_before")}</button>`}
    ${at !== null && html` <button type="button" class="plain small" onClick=${() => onAt(null)}>${t("pictures.show_now")}</button>`}`;
}

/** The head of the page: facts on the left, origins on the right. */
export function Header({ subject, data, element, onElement, onAt }) {
  const { found } = data;
  const thing = thingOf(data);
  const starts = new Set([found.name, ...data.steps.filter((each) => each.depth === 0).map((each) => each.name)]);
  const countries = Object.entries(found.countries);
  const elements = Object.keys(found.contained_mg);
  return html`
    ${found.at !== null && html`<div class="notice warn">${t("pictures.at_note", { n: count(found.at) })} <button type="button" class="plain small" onClick=${() => onAt(null)}>${t("pictures.show_now")}</button></div>`}
    ${thing?.tainted_by !== null && thing?.tainted_by !== undefined && html`<div class="notice bad"><strong>${t("pictures.tainted")}</strong> ${t("pictures.tainted_since")} <${EntryLink} index=${thing.tainted_by} />.</div>`}
    <div class="columns">
      <${Section} title=${t(`pictures.kind.${subject.kind}`)}>
        <${Facts} rows=${[
          [t("pictures.id"), html`<${Copyable} text=${subject.name}>${subject.name}<//>`],
          thing && thing.product && [t("pictures.product"), html`<${ProductName} code=${thing.product} /> · ${term("stage", thing.stage)}`],
          thing && thing.mass_mg > 0 && [t("pictures.mass_gross"), html`<${Mass} mg=${thing.mass_mg} />`],
          [t("pictures.contains"), html`<${Contents} contained=${found.contained_mg} />`],
          subject.kind === "shipment" && [t("pictures.consignor"), firm(subject.consignor)],
          thing && [t("pictures.made_by"), thing.made_by ? html`${firm(thing.made_by)}${thing.site && html` · <${SiteName} id=${thing.site} />`}` : html`<span class="quiet">${t("pictures.not_told")}</span>`],
          thing && [t("pictures.recorded"), html`${term("movement", thing.birth)}, <${Time} at=${thing.event_time} /> · <${EntryLink} index=${thing.index} />`],
          [t("pictures.holders"), html`<${Holders} found=${found} starts=${starts} />`],
          subject.kind === "lot" && [t("pictures.custody_model"), html`<${Model} model=${found.model} />`],
          subject.kind === "lot" && [t("pictures.state"), html`<${Recorded} found=${found} onAt=${onAt} />`],
          data.alerts.length > 0 && [t("pictures.alerts"), html`<${Badge} tone="warn">${t("pictures.alerts_open", { n: data.alerts.length })}<//>`],
        ]} />
      <//>
      <${Section} title=${t("pictures.origins")} tools=${elements.length > 1 && html`<label class="inline">${t("pictures.of_element")}
        <select value=${element ?? ""} onChange=${(event) => onElement(event.target.value)}>
          <option value="">${t("pictures.all_elements")}</option>
          ${elements.map((symbol) => html`<option key=${symbol} value=${symbol}>${symbol} ${term("element", symbol)}</option>`)}
        </select></label>`}>
        <${Origins} shares=${found.origins} caption=${t("pictures.origins")} />
        ${countries.length > 0 && html`<p class="countries"><span class="quiet">${t("pictures.countries")}</span> ${countries.map(([code, part]) => html`<span class="chip" key=${code}>${countryName(code)} ${share(part)}</span>`)}</p>`}
        <p class="quiet note">${t("pictures.pro_rata_note")}</p>
      <//>
    </div>`;
}
