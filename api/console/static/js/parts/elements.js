// Rare earths by name.
import { html } from "../core/html.js";
import { language, t, term } from "../core/i18n.js";

/** What an element is called, in words: "Neodymium"; "REO" is all of them. Needs area `rules`. */
export function elementName(code) {
  if (code === "REO") return t("rules.evidence.all_reo");
  if (code === "other") return t("rules.evidence.other");
  return term("element", code);
}

/** An element by its symbol, with its name: beside it in Chinese, where it is one character, else as a title. */
export const Element = ({ code }) => {
  const name = elementName(code);
  if (code === "REO" || code === "other") return name;
  return language.get() === "zh" ? `${code} ${name}` : html`<span title=${name}>${code}</span>`;
};
