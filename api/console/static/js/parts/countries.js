// Countries by name.
import { html } from "../core/html.js";
import { tag } from "../core/i18n.js";

/** A country's name in the reader's language, or its code. */
export function countryName(code) {
  try {
    return new Intl.DisplayNames([tag()], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Countries by name, with their codes as titles. */
export const Countries = ({ codes }) => codes.map((code, at) => html`<span key=${code} title=${code}>${at ? " · " : ""}${countryName(code)}</span>`);
