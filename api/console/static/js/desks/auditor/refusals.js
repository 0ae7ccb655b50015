// The journal of refusals: what was refused though its signature was good, chained, the chain checked here.
import { all, get } from "../../core/api.js";
import { sha256, toBase64url, utf8 } from "../../core/bytes.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, Copyable, EntryLink, Loaded, Page, Section, useLoad } from "../../core/ui.js";
import { Findings } from "../../parts/findings.js";
import { splitStatement } from "../../proof/statement.js";

export const areas = ["auditor", "rules"];

const PAGE = 50;
const FIRST = "A".repeat(43);
const MEMBERS = ["findings", "judged_at", "number", "policy", "previous", "statement"];

/** A row of the list as its record reads, and what is wrong with it as keys of texts. */
async function readRow(row, before) {
  const broken = [];
  const hash = toBase64url(await sha256(utf8(row.record)));
  if (hash !== row.hash) broken.push("hash");
  let record;
  try {
    record = JSON.parse(row.record);
  } catch {
    return { ...row, hash, broken: [...broken, "form"], record: null, linked: false };
  }
  if (Object.keys(record).join() !== MEMBERS.join()) broken.push("form");
  if (record.number !== row.number) broken.push("number");
  const previous = row.number === 0 ? FIRST : before?.number === row.number - 1 ? before.hash : null;
  if (previous !== null && record.previous !== previous) broken.push("link");
  if (row.jws && toBase64url(await sha256(utf8(row.jws))) !== record.statement) broken.push("statement");
  return { ...row, hash, record, broken, linked: previous !== null };
}

/** A page of the journal, each record hashed and its link followed; the record before the page is read along. */
async function readPage(start, signal) {
  const first = Math.max(0, start - 1);
  const { refusals, next } = await get("/v1/refusals", { start: first, limit: PAGE + (start - first) }, { signal });
  const rows = [];
  for (const row of refusals) rows.push(await readRow(row, rows.at(-1)));
  const shown = rows.filter((row) => row.number >= start);
  return { rows: shown, more: next !== null, published: await lastPublished(signal), byNumber: new Map(rows.map((row) => [row.number, row])) };
}

/** What the newest publish-refusals act put into the log: {count, head, index}, or null. */
async function lastPublished(signal) {
  const acts = await all("/v1/acts", "acts", { limit: 1000 }, { signal, most: 20_000 });
  for (const { index, jws } of acts.reverse()) {
    const payload = jws ? splitStatement(jws).payload : {};
    if (payload.act === "publish-refusals") return { count: payload.count, head: payload.head, index };
  }
  return null;
}

export default function Refusals({ query }) {
  const start = /^\d{1,15}$/.test(query.get("start") ?? "") ? Number(query.get("start")) : 0;
  const page = useLoad((signal) => readPage(start, signal), [start]);
  return html`<${Page} title=${t("auditor.refusals.title")} lead=${t("auditor.refusals.lead")}>
    <${Loaded} from=${page} empty=${({ rows }) => !rows.length && start === 0} emptyText=${t("auditor.refusals.none")}>${(value) => html`
      <${Chain} page=${value} />
      ${value.rows.map((row) => html`<${Refusal} key=${row.number} row=${row} />`)}
      <p class="actions">
        ${start > 0 && html`<button type="button" class="secondary" onClick=${() => setQuery({ start: start > PAGE ? start - PAGE : null })}>${t("auditor.refusals.earlier")}</button>`}
        ${value.more && html`<button type="button" class="secondary" onClick=${() => setQuery({ start: value.rows.length ? value.rows.at(-1).number + 1 : start + PAGE })}>${t("auditor.refusals.later")}</button>`}
      </p>`}<//>
  <//>`;
}

function Chain({ page: { rows, published, byNumber } }) {
  const broken = rows.filter((row) => row.broken.length);
  const linked = rows.filter((row) => row.linked).length;
  const last = published && byNumber.get(published.count - 1);
  return html`<div class=${`notice ${broken.length ? "bad" : "good"}`} role=${broken.length ? "alert" : "status"} data-verdict=${broken.length ? "broken" : "ok"}>
    <strong>${broken.length ? t("auditor.refusals.bad", { n: broken.length, count: count(broken.length) }) : t("auditor.refusals.good", { n: rows.length, count: count(rows.length), linked: count(linked) })}</strong>
    <p>${published ? html`${t("auditor.refusals.published", { count: count(published.count) })} <${EntryLink} index=${published.index} />${last ? ` ${t(last.hash === published.head ? "auditor.refusals.published.good" : "auditor.refusals.published.bad")}` : ""}` : t("auditor.refusals.unpublished")}</p>
  </div>`;
}

function Refusal({ row: { number, record, broken, hash } }) {
  return html`<${Section} title=${t("auditor.refusals.one", { number: count(number) })} tools=${html`<${Badge} tone=${broken.length ? "bad" : "good"}>${t(broken.length ? "auditor.state.bad" : "auditor.state.good")}<//>`}>
    <div data-refusal=${number} data-broken=${broken.join(" ")}>
      ${broken.map((each) => html`<p class="notice bad" role="alert" key=${each}>${t(`auditor.refusals.broken.${each}`, { number: count(number) })}</p>`)}
      ${record && html`<p class="quiet">${t("auditor.refusals.judged")} <${EntryLink} index=${record.judged_at} /> · ${t("auditor.refusals.policy")} <${EntryLink} index=${record.policy} /> · ${t("auditor.refusals.statement")} <${Copyable} text=${record.statement} /> · ${t("auditor.refusals.hash")} <${Copyable} text=${hash} /></p>
        <${Findings} findings=${record.findings} />`}
    </div>
  <//>`;
}
