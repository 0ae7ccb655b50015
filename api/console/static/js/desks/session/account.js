// Who is signed in here, as what and until when; the keys that this browser keeps.
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { everyKey, forget } from "../../core/keys.js";
import { signOut } from "../../core/session.js";
import { Badge, Copyable, Dialog, Facts, Failure, Loaded, Page, PartyName, Section, Table, Time, useLoad } from "../../core/ui.js";
import { keyState } from "./key_state.js";
import { TONES } from "./sign_in.js";

export const areas = ["session"];

export default function Account({ who }) {
  const keys = useLoad(keysWithStates);
  const [asked, setAsked] = useState(null);
  const [error, setError] = useState(null);
  const leave = (everywhere) => signOut({ everywhere }).catch(setError);
  const drop = async (key) => {
    await forget(key.kid);
    setAsked(null);
    keys.reload();
  };
  return html`<${Page} title=${t("common.nav.account")} lead=${t("session.account.lead")}>
    ${error && html`<${Failure} error=${error} />`}
    <${Section} title=${t("session.account.who")}>
      <${Facts} rows=${[
        [t("session.account.name"), html`<strong>${who.organisation?.legal_name ?? who.party}</strong>`],
        [t("session.account.roles"), who.roles.map((role) => term("role", role)).join(" · ") || t("session.account.no_roles")],
        [t("session.account.party"), html`<${Copyable} text=${who.party}>${who.party}<//>`],
        [t("session.account.key"), html`<${Copyable} text=${who.kid}>${who.kid}<//>`],
        [t("session.account.since"), html`<${Time} at=${who.issued} />`],
        [t("session.account.idle"), html`<${Time} at=${who.idle_expires} />`],
        [t("session.account.until"), html`<${Time} at=${who.expires} />`],
      ]} />
      <p class="actions spaced">
        <button type="button" onClick=${() => leave(false)}>${t("session.account.out_here")}</button>
        <button type="button" class="secondary" onClick=${() => leave(true)}>${t("session.account.out_everywhere")}</button>
      </p>
    <//>
    <${Section} title=${t("session.kept.title")}>
      <p>${t("session.account.keys_text")}</p>
      <${Loaded} from=${keys} empty=${(rows) => rows.length === 0} emptyText=${t("session.kept.none")}>
        ${(rows) => html`<${Table} caption=${t("session.kept.title")} rows=${rows} rowKey=${(row) => row.kid} columns=${columns(who, setAsked)} />`}
      <//>
      <p class="spaced"><a href="/console/sign-in">${t("session.account.more_keys")}</a></p>
    <//>
    ${asked && html`<${Forget} held=${asked} current=${asked.kid === who.kid} onForget=${() => drop(asked)} onClose=${() => setAsked(null)} />`}
  <//>`;
}

async function keysWithStates() {
  const keys = await everyKey();
  return Promise.all(keys.map(async (key) => ({ ...key, ...(await keyState(key.kid)) })));
}

const columns = (who, onForget) => [
  { key: "party", title: t("session.account.whose"), cell: (row) => (row.party ? html`<${PartyName} id=${row.party} />` : t("session.kept.nobodys")) },
  { key: "kid", title: t("session.account.key"), cell: (row) => html`<${Copyable} text=${row.kid} />` },
  { key: "alg", title: t("session.new.alg") },
  {
    key: "state",
    title: t("session.account.state"),
    value: (row) => t(`session.state.${row.state}`),
    cell: (row) => html`<${Badge} tone=${TONES[row.state]}>${t(`session.state.${row.state}`)}<//> ${row.kid === who.kid && html`<${Badge} tone="info">${t("session.account.in_use")}<//>`}`,
  },
  { key: "forget", title: "", cell: (row) => html`<button type="button" class="plain small" onClick=${() => onForget(row)}>${t("session.account.forget")}</button>` },
];

function Forget({ held, current, onForget, onClose }) {
  return html`<${Dialog} title=${t("session.forget.title")} onClose=${onClose}>
    <p>${t(held.made ? "session.forget.made" : "session.forget.file")}</p>
    ${current && html`<p>${t("session.forget.current")}</p>`}
    <footer class="actions">
      <button type="button" onClick=${onForget}>${t("session.forget.yes")}</button>
      <button type="button" class="plain" onClick=${onClose}>${t("common.cancel")}</button>
    </footer>
  <//>`;
}
