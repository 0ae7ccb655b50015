// The whole log checked in this browser: every entry hashed, every link followed, every checkpoint verified.
import { get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Copyable, EntryLink, Facts, Figure, Loaded, Page, Progress, Section, Table, Time, useLoad } from "../../core/ui.js";
import { meetLog } from "../../proof/trust.js";
import { TrustPanel } from "../../proof/trust_view.js";
import { useCheck } from "./check.js";
import { Strip, StripTable } from "./strip.js";

export const areas = ["auditor", "proof"];

export default function Chain() {
  const log = useLoad(async (signal) => {
    const served = await get("/v1/log", undefined, { signal });
    return { served, met: await meetLog(served) };
  });
  return html`<${Page} title=${t("auditor.chain.title")} lead=${t("auditor.chain.lead")}>
    <${Loaded} from=${log}>${({ served, met }) => html`
      ${met.kept && html`<${Check} key=${met.kept.vkey} met=${met} onKept=${log.reload} />`}
      ${met.kept?.head && html`<${LastVisit} head=${met.kept.head} />`}
      <${TrustPanel} met=${met} served=${served} onChange=${log.reload} />`}<//>
  <//>`;
}

function Check({ met, onKept }) {
  const check = useCheck(met.kept, onKept);
  const { state } = check;
  const { phase, size, done, start, total, ms, tiles } = state;
  const rate = ms > 0 ? Math.round(((done - start) / ms) * 1000) : 0;
  return html`<${Section} title=${t("auditor.chain.check")} tools=${html`<${Buttons} check=${check} position=${met.kept.position} />`} id="check">
      <div data-phase=${phase} data-total=${total} data-done=${done}>
        <${Verdict} state=${state} />
        ${phase !== "idle" && html`<div class="stats">
          <${Figure} label=${t("auditor.figure.done")}>${count(done)}<//>
          <${Figure} label=${t("auditor.figure.size")}>${count(size)}<//>
          <${Figure} label=${t("auditor.figure.rate")}>${count(rate)}<//>
          <${Figure} label=${t("auditor.figure.faults")} tone=${total ? "bad" : phase === "done" ? "good" : ""}>${count(total)}<//>
        </div>
        <${Progress} done=${done} of=${size} label=${t("auditor.chain.progress", { done: count(done), size: count(size), seconds: (ms / 1000).toFixed(1) })} />`}
        ${tiles.length > 0 && html`<h3>${t("auditor.strip.title")}</h3><p class="quiet">${t("auditor.strip.what")}</p><${Strip} tiles=${tiles} size=${size} />
          <details><summary>${t("auditor.strip.twin")}</summary><${StripTable} tiles=${tiles} size=${size} /></details>`}
      </div>
    <//>
    ${state.faults.length > 0 && html`<${Faults} state=${state} />`}
    ${phase === "done" && html`<${Done} state=${state} />`}`;
}

function Buttons({ check, position }) {
  const { phase } = check.state;
  if (phase === "running") return html`<button type="button" class="secondary" onClick=${check.pause}>${t("auditor.do.pause")}</button><button type="button" class="secondary" onClick=${check.cancel}>${t("auditor.do.cancel")}</button>`;
  if (phase === "paused") return html`<button type="button" onClick=${check.go}>${t("auditor.do.go")}</button><button type="button" class="secondary" onClick=${check.cancel}>${t("auditor.do.cancel")}</button>`;
  return html`${position && html`<button type="button" onClick=${() => check.start(position)}>${t("auditor.do.resume", { index: count(position.size) })}</button>`}
    <button type="button" class=${position ? "secondary" : ""} onClick=${() => check.start(null)}>${t(position ? "auditor.do.anew" : "auditor.do.start")}</button>`;
}

