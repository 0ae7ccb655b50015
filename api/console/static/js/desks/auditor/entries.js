// The log's entries, newest first, and one of them in full.
import { get } from "../../core/api.js";
import { utf8 } from "../../core/bytes.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, Copyable, EntryLink, Loaded, Page, Section, Table, Time, useLoad } from "../../core/ui.js";
import { parseEntry } from "../../proof/entry.js";
import { EntryDetail } from "./entry_detail.js";

export const areas = ["auditor", "proof"];

const PAGE = 50;
const SCAN = 1000;
const MOST_SCANS = 20;
const WANTED = { all: () => true, public: (entry) => entry.public, private: (entry) => !entry.public };

/** Whole numbers of the query; anything else is none. */
const numberIn = (query, name) => (/^\d{1,15}$/.test(query.get(name) ?? "") ? Number(query.get(name)) : null);

/** Up to a page of wanted entries below `end`, newest first: {rows, from: where the page after begins, size}. */
async function readPage(end, show, signal) {
  const { size } = await get("/v1/log", undefined, { signal });
  const rows = [];
  let from = Math.min(end ?? size, size);
  const step = show === "all" ? PAGE : SCAN;
  for (let scans = 0; from > 0 && rows.length < PAGE && scans < MOST_SCANS; scans++) {
    const start = Math.max(0, from - step);
    const { entries } = await get("/v1/log/entries", { start, end: from }, { signal });
    const read = entries.map(readRow).filter(WANTED[show]).reverse();
    rows.push(...read.slice(0, PAGE - rows.length));
    from = rows.length === PAGE ? rows.at(-1).index : start;
  }
  return { rows, from, size };
}

function readRow({ index, entry }) {
  try {
    const read = parseEntry(utf8(entry));
    return { ...read, index, sound: read.index === index };
  } catch {
    return { index, sound: false };
  }
}

export default function Entries({ query }) {
  const index = numberIn(query, "index");
  const show = query.get("show") in WANTED ? query.get("show") : "all";
  const end = numberIn(query, "end");
  const page = useLoad((signal) => readPage(end, show, signal), [end, show]);
  return html`<${Page} title=${t("auditor.entries.title")} lead=${t("auditor.entries.lead")} actions=${html`<${Jump} />`}>
    ${index !== null && html`<${EntryDetail} index=${index} key=${index} />`}
    <${Section} title=${t("auditor.entries.list")} tools=${html`<${Filter} show=${show} />`}>
      <${Loaded} from=${page} empty=${({ rows }) => !rows.length} emptyText=${t("auditor.entries.none")}>${(value) => html`<${List} page=${value} end=${end} selected=${index} />`}<//>
    <//>
  <//>`;
}

function Jump() {
  const [text, setText] = useState("");
  const jump = (event) => {
    event.preventDefault();
    if (/^\d+$/.test(text.trim())) setQuery({ index: text.trim() });
  };
  return html`<form class="jump" role="search" onSubmit=${jump}>
    <label class="visually-hidden" for="jump">${t("auditor.entries.number")}</label>
    <input id="jump" type="text" inputmode="numeric" placeholder=${t("auditor.entries.number")} value=${text} onInput=${(event) => setText(event.target.value)} />
    <button type="submit">${t("auditor.entries.jump")}</button>
  </form>`;
}

const Filter = ({ show }) => html`<label>${t("auditor.entries.show")}
  <select value=${show} onChange=${(event) => setQuery({ show: event.target.value === "all" ? null : event.target.value, end: null })}>
    ${Object.keys(WANTED).map((each) => html`<option key=${each} value=${each}>${t(`auditor.entries.show.${each}`)}</option>`)}
  </select></label>`;

function List({ page: { rows, from, size }, end, selected }) {
  const columns = [
    { key: "index", title: t("proof.entry.index"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
    { key: "recordedAt", title: t("proof.entry.recorded_at"), cell: (row) => html`<${Time} at=${row.recordedAt} />` },
    { key: "public", title: t("auditor.entries.kind"), value: (row) => t(row.public ? "auditor.kind.public" : "auditor.kind.private"), cell: (row) => html`<${Kind} row=${row} />` },
    { key: "statement", title: t("proof.entry.statement"), cell: (row) => (row.statement ? html`<${Copyable} text=${row.statement} />` : "–") },
  ];
  return html`<p class="quiet">${t("auditor.entries.of", { size: count(size) })}</p>
    <${Table} caption=${t("auditor.entries.table")} csv="entries.csv" columns=${columns} rows=${rows} rowKey=${(row) => row.index} selected=${(row) => row.index === selected} />
    <p class="actions">
      ${end !== null && html`<button type="button" class="secondary" onClick=${() => setQuery({ end: null })}>${t("auditor.entries.newest")}</button>`}
      ${from > 0 && html`<button type="button" class="secondary" onClick=${() => setQuery({ end: from })}>${t("auditor.entries.older")}</button>`}
    </p>`;
}

const Kind = ({ row }) =>
  row.sound
    ? html`<${Badge} tone=${row.public ? "info" : ""}>${t(row.public ? "auditor.kind.public" : "auditor.kind.private")}<//>`
    : html`<${Badge} tone="bad">${t("auditor.state.bad")}<//>`;
