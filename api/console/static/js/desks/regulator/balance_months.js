// A balance month by month: what came above the line, what went below it, and the stock at each month's end.
import { mass, unitFor } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Section } from "../../core/ui.js";
import { massColumn } from "../../parts/columns.js";
import { elementName } from "../../parts/elements.js";
import { Twin } from "../../pictures/bars.js";
import { useWidth } from "../../pictures/waterfall.js";

const HEIGHT = 220;
const EDGE = 22;

/** One row a month of an element, or of all together: {month, came, went, closing, gap}. */
export function byMonth(rows, element) {
  const months = new Map();
  for (const row of rows) {
    if (element !== "REO" && row.element !== element) continue;
    const sum = months.get(row.month) ?? { month: row.month, came: 0, went: 0, closing: 0, gap: 0 };
    sum.came += row.births + row.received + row.produced;
    sum.went += row.sent + row.used + row.lost;
    sum.closing += row.closing;
    sum.gap += row.gap;
    months.set(row.month, sum);
  }
  const now = new Date().toISOString().slice(0, 7);
  return [...months.values()].filter(({ month }) => month <= now).sort((one, other) => one.month.localeCompare(other.month));
}

/** The panel of months; `rows` are those of the balance asked with months. */
export function BalanceMonths({ rows, element }) {
  const months = byMonth(rows, element);
  if (months.length < 2) return null;
  const column = (key) => massColumn(key, t(`regulator.balance.${key}`), months);
  const columns = [{ key: "month", title: t("regulator.month") }, column("came"), column("went"), column("closing"), column("gap")];
  return html`<${Section} title=${t("regulator.balance.by_month", { element: elementName(element) })}>
    <p class="legend">${["came", "went", "closing"].map((each) => html`<span key=${each}><span class=${`swatch ${each}`}></span>${t(`regulator.balance.${each}`)}</span>`)}</p>
    <${Months} months=${months} element=${element} />
    <${Twin} caption=${t("regulator.balance.by_month", { element: elementName(element) })} columns=${columns} rows=${months} rowKey=${(row) => row.month} csv="balance-by-month.csv" />
  <//>`;
}

function Months({ months, element }) {
  const [box, width] = useWidth();
  const [low, high] = [Math.min(0, ...months.flatMap((row) => [row.went, row.closing])), Math.max(1, ...months.flatMap((row) => [row.came, row.closing]))];
  const y = (value) => 16 + ((high - value) / (high - low)) * (HEIGHT - EDGE - 16);
  const step = width / months.length;
  const every = Math.ceil(56 / step);
  const unit = unitFor([low, high]);
  const words = months.map((row) => `${row.month}: +${mass(row.came, { unit })}, ${mass(row.went, { unit })}, ${mass(row.closing, { unit })}`).join("; ");
  const bar = (from, to, kind, at) => html`<rect class=${kind} x=${at * step + step * 0.2} width=${Math.max(1, step * 0.6)} y=${Math.min(y(from), y(to))} height=${Math.abs(y(to) - y(from))} />`;
  return html`<div class="months" ref=${box}><svg role="img" width=${width} height=${HEIGHT} aria-label=${`${t("regulator.balance.by_month", { element: elementName(element) })}. ${words}`}>
    ${months.map((row, at) => html`<g key=${row.month}>${bar(0, row.came, "came", at)}${bar(row.went, 0, "went", at)}
      ${at % every === 0 && html`<text x=${at * step + step / 2} y=${HEIGHT - 5} text-anchor="middle">${row.month}</text>`}</g>`)}
    <text x="0" y="10">${mass(high, { unit, digits: 3 })}</text>
    <line class="axis" x1="0" x2=${width} y1=${y(0)} y2=${y(0)} />
    <polyline class="closing" points=${months.map((row, at) => `${at * step + step / 2},${y(row.closing)}`).join(" ")} />
  </svg></div>`;
}
