// An inclusion proof step by step: a picture of the way from the leaf to the root, and the same as a list.
import { same, toBase64 } from "../core/bytes.js";
import { count } from "../core/format.js";
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Badge, Copyable } from "../core/ui.js";
import { inclusionRanges } from "./merkle.js";

const STEP = 46;
const WIDTH = 420;
const MIDDLE = WIDTH / 2;
const SIDE = { left: 70, right: WIDTH - 70 };

const short = (hash) => toBase64(hash).slice(0, 8) + "…";
const covers = ([begin, end]) =>
  end - begin === 1 ? t("proof.path.one", { index: count(begin) }) : t("proof.path.range", { first: count(begin), last: count(end - 1) });

/**
 * @param {object} props `leaf` and `steps` as inclusionSteps gives them, `index`, `size`, and the signed `root` that
 *   the last hash is compared with.
 */
export function ProofPath({ leaf, steps, index, size, root }) {
  const ranges = inclusionRanges(index, size);
  const reached = steps.at(-1)?.hash ?? leaf;
  const right = same(reached, root);
  return html`<div class="proof-path">
    <${Picture} leaf=${leaf} steps=${steps} index=${index} right=${right} />
    <ol class="proof-steps">
      <li><strong>${t("proof.path.leaf", { index: count(index) })}</strong><p>${t("proof.path.leaf.why")}</p><${Hash} hash=${leaf} /></li>
      ${steps.map(
        ({ side, sibling, hash }, at) => html`<li key=${at}>
          <strong>${t(`proof.path.${side}`)}</strong> <span class="quiet">${covers(ranges[at])}</span>
          <div class="joined">${side === "left" ? html`<${Hash} hash=${sibling} given /><${Hash} hash=${steps[at - 1]?.hash ?? leaf} />` : html`<${Hash} hash=${steps[at - 1]?.hash ?? leaf} /><${Hash} hash=${sibling} given />`}</div>
          <div>${t("proof.path.gives")} <${Hash} hash=${hash} /></div>
        </li>`,
      )}
      <li class=${right ? "ok" : "failed"}><strong>${t(right ? "proof.path.root" : "proof.path.wrong", { size: count(size) })}</strong> <${Badge} tone=${right ? "good" : "bad"}>${t(right ? "proof.state.ok" : "proof.state.failed")}<//>
        <div>${t("proof.path.signed")} <${Hash} hash=${root} given /></div></li>
    </ol>
  </div>`;
}

const Hash = ({ hash, given }) => html`<span class=${given ? "hash given" : "hash"}><${Copyable} text=${toBase64(hash)}>${short(hash)}<//></span>`;

function Picture({ leaf, steps, index, right }) {
  const height = (steps.length + 1) * STEP + 16;
  const rowOf = (level) => height - 30 - level * STEP;
  const label = t("proof.path.picture", { index: count(index), n: steps.length });
  return html`<svg class="tree" viewBox=${`0 0 ${WIDTH} ${height}`} role="img" aria-label=${label}>
    ${steps.map(
      ({ side }, at) => html`<g key=${at}>
        <line x1=${MIDDLE} y1=${rowOf(at)} x2=${MIDDLE} y2=${rowOf(at + 1)} class="way" />
        <line x1=${SIDE[side]} y1=${rowOf(at)} x2=${MIDDLE} y2=${rowOf(at + 1)} />
      </g>`,
    )}
    ${steps.map(({ side, sibling }, at) => html`<${Node} key=${at} x=${SIDE[side]} y=${rowOf(at)} hash=${sibling} kind="given" />`)}
    <${Node} x=${MIDDLE} y=${rowOf(0)} hash=${leaf} kind="leaf" />
    ${steps.map(({ hash }, at) => html`<${Node} key=${at} x=${MIDDLE} y=${rowOf(at + 1)} hash=${hash} kind=${at === steps.length - 1 ? (right ? "good" : "bad") : ""} />`)}
  </svg>`;
}

const Node = ({ x, y, hash, kind }) =>
  html`<g class=${`node ${kind}`}><rect x=${x - 52} y=${y - 13} width="104" height="26" rx="6" /><text x=${x} y=${y + 4} text-anchor="middle">${short(hash)}</text></g>`;
