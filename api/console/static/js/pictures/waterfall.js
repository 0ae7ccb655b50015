// A waterfall: how an opening amount becomes a closing one, step by step, and what stands apart from it. Drawn as
// wide as it has room, so that its words stay readable; the table that says the same is the caller's to add.
import { html, useEffect, useRef, useState } from "../core/html.js";

const ROW = 34;
const NARROW = 560;

/** Where each step's bar begins and ends: {key, from, to, total}. A total stands on zero, the others on what is before. */
export function spans(steps) {
  let level = 0;
  return steps.map(({ key, value, kind }) => {
    if (kind === "total") {
      level = value;
      return { key, from: 0, to: value };
    }
    if (kind === "apart") return { key, from: level, to: level + value };
    level += value;
    return { key, from: level - value, to: level };
  });
}

/** The width that an element has, as it changes: [ref, pixels]. */
export function useWidth() {
  const box = useRef(null);
  const [width, setWidth] = useState(720);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry.contentRect.width))));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [box, width];
}

/**
 * @param steps [{key, label, value, shown, kind}] kind: "total", "in", "out" or "apart" (beside the sum, like a gap).
 * @param title What the picture is of; `summary` says it in a sentence for who cannot see it.
 */
export function Waterfall({ steps, title, summary }) {
  const [box, width] = useWidth();
  const narrow = width < NARROW;
  const [left, right] = narrow ? [0, 0] : [150, 100];
  const height = narrow ? ROW + 14 : ROW;
  const placed = spans(steps);
  const values = placed.flatMap(({ from, to }) => [from, to]);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const x = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right - 2) + 1;
  const top = (at) => at * height + (narrow ? 18 : 5);
  return html`<div class="waterfall" ref=${box}><svg role="img" width=${width} height=${steps.length * height + 4} aria-label=${`${title}. ${summary}`}>
    <line class="axis" x1=${x(0)} x2=${x(0)} y1="0" y2=${steps.length * height} />
    ${steps.map((step, at) => {
      const { from, to } = placed[at];
      const next = placed[at + 1];
      return html`<g key=${step.key}>
        <text class="wf-label" x="0" y=${narrow ? at * height + 13 : top(at) + 16}>${step.label}</text>
        <rect class=${`wf ${step.kind}`} x=${Math.min(x(from), x(to))} width=${Math.max(1, Math.abs(x(to) - x(from)))} y=${top(at)} height="24" rx="2" />
        ${next && html`<line class="wf-link" x1=${x(to)} x2=${x(to)} y1=${top(at) + 24} y2=${top(at + 1)} />`}
        <text class="wf-value" x=${width} y=${narrow ? at * height + 13 : top(at) + 16} text-anchor="end">${step.shown}</text>
      </g>`;
    })}
  </svg></div>`;
}
