// Who stands behind a firm at a moment: the tree of holdings with its dates, and whether a restricted party is in it.
import { get } from "../../core/api.js";
import { date } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, EntryLink, Loaded, Section, Table, Time, useLoad } from "../../core/ui.js";
import { percent, Question } from "./export_form.js";

const DEEPEST = 12;
const whole = (share) => percent({ least: share, most: share });

/** The form, and the owners of the firm that the address names. */
export function Owners({ query }) {
  const fields = [
    { name: "party", label: t("export.owners.party"), hint: "https://…", required: true },
    { name: "at", label: t("export.at"), hint: "2026-11-01", pattern: "\\d{4}-\\d{2}-\\d{2}" },
  ];
  const [party, at] = [query.get("party"), query.get("at")];
  return html`<${Section} title=${t("export.view.owners")}>
      <p>${t("export.owners.lead")}</p>
      <${Question} fields=${fields} query=${query} label=${t("export.view.owners")} />
    <//>
    ${party && html`<${Answer} party=${party} at=${at} key=${`${party} ${at}`} />`}`;
}

function Answer({ party, at }) {
  const asked = { party, ...(at ? { at: `${at}T00:00:00+08:00` } : {}) };
  const found = useLoad((signal) => get("/v1/ownership", asked, { signal }), []);
  return html`<${Loaded} from=${found}>${(owners) => html`<${Section} title=${t("export.owners.of", { name: owners.name })}>
      <p>${owners.restriction ? html`<${Badge} tone="bad">${t("export.owners.restricted")}<//> ` : html`<${Badge} tone="good">${t("export.owners.free")}<//> `}<${Time} at=${owners.at} /></p>
      ${owners.restriction && html`<${Chain} restriction=${owners.restriction} />`}
      ${owners.above.length ? html`<${Tree} party=${owners.party} name=${owners.name} above=${owners.above} />` : html`<p class="empty">${t("export.owners.none")}</p>`}
    <//>
    <${Section} title=${t("export.owners.table")}>${owners.above.length + owners.spans.length + owners.holds.length ? html`<${Holdings} rows=${unique([...owners.above, ...owners.spans, ...owners.holds])} />` : html`<p class="empty">${t("export.owners.none")}</p>`}<//>`}<//>`;
}

const unique = (rows) => [...new Map(rows.map((row) => [keyOf(row), row])).values()];
const keyOf = (row) => `${row.held} ${row.holder} ${row.start} ${row.index}`;

/** Why a party is restricted: the listing, and the holdings that lead to it. */
export function Chain({ restriction }) {
  const list = `${restriction.control_list}${restriction.reference ? ` (${restriction.reference})` : ""}`;
  if (restriction.share === null) return html`<p>${t("export.chain.listed", { name: restriction.name, list })} <${EntryLink} index=${restriction.index} /></p>`;
  return html`<p>${t("export.chain.held", { name: restriction.name, list, share: whole(restriction.share), least: whole(restriction.least) })} <${EntryLink} index=${restriction.index} /></p>
    <ul>${restriction.path.map((each) => html`<li key=${keyOf(each)}>${t("export.chain.step", { holder: each.holder_name, held: each.held_name, share: whole(each.share), since: date(each.start) })} <${EntryLink} index=${each.index} /></li>`)}</ul>`;
}

/** The owners above a party as nested lists; one that stands above itself ends the branch. */
function Tree({ party, name, above }) {
  const held = new Map();
  for (const each of above) held.set(each.held, [...(held.get(each.held) ?? []), each]);
  const branch = (node, way) => {
    const holders = held.get(node) ?? [];
    if (!holders.length || way.length > DEEPEST) return null;
    return html`<ul>${holders.map((each) => html`<li key=${keyOf(each)}><strong>${whole(each.share)}</strong> ${each.holder_name} <span class="quiet">${spanOf(each)}</span> <${EntryLink} index=${each.index} />
      ${way.includes(each.holder) ? html`<em>${t("export.owners.ring")}</em>` : branch(each.holder, [...way, each.holder])}</li>`)}</ul>`;
  };
  return html`<div class="tree"><p><strong>${name}</strong></p>${branch(party, [party])}</div>`;
}

const spanOf = ({ start, end }) => `${date(start)} – ${end ? date(end) : t("regulator.firm.open_end")}`;

function Holdings({ rows }) {
  const columns = [
    { key: "held", title: t("export.owners.held"), value: (row) => row.held_name },
    { key: "holder", title: t("export.owners.holder"), value: (row) => row.holder_name },
    { key: "share", title: t("rules.evidence.share"), numeric: true, value: (row) => Number(row.share), cell: (row) => whole(row.share) },
    { key: "start", title: t("export.owners.span"), value: (row) => row.start, cell: spanOf },
    { key: "basis", title: t("export.owners.basis") },
    { key: "index", title: t("regulator.alerts.entry_short"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
  ];
  return html`<${Table} caption=${t("export.owners.table")} columns=${columns} rows=${rows} rowKey=${keyOf} csv="ownership.csv" />`;
}
