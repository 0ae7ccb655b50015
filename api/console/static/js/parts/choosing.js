// Choosing a firm and one of its sites; regulators choose among all firms, everybody else has their own.
import { all } from "../core/api.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { sitesOf } from "../core/names.js";
import { setQuery } from "../core/router.js";
import { useLoad } from "../core/ui.js";

/** Every party of the register, by legal name. */
export async function everyFirm(signal) {
  const parties = await all("/v1/parties", "parties", { limit: 1000 }, { signal });
  return parties.sort((one, other) => one.organisation.legal_name.localeCompare(other.organisation.legal_name));
}

/** A select over all firms; what is chosen stands in the address as `party`. */
export function FirmSelect({ party, empty }) {
  const firms = useLoad(everyFirm);
  return html`<label>${t("regulator.firm.one")}<select value=${party ?? ""} onChange=${(event) => setQuery({ party: event.target.value, site: "" })}>
    <option value="" selected=${!party}>${empty ?? t("regulator.firm.choose")}</option>
    ${(firms.value ?? []).map((firm) => html`<option key=${firm.id} value=${firm.id} selected=${firm.id === party}>${firm.organisation.legal_name}</option>`)}</select></label>`;
}

/** A select over a firm's sites; what is chosen stands in the address as `site`. */
export function SiteSelect({ party, site }) {
  const sites = useLoad(() => (party ? sitesOf(party) : Promise.resolve([])), [party]);
  return html`<label>${t("regulator.site")}<select value=${site ?? ""} onChange=${(event) => setQuery({ site: event.target.value })}>
    <option value="" selected=${!site}>${t("regulator.every_site")}</option>
    ${(sites.value ?? []).map((each) => html`<option key=${each.id} value=${each.id} selected=${each.id === site}>${each.description?.name ?? each.id}</option>`)}</select></label>`;
}
