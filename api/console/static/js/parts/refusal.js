// What somebody sees who opens a page of another desk: the ledger's refusal, before anything is asked.
import { Problem } from "../core/api.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { seesAll } from "../core/session.js";
import { Failure, Page } from "../core/ui.js";

const REFUSED = new Problem({ code: "role.forbidden", status: 403 });

/** A page that only authorities and regulators see; everybody else is told so. */
export const forRegulators = (View, title) =>
  function Guarded(props) {
    if (seesAll()) return html`<${View} ...${props} />`;
    return html`<${Page} title=${t(title)}><${Failure} error=${REFUSED} /><p>${t("regulator.refused")}</p><//>`;
  };
