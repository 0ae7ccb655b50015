// Signing in: with a key that this browser keeps, with a key file, or with the key of a link.
import { time } from "../../core/format.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { keyLink } from "../../core/key_link.js";
import { everyKey, importFragment, obstacle } from "../../core/keys.js";
import { go } from "../../core/router.js";
import { signIn } from "../../core/session.js";
import { useStore } from "../../core/store.js";
import { Badge, Copyable, Failure, Loaded, Loading, Page, PartyName, Section, useLoad } from "../../core/ui.js";
import { homeOf } from "../../desks.js";
import { KeyFile } from "./key_file.js";
import { keyState, whyNot } from "./key_state.js";
import { NewKey } from "./new_key.js";

export const areas = ["session"];

/** The address to go to afterwards: one of this console's own, or none. */
function nextOf(query) {
  const asked = query.get("next") ?? "";
  const next = asked.startsWith("/") ? new URL(asked, location.origin) : null;
  const own = next?.origin === location.origin && (next.pathname === "/" || next.pathname.startsWith("/console/"));
  return own && next.pathname !== "/console/sign-in" ? next.pathname + next.search : null;
}

export default function SignIn({ query, who }) {
  const blocked = obstacle();
  const lead = t(query.has("next") ? "session.lead_next" : "session.lead");
  return html`<${Page} title=${t("session.title")} lead=${lead}>
    ${blocked
      ? html`<div class="failure" role="alert"><strong>${t(`session.obstacle.${blocked}`)}</strong><p>${t(`session.mend.${blocked}`)}</p></div>`
      : html`<${Ways} query=${query} who=${who} />`}
  <//>`;
}

function Ways({ query, who }) {
  const keys = useLoad(everyKey);
  const linked = useStore(keyLink);
  const [state, setState] = useState({});
  const enter = async (key) => {
    setState({ busy: true });
    try {
      const opened = await signIn(key);
      go(nextOf(query) ?? homeOf(opened.roles), { replace: true });
    } catch (error) {
      setState({ error, why: await whyNot(key, error) });
      keys.reload();
    }
  };
  const follow = async () => {
    keyLink.set(null);
    try {
      await enter(await importFragment(linked));
    } catch (error) {
      setState({ error });
    }
  };
  useEffect(() => {
    // Somebody who is signed in is asked first: a link must not make anybody act in another's name unseen.
    if (linked !== null && !who) follow();
  }, [linked]);
  if (state.busy || (linked !== null && !who)) return html`<${Loading} />`;
  return html`
    ${who && html`<${Already} who=${who} linked=${linked} onFollow=${follow} />`}
    ${state.error && html`<${Refused} ...${state} />`}
    <${Section} title=${t("session.kept.title")}>
      <${Loaded} from=${keys} empty=${(list) => list.length === 0} emptyText=${t("session.kept.none")}>
        ${(list) => html`<ul class="plain-list">${list.map((key) => html`<${KeptKey} key=${key.kid} held=${key} onEnter=${enter} />`)}</ul>`}
      <//>
    <//>
    <div class="columns">
      <${KeyFile} onKey=${enter} />
      <${NewKey} onMade=${keys.reload} />
    </div>`;
}

function Already({ who, linked, onFollow }) {
  const name = who.organisation?.legal_name ?? who.party;
  return html`<div class="notice" role="status">
    <p>${t("session.already", { name })}</p>
    ${linked !== null && html`<p>${t("session.link_other")}</p>`}
    <p class="actions">
      <a href=${homeOf(who.roles)}>${t("session.go_on")}</a>
      ${linked !== null && html`<button type="button" class="secondary" onClick=${onFollow}>${t("session.follow_link")}</button>`}
    </p>
  </div>`;
}

function Refused({ error, why }) {
  if (!why) return html`<${Failure} error=${error} />`;
  return html`<div class="failure" role="alert">
    <strong>${t(`session.refused.${why.state}`)}</strong>
    <p>${t(`session.refused_mend.${why.state}`, { since: time(why.since) })}</p>
    <p class="code">${error.code}</p>
  </div>`;
}

/** Tone of a key's state. */
export const TONES = { good: "good", unknown: "warn", early: "warn", expired: "bad", revoked: "bad" };

function KeptKey({ held, onEnter }) {
  const state = useLoad((signal) => keyState(held.kid, signal), [held.kid]);
  const found = state.value;
  return html`<li class="kept-key">
    <div>
      <strong>${found?.party ? html`<${PartyName} id=${found.party} />` : t("session.kept.nobodys")}</strong>
      <span class="quiet">${held.alg} · <${Copyable} text=${held.kid} /></span>
      ${found && html`<${Badge} tone=${TONES[found.state]}>${t(`session.state.${found.state}`)}<//>`}
      ${!held.stored && html`<${Badge} tone="warn">${t("session.kept.passing")}<//>`}
    </div>
    <button type="button" class=${found?.state === "unknown" ? "secondary" : ""} onClick=${() => onEnter(held)}>${t("common.sign_in")}</button>
  </li>`;
}
