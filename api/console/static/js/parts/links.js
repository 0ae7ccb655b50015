// Links from names of the ledger to the pages that show them.
import { shortId } from "../core/format.js";
import { html } from "../core/html.js";
import { PartyName, SiteName, ThingLink } from "../core/ui.js";

/** The address of a firm's page. */
export const firmAddress = (party) => `/console/firm?${new URLSearchParams({ party })}`;

/** A firm by its name, to its page. */
export const FirmLink = ({ id }) => (id ? html`<a class="name" href=${firmAddress(id)}><${PartyName} id=${id} /></a>` : "–");

/** A site by its name, to the page of its firm. */
export const SiteLink = ({ id }) =>
  id ? html`<a href=${`/console/firm?${new URLSearchParams({ site: id })}`}><${SiteName} id=${id} /></a>` : "–";

/** A licence, to its place in the queue. */
export const LicenceLink = ({ id }) =>
  id ? html`<a title=${id} href=${`/console/licence-queue?${new URLSearchParams({ licence: id })}`}>${shortId(id)}</a>` : "–";

/** A case, to its page. */
export const CaseLink = ({ id }) =>
  id ? html`<a class="figure" href=${`/console/cases?${new URLSearchParams({ case: id })}`}>${id}</a>` : "–";

/** What an alert is about ("kind:id", where a period may follow a bar), as a link where there is a page for it. */
export function Subject({ of }) {
  const at = of.indexOf(":");
  const kind = of.slice(0, at);
  const [id, period] = of.slice(at + 1).split("|");
  if (kind === "lot" || kind === "unit" || kind === "pool") return html`<${ThingLink} kind=${kind} id=${id} />`;
  if (kind === "shipment" || kind === "sale") {
    const [consignor, shipment] = id.split(" ");
    return html`<${ThingLink} kind="shipment" id=${shipment} consignor=${consignor} />`;
  }
  if (kind === "site" || kind === "balance") return html`<${SiteLink} id=${id} />${period ? ` · ${period}` : ""}`;
  if (kind === "party" || kind === "consignee" || kind === "reports" || kind === "quota")
    return html`<${FirmLink} id=${id} />${period ? ` · ${period}` : ""}`;
  if (kind === "licence") return html`<${LicenceLink} id=${id} />`;
  return html`<span title=${id}>${shortId(id.split(" ").at(-1))}</span>`;
}

/** The month of a time in the authority's calendar, "2026-11". */
export const monthOf = (text, offsetMin = 480) => new Date(new Date(text).getTime() + offsetMin * 60_000).toISOString().slice(0, 7);
