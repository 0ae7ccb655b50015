// The parts that every page is made of.
import { Problem } from "./api.js";
import * as format from "./format.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { has, t } from "./i18n.js";
import { partyName, productName, siteName } from "./names.js";

/** A page: its title, what it is for in a sentence, its actions, its content. */
export function Page({ title, lead, actions, children }) {
  useEffect(() => {
    document.title = `${title} · reledger`;
  }, [title]);
  return html`<div class="page">
    <header class="page-head">
      <div><h1 tabindex="-1" id="page-title">${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}
  </div>`;
}

/** A section with a heading; `tools` stand at its right. */
export function Section({ title, tools, children, id }) {
  return html`<section class="panel" id=${id} aria-label=${title}>
    ${(title || tools) && html`<header class="panel-head"><h2>${title}</h2>${tools && html`<div class="tools">${tools}</div>`}</header>`}
    ${children}
  </section>`;
}

/**
 * Loads something for a view: {value, error, loading, reload}. `load(signal)` runs again when `inputs` change, and
 * what an earlier run still brings is dropped.
 */
export function useLoad(load, inputs = []) {
  const [state, setState] = useState({ loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    setState((before) => ({ ...before, loading: true, error: undefined }));
    load(control.signal).then(
      (value) => control.signal.aborted || setState({ value, loading: false }),
      (error) => control.signal.aborted || setState({ error, loading: false }),
    );
    return () => control.abort();
  }, [...inputs, turn]);
  return { ...state, reload: () => setTurn((each) => each + 1) };
}

/** Shows what useLoad gave: loading, error, empty, or `children(value)`. `empty(value)` says whether it is. */
export function Loaded({ from, empty, emptyText, children }) {
  if (from.error) return html`<${Failure} error=${from.error} retry=${from.reload} />`;
  if (from.value === undefined) return html`<${Loading} />`;
  if (empty?.(from.value)) return html`<${Empty}>${emptyText}<//>`;
  return html`<div aria-busy=${from.loading ? "true" : null}>${children(from.value)}</div>`;
}

export const Loading = () => html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${t("common.loading")}</p>`;

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

/** A sentence of the ledger's own, which is English whatever the page is in. */
export const Words = ({ text }) =>
  text && html`<p class="words"><span class="quiet">${t("common.words")}</span> <span lang="en">${text}</span></p>`;

/** An error as a person reads it: what is wrong, how to mend it, its code. */
export function Failure({ error, retry }) {
  const known = error instanceof Problem;
  const code = known ? error.code : "console.failed";
  const mend = has(`errors.${code}.mend`) ? t(`errors.${code}.mend`) : error.mend;
  const title = has(`errors.${code}`) ? t(`errors.${code}`) : (known && error.title) || t("common.failed");
  return html`<div class="failure" role="alert">
    <strong>${title}</strong>
    <${Words} text=${error.detail} />
    ${!known && html`<p>${reasonOf(error)}</p>`}
    ${mend && html`<p class="mend">${mend}</p>`}
    <p class="code">${code}</p>
    ${retry && html`<button class="secondary" onClick=${retry}>${t("common.retry")}</button>`}
  </div>`;
}

/** What is wrong with evidence, in words where the page has them; else as the error says it. */
export const reasonOf = (error) => (error.why && has(`proof.why.${error.why}`) ? t(`proof.why.${error.why}`, error.params) : error.message);

/** A coloured word: tone is "good", "bad", "warn", "info" or nothing. */
export const Badge = ({ tone = "", title, children }) => html`<span class="badge ${tone}" title=${title}>${children}</span>`;

/** A mass with the exact kilograms in its title. */
export const Mass = ({ mg, unit }) =>
  mg === null || mg === undefined ? "–" : html`<span class="figure" title=${format.exactMass(mg)}>${format.mass(mg, { unit })}</span>`;

/** A time in the reader's zone; the title has it as recorded. */
export const Time = ({ at }) => (at ? html`<time datetime=${at} title=${at}>${format.time(at)}</time>` : "–");

function useName(ask, id) {
  const [name, setName] = useState(null);
  useEffect(() => {
    let current = true;
    if (id) ask(id).then((found) => current && setName(found));
    return () => (current = false);
  }, [id]);
  return name;
}

/** A party by its legal name. */
export function PartyName({ id }) {
  const name = useName(partyName, id);
  return id ? html`<span title=${id}>${name ?? format.shortId(id)}</span>` : "–";
}

/** A site by its name. */
export function SiteName({ id }) {
  const name = useName(siteName, id);
  return id ? html`<span title=${id}>${name && name !== id ? name : format.shortId(id)}</span>` : "–";
}

/** A link to a lot, unit, pool or shipment on the page that shows where it came from. */
export const ThingLink = ({ kind = "lot", id, consignor, children }) =>
  html`<a title=${id} href=${`/console/provenance?${new URLSearchParams(kind === "shipment" ? { shipment: id, consignor } : { [kind]: id })}`}>${children ?? format.shortId(id)}</a>`;

/** A link to an entry of the log. */
export const EntryLink = ({ index }) =>
  index === null || index === undefined ? "–" : html`<a class="figure" href=${`/console/entries?index=${index}`}>#${format.count(index)}</a>`;

/** A product by its name in the catalogue. */
export function ProductName({ code }) {
  const name = useName(productName, code);
  return code ? html`<span title=${code}>${name ?? code}</span>` : "–";
}

