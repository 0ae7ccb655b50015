// The frame of every page: whose log, who is signed in and as what, the menu, language and light.
import { homeOf, menuFor, open, pageAt } from "../desks.js";
import { html, useEffect, useState } from "./html.js";
import { LANGUAGES, language, loadAreas, setLanguage, t, term } from "./i18n.js";
import { go, place } from "./router.js";
import { ended, session, signOut } from "./session.js";
import { useStore } from "./store.js";
import { SessionEnded } from "./session_ended.js";
import { turnTheme } from "./theme.js";
import { NotForYou } from "./not_for_you.js";
import { Failure, Loading } from "./ui.js";

/** The whole console. */
export function App() {
  useStore(language);
  const who = useStore(session);
  const { path } = useStore(place);
  const over = useStore(ended);
  const [menuOpen, setMenuOpen] = useState(false);
  useEffect(() => setMenuOpen(false), [path]);
  return html`<a class="skip" href="#main">${t("common.skip")}</a>
    <${TopBar} who=${who} onMenu=${() => setMenuOpen((open) => !open)} menuOpen=${menuOpen} />
    <div class="frame">
      <nav class=${`side ${menuOpen ? "open" : ""}`} id="menu" aria-label=${t("common.menu")}><${Menu} who=${who} path=${path} /></nav>
      <main id="main" tabindex="-1"><${Shown} who=${who} /></main>
    </div>
    ${over && who && html`<${SessionEnded} who=${who} over=${over} />`}`;
}

function TopBar({ who, onMenu, menuOpen }) {
  return html`<header class="top">
    <button type="button" class="plain menu-button" aria-controls="menu" aria-expanded=${menuOpen ? "true" : "false"} aria-label=${t("common.menu")} onClick=${onMenu}>☰</button>
    <a class="brand" aria-label="reledger" href=${who ? homeOf(who.roles) : "/"}><span class="mark" aria-hidden="true"></span><span class="brand-name">reledger</span></a>
    <div class="top-end">
      ${who
        ? html`<a class="who" href="/console/account" title=${who.party}><strong>${who.organisation?.legal_name ?? who.party}</strong><span>${who.roles.map((role) => term("role", role)).join(" · ")}</span></a>
            <button type="button" class="plain sign-out" onClick=${() => signOut()}>${t("common.sign_out")}</button>`
        : html`<a class="sign-in" href="/console/sign-in">${t("common.sign_in")}</a>`}
      <${LanguageSwitch} />
      <button type="button" class="plain" onClick=${turnTheme} aria-label=${t("common.theme")} title=${t("common.theme")}>◐</button>
    </div>
  </header>`;
}

function LanguageSwitch() {
  const other = language.get() === "en" ? "zh" : "en";
  return html`<button type="button" class="plain" lang=${other === "zh" ? "zh-Hans" : "en"} onClick=${() => setLanguage(other)}>${LANGUAGES[other]}</button>`;
}

function Menu({ who, path }) {
  return menuFor(who ? who.roles : null).map(
    ({ desk, pages }) => html`<div class="menu-group" key=${desk}>
      <h2>${t(`common.desk.${desk}`)}</h2>
      <ul>${pages.map((page) => html`<li key=${page.path}><a href=${page.path} aria-current=${page.path === path ? "page" : null}>${t(page.title)}</a></li>`)}</ul>
    </div>`,
  );
}

/** The page that the address names, once its module and texts are there. */
function Shown({ who }) {
  const { path, query } = useStore(place);
  const current = useStore(language);
  const [loaded, setLoaded] = useState({});
  const page = pageAt(path);
  const needsSignIn = page && page.roles !== null && who === null;
  const isForOthers = page && who && !open(page.roles, who.roles);
  useEffect(() => {
    let wanted = true;
    if (!page || needsSignIn || isForOthers) return undefined;
    page
      .load()
      .then(async (module) => {
        await loadAreas(...(module.areas ?? []));
        if (wanted) setLoaded({ path: page.path, View: module.default, current });
      })
      .catch((error) => wanted && setLoaded({ path: page.path, error }));
    return () => (wanted = false);
  }, [page, needsSignIn, isForOthers, current]);
  useEffect(() => {
    if (needsSignIn) go(`/console/sign-in?${new URLSearchParams({ next: path + location.search })}`, { replace: true });
  }, [needsSignIn]);
  useEffect(() => {
    if (loaded.View) document.getElementById("page-title")?.focus({ preventScroll: true });
  }, [loaded.path]);
  if (!page) return html`<div class="page"><h1>${t("common.not_found")}</h1><p><a href="/">${t("common.nav.home")}</a></p></div>`;
  if (isForOthers) return html`<${NotForYou} page=${page} who=${who} />`;
  if (loaded.path !== page.path || needsSignIn) return html`<${Loading} />`;
  if (loaded.error) return html`<${Failure} error=${loaded.error} />`;
  return html`<${loaded.View} query=${query} who=${who} key=${`${page.path} ${loaded.current}`} />`;
}
