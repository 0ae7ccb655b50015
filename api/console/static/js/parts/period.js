// Periods in the authority's calendar: presets and two dates, kept in the address.
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { setQuery } from "../core/router.js";

const ZONE_MS = 8 * 3_600_000;
const day = (year, month, date = 1) => new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);

/** The presets as {name: [first day, day after the last]}. */
export function presets(now = Date.now()) {
  const here = new Date(now + ZONE_MS);
  const [year, month] = [here.getUTCFullYear(), here.getUTCMonth()];
  return {
    this_month: [day(year, month), day(year, month + 1)],
    last_month: [day(year, month - 1), day(year, month)],
    quarter: [day(year, month - 2), day(year, month + 1)],
    this_year: [day(year, 0), day(year + 1, 0)],
    last_year: [day(year - 1, 0), day(year, 0)],
  };
}

/** The period of an address, this year where it names none: {from, until} as dates. */
export function periodOf(query) {
  const [from, until] = presets().this_year;
  return { from: query.get("from") || from, until: query.get("until") || until };
}

/** A day as the moment at which it begins, for the ledger. */
export const begins = (date) => `${date}T00:00:00+08:00`;

/** Presets and two dates; `until` is the first day that is not included. */
export function Period({ from, until }) {
  const options = presets();
  const current = Object.keys(options).find((name) => options[name][0] === from && options[name][1] === until) ?? "";
  const choose = (name) => name && setQuery({ from: options[name][0], until: options[name][1] });
  return html`<label>${t("regulator.period.title")}<select value=${current} onChange=${(event) => choose(event.target.value)}>
      ${current === "" && html`<option value="" selected>${t("regulator.period.own")}</option>`}
      ${Object.keys(options).map((name) => html`<option key=${name} value=${name} selected=${name === current}>${t(`regulator.period.${name}`)}</option>`)}</select></label>
    <label>${t("regulator.period.from")}<input type="date" value=${from} max=${until} onChange=${(event) => event.target.value && setQuery({ from: event.target.value })} /></label>
    <label>${t("regulator.period.until")}<input type="date" value=${until} min=${from} onChange=${(event) => event.target.value && setQuery({ until: event.target.value })} /></label>`;
}
