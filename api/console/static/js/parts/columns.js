// Columns that tables share.
import { unitFor } from "../core/format.js";
import { html } from "../core/html.js";
import { Mass } from "../core/ui.js";

/** A column of masses in one unit that fits its rows; whole milligrams in the CSV. */
export function massColumn(key, title, rows, value = (row) => row[key]) {
  const unit = unitFor(rows.map(value));
  const number = (row) => (value(row) === null || value(row) === undefined ? null : Number(value(row)));
  return { key, title, csvTitle: `${title} (mg)`, numeric: true, value: number, cell: (row) => html`<${Mass} mg=${value(row)} unit=${unit} />` };
}
