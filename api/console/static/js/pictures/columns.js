// Columns over time: for each period a group of bars, on one scale; the table beside it says the same.
import { count } from "../core/format.js";
import { html, useEffect, useRef } from "../core/html.js";

const [HEIGHT, TOP, FOOT, LEFT, WIDTH] = [200, 12, 30, 44, 880];

/** Round steps of an axis up to a number: at most five. */
export function ticks(most) {
  const rough = Math.max(1, most) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
}

/**
 * @param groups [{key, label, values}]: `values` in the order of `series`.
 * @param series [{name, tone}]: tone is series-1 to series-6, good, bad or warn.
 * @param label The picture in words.
 */
export function Columns({ groups, series, label }) {
  const most = Math.max(1, ...groups.flatMap(({ values }) => values));
  const step = Math.max(28, Math.min(110, Math.floor((WIDTH - LEFT) / Math.max(1, groups.length))));
  const bar = Math.min(24, Math.floor((step * 0.8) / series.length));
  const gap = (step - bar * series.length) / 2;
  const width = LEFT + step * groups.length;
  const y = (value) => TOP + (HEIGHT - TOP - FOOT) * (1 - value / most);
  const every = Math.ceil(58 / step);
  const frame = useRef(null);
  useEffect(() => {
    frame.current.scrollLeft = frame.current.scrollWidth; // the newest first, where not all fit
  }, [width]);
  return html`<ul class="legend">${series.map(({ name, tone }) => html`<li key=${name}><span class=${`swatch ${tone}`} aria-hidden="true"></span>${name}</li>`)}</ul>
    <div class="columns-picture" ref=${frame} tabindex="0" role="region" aria-label=${label}>
      <svg role="img" aria-label=${label} viewBox=${`0 0 ${width} ${HEIGHT}`} width=${width} height=${HEIGHT}>
        ${ticks(most).map((tick) => html`<g key=${tick}><line class="grid" x1=${LEFT} x2=${width} y1=${y(tick)} y2=${y(tick)} /><text class="tick" x=${LEFT - 6} y=${y(tick) + 4}>${count(tick)}</text></g>`)}
        ${groups.map(({ key, label: name, values }, at) => html`<g key=${key} transform=${`translate(${LEFT + gap + at * step} 0)`}>
          ${values.map((value, place) => html`<rect key=${place} class=${series[place].tone} x=${place * bar} width=${bar - 1} y=${y(value)} height=${Math.max(value ? 1.5 : 0, HEIGHT - FOOT - y(value))}><title>${`${name} · ${series[place].name}: ${count(value)}`}</title></rect>`)}
          ${(groups.length - 1 - at) % every === 0 && html`<text class="period" x=${(bar * series.length) / 2} y=${HEIGHT - FOOT + 18}>${name}</text>`}</g>`)}
      </svg>
    </div>`;
}
