// Who must be called: everyone who has it or anything made of it, what travels, what left, which pools it is in.
import { getText } from "../core/api.js";
import { count, mass } from "../core/format.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Badge, Loaded, Mass, PartyName, saveFile, SiteName, Table, ThingLink, useLoad } from "../core/ui.js";
import { asked } from "./subject.js";

/** Records of a CSV text (RFC 4180) by the names of its header. */
export function readCsv(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  const [header, ...records] = rows.filter((row) => row.length > 1 || row[0]);
  return records.map((row) => Object.fromEntries(header.map((name, at) => [name, row[at]])));
}

const TONES = { held: "", exported: "info", released: "info", "in pool": "warn", incomplete: "bad" };

/** The recall list of what is asked about. */
export function Recall({ subject, settings }) {
  const from = useLoad(async (signal) => {
    const { depth, since, until } = asked(settings);
    const text = await getText("/v1/recall", { ...subject.query, depth, since, until }, { accept: "text/csv", signal });
    return { text, rows: readCsv(text) };
  }, [JSON.stringify(settings)]);
  const state = (row) => t(`pictures.recall.state.${row.state.replace(" ", "_")}`);
  const columns = [
    { key: "custodian", title: t("pictures.recall.who"), cell: (row) => html`<a href=${`/console/firm?${new URLSearchParams({ party: row.custodian })}`}><${PartyName} id=${row.custodian} /></a>` },
    { key: "site", title: t("pictures.site"), cell: (row) => html`<${SiteName} id=${row.site} />` },
    { key: "lot", title: t("pictures.thing"), cell: (row) => html`<${ThingLink} kind=${row.state === "in pool" ? "pool" : "lot"} id=${row.lot} />` },
    { key: "mass_mg", title: t("pictures.mass_kg"), numeric: true, value: (row) => (row.mass_mg === "" ? null : Number(row.mass_mg) / 1e6), cell: (row) => (row.mass_mg === "" ? "–" : html`<${Mass} mg=${row.mass_mg} unit="kg" />`) },
    { key: "provisional_mg", title: t("pictures.recall.provisional"), numeric: true, value: (row) => Number(row.provisional_mg || 0) / 1e6, cell: (row) => (Number(row.provisional_mg) ? html`<${Mass} mg=${row.provisional_mg} unit="kg" />` : "–") },
    { key: "owner", title: t("pictures.recall.owner"), cell: (row) => html`<${PartyName} id=${row.owner} />` },
    { key: "state", title: t("pictures.recall.state"), value: state, cell: (row) => html`<${Badge} tone=${TONES[row.state] ?? "warn"}>${state(row)}<//>` },
  ];
  return html`<div class="picture">
    <p class="quiet">${t("pictures.recall.lead")}</p>
    <${Loaded} from=${from} empty=${({ rows }) => !rows.length} emptyText=${t("pictures.recall.none")}>${({ text, rows }) => {
      const named = rows.filter((row) => row.state !== "incomplete");
      const firms = new Set(named.map((row) => row.custodian)).size;
      const held = named.reduce((sum, row) => sum + Number(["exported", "released"].includes(row.state) ? 0 : row.mass_mg || 0), 0);
      return html`
        ${named.length < rows.length && html`<p class="notice warn">${t("pictures.recall.incomplete")}</p>`}
        <div class="tools picture-tools"><span class="quiet">${t("pictures.recall.sum", { n: count(firms), rows: count(named.length), mass: mass(held) })}</span>
          <button type="button" class="plain" onClick=${() => saveFile("recall.csv", text, "text/csv;charset=utf-8")}>${t("pictures.recall.csv")}</button></div>
        <${Table} columns=${columns} rows=${named} caption=${t("pictures.recall.caption")} csv="recall-table.csv" most=${100} />`;
    }}<//>
  </div>`;
}
