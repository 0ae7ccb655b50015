// Export control: what an export would need, who stands behind a firm, and names against the restricted parties.
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Page, Tabs } from "../../core/ui.js";
import { Need } from "./export_need.js";
import { Owners } from "./export_owners.js";
import { Screening } from "./export_screening.js";

export const areas = ["export", "regulator", "rules"];
const VIEWS = { need: Need, owners: Owners, screening: Screening };

export default function ExportControl({ query }) {
  const current = VIEWS[query.get("view")] ? query.get("view") : "need";
  const View = VIEWS[current];
  return html`<${Page} title=${t("common.nav.export_control")} lead=${t("export.lead")}>
    <${Tabs} label=${t("common.nav.export_control")} current=${current} onChange=${(view) => setQuery({ view })} tabs=${Object.keys(VIEWS).map((id) => ({ id, title: t(`export.view.${id}`) }))} />
    <${View} query=${query} key=${current} />
  <//>`;
}
