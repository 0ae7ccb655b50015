// Texts in the reader's language: English and Simplified Chinese, loaded by area when a page needs them.
import { store } from "./store.js";

export const LANGUAGES = { en: "English", zh: "简体中文" };
const TAGS = { en: "en", zh: "zh-Hans" };
const KEPT = "reledger.language";
const base = new URL("../../i18n/", import.meta.url);
const catalogues = { en: {}, zh: {} };

/** The language in force: "en" or "zh". */
export const language = store(chosen());

function chosen() {
  const asked = new URLSearchParams(location.search).get("lang") ?? read() ?? navigator.language ?? "en";
  return asked.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** BCP 47 tag for Intl and for the page. */
export const tag = () => TAGS[language.get()];

/** Changes the language for this browser; the areas that are loaded are loaded in it too. */
export async function setLanguage(next) {
  if (!(next in LANGUAGES)) return;
  await Promise.all(Object.keys(catalogues[language.get()]).map((area) => loadInto(next, area)));
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  document.documentElement.lang = TAGS[next];
  language.set(next);
}

/** Loads areas ("common", "producer", ...) in the language in force. */
export async function loadAreas(...areas) {
  document.documentElement.lang = tag();
  await Promise.all(areas.map((area) => loadInto(language.get(), area)));
}

async function loadInto(name, area) {
  if (area in catalogues[name]) return;
  const response = await fetch(new URL(`${name}/${area}.json`, base));
  if (!response.ok) throw new Error(`no texts ${name}/${area}`);
  catalogues[name][area] = await response.json();
}

/** Whether there is a text for "area.key". */
export function has(key) {
  const [area, ...rest] = key.split(".");
  return catalogues[language.get()][area]?.[rest.join(".")] !== undefined;
}

/**
 * The text "area.key" with {name} replaced by params.name. With params.n a key "key_one" is taken for one thing
 * where the language has such a form. A text that is missing shows as its key, which a test finds.
 */
export function t(key, params = {}) {
  const dot = key.indexOf(".");
  const area = catalogues[language.get()][key.slice(0, dot)] ?? {};
  const name = key.slice(dot + 1);
  const one = params.n !== undefined && new Intl.PluralRules(tag()).select(Number(params.n)) === "one";
  const text = (one ? area[name + "_one"] : undefined) ?? area[name];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, each) => (each in params ? String(params[each]) : whole));
}

/** The text of a word of the ledger (a role, stage, state, kind) in `terms`, or the word itself. */
export function term(kind, word) {
  const key = `terms.${kind}.${word}`;
  return has(key) ? t(key) : String(word ?? "");
}
