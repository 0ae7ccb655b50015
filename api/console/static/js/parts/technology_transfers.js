// Technology that was handed to foreign organisations, or received: a table of the records.
import { all } from "../core/api.js";
import { html } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { EntryLink, Loaded, PartyName, Section, Table, Time, useLoad } from "../core/ui.js";
import { Countries } from "./countries.js";
import { scopeText } from "./licence_amount.js";

/** What a query asks for, as a section; nothing where there is none. */
export function TechnologyTransfers({ query }) {
  const from = useLoad((signal) => all("/v1/technology-transfers", "records", query, { signal }), [JSON.stringify(query)]);
  return html`<${Loaded} from=${from}>${(rows) => rows.length > 0 && html`<${Section} title=${t("terms.technology.title")}>
    <${Table} caption=${t("terms.technology.title")} csv="technology.csv" rows=${rows} rowKey=${(each) => `${each.entry_index} ${each.position}`} columns=${[
      { key: "event_time", title: t("terms.technology.when"), cell: (each) => html`<${Time} at=${each.event_time} /> · <${EntryLink} index=${each.entry_index} />` },
      { key: "technology", title: t("terms.technology.item") },
      { key: "manner", title: t("terms.technology.manner"), value: (each) => term("technology_manner", each.disclosed ? "disclosed" : each.manner) },
      { key: "scope", title: t("terms.technology.scope"), value: (each) => scopeText(each.scope) },
      { key: "consignee", title: t("terms.technology.recipient"), cell: (each) => html`<${PartyName} id=${each.consignee} /> <${Countries} codes=${[each.destination]} />` },
      { key: "voided_at", title: t("terms.technology.taken_back"), cell: (each) => (each.voided_at === null ? "–" : html`<${EntryLink} index=${each.voided_at} />`) },
    ]} /><//>`}<//>`;
}
