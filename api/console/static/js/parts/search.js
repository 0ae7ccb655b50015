// One box that finds anything by its name or the beginning of its id, and goes to the page that shows it.
import { get } from "../core/api.js";
import { count, shortId } from "../core/format.js";
import { html, useEffect, useRef, useState } from "../core/html.js";
import { has, t, term } from "../core/i18n.js";
import { go } from "../core/router.js";
import { seesAll } from "../core/session.js";
import { Failure, ProductName } from "../core/ui.js";
import { countryName } from "./countries.js";
import { firmAddress } from "./links.js";

const WAIT_MS = 200;
const on = (path, members) => `${path}?${new URLSearchParams(members)}`;

/** Where something that was found is shown. */
export function addressOf({ kind, id, party, index }) {
  if (kind === "lot" || kind === "unit" || kind === "pool") return on("/console/provenance", { [kind]: id });
  if (kind === "shipment") return on("/console/provenance", { shipment: id, consignor: party });
  if (kind === "party") return firmAddress(id);
  if (kind === "site") return on("/console/firm", { site: id });
  if (kind === "licence") return on(seesAll() ? "/console/licence-queue" : "/console/licences", { licence: id });
  if (kind === "case") return on("/console/cases", { case: id });
  return on("/console/entries", { index: index ?? id });
}

/** The search box: a combobox with the arrows, Enter and Escape. Needs area `regulator`. */
export function Search() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  useEffect(() => {
    const asked = text.trim();
    setAt(-1);
    if (!asked) return setFound(null);
    const control = new AbortController();
    const timer = setTimeout(() => {
      get("/v1/search", { q: asked, limit: 20 }, { signal: control.signal }).then(
        (answer) => {
          setFound(answer.found);
          setError(null);
          setOpen(true);
        },
        (fault) => control.signal.aborted || setError(fault),
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text]);
  const choose = (each) => {
    setOpen(false);
    go(addressOf(each));
  };
  const key = (event) => {
    const many = found?.length ?? 0;
    if (event.key === "Escape") setOpen(false);
    else if (event.key === "Enter" && many) choose(found[Math.max(at, 0)]);
    else if (event.key === "ArrowDown" && many) {
      setOpen(true);
      setAt((at + 1) % many);
    } else if (event.key === "ArrowUp" && many) setAt((at - 1 + many) % many);
    else return;
    event.preventDefault();
  };
  const shown = open && found !== null;
  return html`<div class="search" onFocusOut=${(event) => box.current?.contains(event.relatedTarget) || setOpen(false)} ref=${box}>
    <label for="search-box">${t("regulator.search.label")}</label>
    <input id="search-box" type="search" role="combobox" autocomplete="off" spellcheck="false" aria-expanded=${shown ? "true" : "false"} aria-controls="search-found" aria-autocomplete="list"
      aria-activedescendant=${shown && at >= 0 ? `search-${at}` : null} placeholder=${t("regulator.search.hint")} value=${text}
      onInput=${(event) => setText(event.target.value)} onKeyDown=${key} onFocus=${() => setOpen(true)} />
    <ul id="search-found" role="listbox" aria-label=${t("regulator.search.found")} hidden=${!shown || !found.length}>${(found ?? []).map(
      (each, place) => html`<li key=${`${each.kind} ${each.id}`} id=${`search-${place}`} role="option" aria-selected=${place === at ? "true" : "false"} onMouseDown=${(event) => event.preventDefault()} onClick=${() => choose(each)}>
        <span class="badge">${t(`regulator.search.kind_${each.kind}`)}</span> <strong title=${each.id}>${nameOf(each)}</strong> <span class="quiet">${detailOf(each)}</span></li>`,
    )}</ul>
    ${shown && !found.length && html`<p class="quiet" role="status">${t("regulator.search.none")}</p>`}
    ${error && html`<${Failure} error=${error} />`}
  </div>`;
}

/** What stands beside a name: a party's roles, a site's country, a state, a product. */
function detailOf({ kind, detail }) {
  if (!detail) return "";
  if (kind === "party") return detail.split(", ").map((role) => term("role", role)).join(" · ");
  if (kind === "site") return countryName(detail);
  if (kind === "lot") return html`<${ProductName} code=${detail} />`;
  const word = (each) => (has(`terms.movement.${each}`) ? t(`terms.movement.${each}`) : term("state", each));
  return detail.split(", ").map(word).join(" · ");
}

const nameOf = ({ kind, id, name, index }) =>
  kind === "entry" ? `#${count(index)}` : name || shortId(id);
