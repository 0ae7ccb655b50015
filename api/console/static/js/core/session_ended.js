// The session is over while a page is open: what was typed stays, and one click with the same key goes on.
import { html, useEffect, useState } from "./html.js";
import { t } from "./i18n.js";
import { signIn, signOut, signingKey } from "./session.js";
import { Dialog, Failure } from "./ui.js";

/** Over the page: sign in again with the key of this browser, or go and do so with another one. */
export function SessionEnded({ who, over }) {
  const [key, setKey] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    signingKey().then(setKey);
  }, []);
  const again = () => signIn(key).catch(setError);
  const elsewhere = async () => {
    const next = location.pathname + location.search;
    over.settle(false);
    await signOut({ to: `/console/sign-in?${new URLSearchParams({ next })}` });
  };
  return html`<${Dialog} title=${t("common.ended.title")} onClose=${() => over.settle(false)}>
    <p>${t("common.ended.text")}</p>
    ${error && html`<${Failure} error=${error} />`}
    <footer class="actions">
      ${key && html`<button type="button" onClick=${again}>${t("common.ended.again", { name: who.organisation?.legal_name ?? who.party })}</button>`}
      <button type="button" class="plain" onClick=${elsewhere}>${t("common.ended.elsewhere")}</button>
    </footer>
  <//>`;
}