/** What the check came to, in a sentence. */
function Verdict({ state }) {
  const { phase, found, size, total, start, unreachable, message } = state;
  if (phase === "idle") return html`<p class="quiet">${t("auditor.chain.idle")}</p>`;
  if (phase === "cancelled") return html`<p class="notice" role="status">${t("auditor.chain.cancelled")}</p>`;
  if (phase === "stopped") return html`<div class="notice bad" role="alert"><strong>${t(unreachable ? "auditor.chain.unreachable" : "auditor.chain.stopped")}</strong><p>${unreachable ? t("auditor.chain.unreachable.why") : message}</p></div>`;
  if (phase !== "done") return null;
  return html`<div class=${`notice ${found.ok ? "good" : "bad"}`} role=${found.ok ? "status" : "alert"} data-verdict=${found.ok ? "ok" : "broken"}>
    <strong>${found.ok ? t(start ? "auditor.chain.good_since" : "auditor.chain.good", { size: count(size), start: count(start) }) : t("auditor.chain.bad", { n: total, count: count(total) })}</strong>
    <p>${t(found.ok ? "auditor.chain.good.why" : "auditor.chain.bad.why")}</p></div>`;
}

/** What a fault is, in a sentence with its figures. */
const faultText = ({ code, why, params, index, place, size, before, stated, width }) => {
  const text = t(`auditor.fault.${code}`, { index: count(index), place, size: count(size), before: typeof before === "number" ? count(before) : before, stated: count(stated), width });
  return why ? `${text} ${t(`proof.why.${why}`, params)}` : text;
};

function Faults({ state }) {
  const left = state.total - state.faults.length;
  const rows = state.faults.map((fault, at) => ({ ...fault, at }));
  return html`<${Section} title=${t("auditor.faults")} id="faults">
    <${Table} caption=${t("auditor.faults.table")} csv="faults.csv" rows=${rows} rowKey=${(row) => row.at} columns=${[
      { key: "index", title: t("auditor.faults.entry"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
      { key: "code", title: t("auditor.faults.kind"), cell: (row) => html`<code data-fault=${row.code} data-index=${row.index}>${row.code}</code>` },
      { key: "text", title: t("auditor.faults.what"), value: faultText },
    ]} />
    ${left > 0 && html`<p class="quiet">${t("auditor.faults.left", { n: left, count: count(left) })}</p>`}
  <//>`;
}

function Done({ state }) {
  const { counts, root, size, found, start } = state;
  return html`<${Section} title=${t("auditor.done.title")}>
    <${Facts} rows=${[
      [t("auditor.done.entries"), t("auditor.done.entries.what", { first: count(start), last: count(Math.max(size - 1, 0)), tiles: count(counts.tiles) })],
      [t("auditor.done.root"), html`<${Copyable} text=${root ?? ""}>${root ?? "–"}<//>`],
      [t("auditor.done.checkpoints"), t(found.ok ? "auditor.done.checkpoints.what" : "auditor.done.looked", { n: counts.checkpoints, count: count(counts.checkpoints) })],
      [t("auditor.done.acts"), t(found.ok ? "auditor.done.acts.what" : "auditor.done.looked", { n: counts.acts, count: count(counts.acts) })],
      [t("auditor.done.how"), t("auditor.done.how.what", { n: counts.compared, count: count(counts.compared) })],
      [t("auditor.done.not"), t(found.ok ? "auditor.done.not.what" : "auditor.done.not.kept")],
    ]} />
  <//>`;
}

const LastVisit = ({ head }) => html`<${Section} title=${t("auditor.visit.title")} id="visit">
  <p class="quiet">${t("auditor.visit.what")}</p>
  <${Facts} rows=${[
    [t("auditor.visit.size"), html`<span data-kept-size=${head.size}>${count(head.size)}</span>`],
    [t("auditor.visit.root"), html`<${Copyable} text=${head.root}>${head.root}<//>`],
    [t("auditor.visit.at"), html`<${Time} at=${head.at} />`],
  ]} />
<//>`;
