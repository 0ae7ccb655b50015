// In place of a page that is for others: whose it is, who one is here, and what one can do.
import { homeOf, menuFor } from "../desks.js";
import { html } from "./html.js";
import { t, term } from "./i18n.js";
import { Facts, Page, Section } from "./ui.js";

const named = (roles) => roles.map((role) => term("role", role)).join(" · ");

/** `page` is one of desks.js, `who` the session; the server refuses the same, whatever a page shows. */
export function NotForYou({ page, who }) {
  const lead = t("common.others.lead", { page: t(page.title) });
  const [own] = menuFor(who.roles);
  return html`<${Page} title=${t("common.others.title")} lead=${lead}>
    <${Section} title=${t("common.others.whose")}>
      <${Facts} rows=${[
        [t("common.others.for"), named(page.roles)],
        [t("common.others.you"), html`<strong>${who.organisation?.legal_name ?? who.party}</strong><br />${named(who.roles) || t("common.none")}`],
      ]} />
    <//>
    <${Section} title=${t("common.others.can")}>
      <p>${t("common.others.can_text")}</p>
      <ul>${own.pages.map(({ path, title }) => html`<li key=${path}><a href=${path}>${t(title)}</a></li>`)}</ul>
      <p class="actions spaced">
        <a role="button" href=${homeOf(who.roles)}>${t("common.others.home")}</a>
        <a role="button" class="secondary outline" href="/console/sign-in">${t("common.ended.elsewhere")}</a>
      </p>
    <//>
  <//>`;
}
