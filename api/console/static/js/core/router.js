// Which page the address names. Links are ordinary links; a click on one is taken without loading the page anew.
import { store } from "./store.js";

/** The address as {path, query: URLSearchParams}. */
export const place = store(here());

function here() {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Goes to an address of the console; `replace` leaves no step in the browser's history. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.set(here());
  if (!replace) scrollTo(0, 0);
}

/** Follows links and the browser's buttons. */
export function follow() {
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname !== "/" && !link.pathname.startsWith("/console/")) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}

/** Sets members of the query in place: what a page shows stays in its address, to be kept or sent to others. */
export function setQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ""), { replace: true });
}
