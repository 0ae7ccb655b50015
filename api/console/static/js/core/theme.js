// Light or dark: as the system says until the reader chooses.
const KEPT = "reledger.theme";

/** "light", "dark" or null for the system's own. */
export function theme() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** Puts the theme in force on the page. */
export function applyTheme(next = theme()) {
  const root = document.documentElement;
  if (next === "light" || next === "dark") root.dataset.theme = next;
  else delete root.dataset.theme;
}

/** Goes to the other one and keeps it. */
export function turnTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  applyTheme(next);
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  dispatchEvent(new CustomEvent("themechange"));
}
