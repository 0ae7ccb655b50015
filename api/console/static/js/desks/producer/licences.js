// The firm's export licences and quotas, and an application for a licence.
import { all } from "../../core/api.js";
import { date, share, shortId } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Dialog, EntryLink, Loaded, Mass, Page, PartyName, ProductName, Section, Table, Time, useLoad } from "../../core/ui.js";
import { Countries } from "../../parts/countries.js";
import { UsedOf } from "../../parts/licence_amount.js";
import { TechnologyTransfers } from "../../parts/technology_transfers.js";
import { ApplicationForm } from "./application.js";
import { LicenceState, Used } from "./today.js";

export const areas = ["producer", "rules", "acts", "proof"];

async function load(party, signal) {
  const [licences, quotas] = await Promise.all([
    all("/v1/licences", "records", { party }, { signal }),
    all("/v1/quotas", "records", { party }, { signal }),
  ]);
  return { licences: licences.sort((one, other) => other.applied_at - one.applied_at), quotas };
}

export default function Licences({ who }) {
  const from = useLoad((signal) => load(who.party, signal), [who.party]);
  const [applying, setApplying] = useState(false);
  const exports_ = who.roles.includes("exporter");
  return html`<${Page} title=${t("producer.licences_title")} lead=${t("producer.licences_lead")}
    actions=${exports_ && html`<button type="button" onClick=${() => setApplying(true)}>${t("producer.apply")}</button>`}>
    ${applying && html`<${Dialog} title=${t("producer.apply")} onClose=${() => (setApplying(false), from.reload())}><${ApplicationForm} me=${who.party} /><//>`}
    <${Loaded} from=${from}>${({ licences, quotas }) => html`
      <${Section} title=${t("producer.licences_title")}>
        ${licences.length === 0 ? html`<p class="empty">${t(exports_ ? "producer.no_licences" : "producer.no_exporter")}</p>` : html`<${LicenceTable} licences=${licences} />`}
      <//>
      <${TechnologyTransfers} query=${{ party: who.party }} />
      <${Section} title=${t("producer.quotas")}>
        ${quotas.length === 0 ? html`<p class="empty">${t("producer.no_quotas")}</p>` : html`<${QuotaTable} quotas=${quotas} />`}
      <//>`}<//>
  <//>`;
}

const LicenceTable = ({ licences }) => html`<${Table} caption=${t("producer.licences_title")} csv="licences.csv" rows=${licences} rowKey=${(each) => each.licence} columns=${[
  { key: "licence", title: t("producer.licence"), cell: (each) => html`<span title=${each.licence}>${shortId(each.licence)}</span>` },
  { key: "state", title: t("producer.state"), cell: (each) => html`<${LicenceState} licence=${each} />` },
  { key: "items", title: t("producer.items"), value: (each) => each.items.join(" "), cell: (each) => each.items.map((item) => html`<div key=${item}><${ProductName} code=${item} /></div>`) },
  { key: "destinations", title: t("producer.destinations"), value: (each) => each.destinations.join(" "), cell: (each) => html`<${Countries} codes=${each.destinations} />` },
  { key: "end_users", title: t("producer.end_users"), value: (each) => each.end_users.join(" "), cell: (each) => each.end_users.map((party) => html`<div key=${party}><${PartyName} id=${party} /></div>`) },
  { key: "quantity_mg", title: t("producer.used_of"), numeric: true, cell: (each) => html`<${UsedOf} of=${each} />` },
  { key: "applied", title: t("producer.applied_on"), cell: (each) => html`<${Time} at=${each.applied} />` },
  { key: "due", title: t("producer.decided_by"), value: (each) => each.decided ?? each.due, cell: (each) => (each.decided ? html`<${EntryLink} index=${each.decided_at} />` : date(each.due)) },
  { key: "reason", title: t("producer.reason"), cell: (each) => each.reason || "–" },
]} />`;

const QuotaTable = ({ quotas }) => html`<${Table} caption=${t("producer.quotas")} csv="quotas.csv" rows=${quotas} rowKey=${(each) => `${each.year} ${each.activity} ${each.ore_class}`} columns=${[
  { key: "year", title: t("producer.year"), cell: (each) => String(each.year) },
  { key: "activity", title: t("producer.kind"), cell: (each) => t(`producer.activity.${each.activity}`) },
  { key: "ore_class", title: t("producer.ore"), cell: (each) => term("ore_class", each.ore_class) },
  { key: "allotted_mg", title: t("producer.allotted"), numeric: true, cell: (each) => html`<${Mass} mg=${each.allotted_mg} />` },
  { key: "drawn_mg", title: t("producer.drawn"), numeric: true, cell: (each) => html`<${Mass} mg=${each.drawn_mg} />` },
  { key: "share", title: t("producer.used_share"), value: (each) => each.drawn_mg / each.allotted_mg, cell: (each) => html`<${Used} drawn=${each.drawn_mg} of=${each.allotted_mg} label=${share(each.drawn_mg / each.allotted_mg)} />` },
]} />`;