/** Text that can be copied, shortened for show. */
export function Copyable({ text, children }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return html`<span class="copyable"><code title=${text}>${children ?? format.shortHash(text)}</code>
    <button type="button" class="plain small" onClick=${copy} aria-label=${t("common.copy")} title=${t("common.copy")}>${copied ? "✓" : html`<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="8" y="8" width="12" height="12" rx="2" /><path d="M16 8V4H4v12h4" /></svg>`}</button></span>`;
}

/**
 * A table that sorts by a click on its headings and can be taken away as CSV.
 * columns: [{key, title, csvTitle?, cell?(row) -> view, value?(row) -> sortable and CSV value, numeric?, hidden?}]
 * `most`: rows shown at first; the CSV holds all.
 */
export function Table({ columns, rows, caption, csv, rowKey, selected, onRow, most = Infinity }) {
  const [sort, setSort] = useState(null);
  const [more, setMore] = useState(most);
  const valueOf = (column, row) => (column.value ? column.value(row) : row[column.key]);
  const ordered = useMemo(() => {
    if (!sort) return rows;
    const column = columns.find((each) => each.key === sort.key);
    const compare = (one, other) => {
      const [a, b] = [valueOf(column, one), valueOf(column, other)];
      if (a === b) return 0;
      if (a === null || a === undefined) return 1;
      if (b === null || b === undefined) return -1;
      return (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))) * sort.turn;
    };
    return [...rows].sort(compare);
  }, [rows, sort, columns]);
  const turn = (key) => setSort((before) => (before?.key === key ? (before.turn === 1 ? { key, turn: -1 } : null) : { key, turn: 1 }));
  return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${t("common.table", { caption })}>
    <table>
      <caption class="visually-hidden">${caption}</caption>
      <thead><tr>${columns.map(
        (column) => html`<th key=${column.key} scope="col" class=${column.numeric ? "numeric" : ""} aria-sort=${sort?.key === column.key ? (sort.turn === 1 ? "ascending" : "descending") : null}>
          ${column.title ? html`<button type="button" class="heading" onClick=${() => turn(column.key)}>${column.title}<span aria-hidden="true">${sort?.key === column.key ? (sort.turn === 1 ? " ↑" : " ↓") : ""}</span></button>` : html`<span class="visually-hidden">${t("common.actions")}</span>`}
        </th>`,
      )}</tr></thead>
      <tbody>${ordered.slice(0, more).map(
        (row, at) => html`<tr key=${rowKey ? rowKey(row) : at} class=${selected && selected(row) ? "selected" : ""} onClick=${onRow ? () => onRow(row) : null}>
          ${columns.map((column) => html`<td key=${column.key} class=${column.numeric ? "numeric" : ""}>${column.cell ? column.cell(row) : (valueOf(column, row) ?? "–")}</td>`)}
        </tr>`,
      )}</tbody>
    </table>
  </div>
  ${rows.length > more && html`<p class="table-foot"><button type="button" class="plain" onClick=${() => setMore(more + most)}>${t("common.more_rows", { n: format.count(rows.length - more) })}</button></p>`}
  ${csv && rows.length > 0 && html`<p class="table-foot"><button type="button" class="plain" onClick=${() => saveCsv(csv, columns, ordered, valueOf)}>${t("common.csv")}</button></p>`}`;
}

/** Offers bytes or text as a file. */
export function saveFile(name, body, type = "text/plain") {
  const address = URL.createObjectURL(new Blob([body], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function saveCsv(name, columns, rows, valueOf) {
  // A cell that a spreadsheet would take for a formula is quoted apart.
  const cell = (value) => {
    const text = String(value ?? "");
    const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const shown = columns.filter((column) => column.title);
  const lines = [shown.map((column) => cell(column.csvTitle ?? column.title)), ...rows.map((row) => shown.map((column) => cell(valueOf(column, row))))];
  saveFile(name, lines.map((line) => line.join(",") + "\r\n").join(""), "text/csv;charset=utf-8");
}

/** Tabs; `tabs`: [{id, title}]. The tab in force is the caller's to keep. */
export function Tabs({ tabs, current, onChange, label }) {
  const list = useRef(null);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.id === current);
    const next = tabs[(at + step + tabs.length) % tabs.length].id;
    onChange(next);
    list.current.querySelector(`[data-tab="${next}"]`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
    ${tabs.map((tab) => html`<button key=${tab.id} type="button" role="tab" data-tab=${tab.id} aria-selected=${tab.id === current ? "true" : "false"} tabindex=${tab.id === current ? 0 : -1} onClick=${() => onChange(tab.id)}>${tab.title}</button>`)}
  </div>`;
}

/** A figure with its label: the number first. */
export const Figure = ({ label, children, tone = "", hint }) =>
  html`<div class="stat ${tone}"><div class="stat-value">${children}</div><div class="stat-label">${label}</div>${hint && html`<div class="stat-hint">${hint}</div>`}</div>`;

/** A list of names with their values. */
export const Facts = ({ rows }) =>
  html`<dl class="facts">${rows.filter(Boolean).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** Progress of a known length, with words. */
export const Progress = ({ done, of, label }) =>
  html`<div class="progress"><progress value=${done} max=${of || 1} aria-label=${label}></progress><span>${label}</span></div>`;

/** A dialog over the page; closes by Escape too. */
export function Dialog({ title, onClose, children }) {
  const shown = useRef(null);
  useEffect(() => {
    shown.current.showModal();
  }, []);
  return html`<dialog ref=${shown} onClose=${onClose} aria-label=${title}><article>
    <header><button type="button" class="close" aria-label=${t("common.close")} rel="prev" onClick=${() => shown.current.close()}></button><strong>${title}</strong></header>
    ${children}</article></dialog>`;
}
