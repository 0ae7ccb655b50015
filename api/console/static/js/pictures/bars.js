// Horizontal bars with their numbers beside them: a list for ears, a picture for eyes, and a table on request.
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Table } from "../core/ui.js";

/**
 * @param rows [{key, label (view), value, shown (text), tone?, note?}]
 * @param most What the whole width stands for; the largest value where it is left out.
 * @param marks [{at, label}]: lines across the bars.
 */
export function Bars({ rows, most, marks = [], label }) {
  const whole = most ?? Math.max(1, ...rows.map((row) => row.value));
  const part = (value) => `${Math.min(100, Math.max(0, (100 * value) / whole))}%`;
  return html`<ul class="bars" aria-label=${label}>${rows.map(
    (row) => html`<li key=${row.key}>
      <span class="bar-label">${row.label}</span>
      <span class="bar-track" aria-hidden="true"><span class=${`bar ${row.tone ?? ""}`} style=${{ width: part(row.value), minWidth: row.value ? "2px" : 0 }}></span>
        ${marks.map((mark) => html`<span key=${mark.at} class="bar-mark" title=${mark.label} style=${{ left: part(mark.at) }}></span>`)}</span>
      <span class="bar-value figure">${row.shown ?? row.value}</span>${row.note}
    </li>`,
  )}</ul>`;
}

/** The table that says the same as a picture, folded away until it is asked for. */
export const Twin = ({ caption, columns, rows, csv, rowKey }) => html`<details class="twin"><summary>${t("common.as_table")}</summary>
  <${Table} caption=${caption} columns=${columns} rows=${rows} csv=${csv} rowKey=${rowKey} /></details>`;
