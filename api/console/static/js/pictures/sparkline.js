// A small line over the months of a year, cumulative, against a limit.
import { html } from "../core/html.js";

const [WIDTH, HEIGHT] = [132, 34];

/** Running sums. */
export function cumulative(values) {
  let sum = 0;
  return values.map((value) => (sum += value));
}

/**
 * @param values Twelve sums, as they stand at each month's end; null for months to come.
 * @param limit Drawn as a line across; `label` says the picture in words.
 */
export function Sparkline({ values, limit, tone = "", label }) {
  const most = Math.max(limit ?? 0, ...values.filter((value) => value !== null)) * 1.05 || 1;
  const x = (at) => 2 + (at / Math.max(1, values.length - 1)) * (WIDTH - 4);
  const y = (value) => HEIGHT - 3 - (value / most) * (HEIGHT - 6);
  const points = values.map((value, at) => (value === null ? null : `${x(at).toFixed(1)},${y(value).toFixed(1)}`)).filter(Boolean);
  const last = points.length - 1;
  return html`<svg class=${`sparkline ${tone}`} role="img" aria-label=${label} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT}>
    ${limit > 0 && html`<line class="limit" x1="0" x2=${WIDTH} y1=${y(limit)} y2=${y(limit)} />`}
    ${points.length > 0 && html`<polygon class="area" points=${`${x(0)},${HEIGHT - 3} ${points.join(" ")} ${x(last)},${HEIGHT - 3}`} /><polyline points=${points.join(" ")} />`}
  </svg>`;
}
