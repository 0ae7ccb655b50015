// What if: other lists or another policy tried on what is recorded, before anybody signs them. The ledger replays its
// own history under both sides; nothing is written.
import { get, send } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, Failure, Loaded, Loading, Page, PartyName, Progress, Section, Table, Time, useLoad } from "../../core/ui.js";
import { Draft } from "./what_if_draft.js";
import { Report } from "./what_if_report.js";

export const areas = ["regulator", "rules", "auditor", "what_if"];

const LIVE = ["waiting", "running"];
const TONES = { waiting: "", running: "info", failed: "bad", interrupted: "warn", done: "good" };
const POLL_MS = 700;

export default function WhatIf({ query }) {
  const chosen = query.get("job");
  const list = useLoad((signal) => get("/v1/what-ifs", undefined, { signal }));
  const [error, setError] = useState(null);
  const start = async (scenario) => {
    try {
      const body = JSON.stringify({ scenario });
      const { id } = await (await send("POST", "/v1/what-ifs", { body, type: "application/json" })).json();
      setError(null);
      setQuery({ job: id, by: null, only: null });
      list.reload();
    } catch (problem) {
      setError(problem);
    }
  };
  const stop = async (id) => {
    await send("DELETE", `/v1/what-ifs/${id}`).catch(setError);
    if (id === chosen) setQuery({ job: null });
    list.reload();
  };
  return html`<${Page} title=${t("common.nav.what_if")} lead=${t("what_if.lead")}>
    <${Draft} onStart=${start} />
    ${error && html`<${Failure} error=${error} />${error.rest?.findings && html`<ul>${error.rest.findings.map((each) => html`<li key=${each.pointer}><code>${each.pointer}</code> ${each.detail}</li>`)}</ul>`}`}
    ${chosen && html`<${Followed} key=${chosen} id=${chosen} query=${query} onEnd=${list.reload} onStop=${stop} />`}
    <${Section} title=${t("what_if.jobs")}>
      <${Loaded} from=${list} empty=${(found) => !found.what_ifs.length} emptyText=${t("what_if.none")}>${(found) => html`<${Jobs} jobs=${found.what_ifs} chosen=${chosen} onStop=${stop} />`}<//>
    <//>
  <//>`;
}

const Jobs = ({ jobs, chosen, onStop }) => html`<${Table} caption=${t("what_if.jobs")} csv="what-ifs.csv" most=${10} rows=${jobs} rowKey=${(job) => job.id} selected=${(job) => job.id === chosen} columns=${[
  { key: "after", title: t("what_if.draft"), cell: (job) => html`<a href=${`/console/what-if?job=${job.id}`}>${job.after}</a>` },
  { key: "requested_at", title: t("auditor.audits.at"), cell: (job) => html`<${Time} at=${job.requested_at} />` },
  { key: "requested_by", title: t("auditor.audits.by"), cell: (job) => html`<${PartyName} id=${job.requested_by} />` },
  { key: "state", title: t("regulator.state"), value: (job) => t(`auditor.job.${job.state}`), cell: (job) => html`<${Badge} tone=${TONES[job.state]}>${t(`auditor.job.${job.state}`)}<//>` },
  { key: "actions", title: "", cell: (job) => html`<button type="button" class="plain small" onClick=${() => onStop(job.id)}>${t(LIVE.includes(job.state) ? "auditor.do.cancel" : "auditor.audits.forget")}</button>` },
]} />`;

/** Asks for a job until it ends: {job, error}. */
function useJob(id, onEnd) {
  const [state, setState] = useState({});
  useEffect(() => {
    const control = new AbortController();
    let wait;
    const look = async () => {
      try {
        const job = await get(`/v1/what-ifs/${id}`, undefined, { signal: control.signal });
        setState({ job });
        if (LIVE.includes(job.state)) wait = setTimeout(look, POLL_MS);
        else onEnd();
      } catch (error) {
        if (!control.signal.aborted) setState({ error });
      }
    };
    look();
    return () => {
      clearTimeout(wait);
      control.abort();
    };
  }, [id]);
  return state;
}

function Followed({ id, query, onEnd, onStop }) {
  const { job, error } = useJob(id, onEnd);
  if (error) return html`<${Failure} error=${error} />`;
  if (!job) return html`<${Loading} />`;
  const { state, progress, report } = job;
  if (LIVE.includes(state))
    return html`<${Section} title=${job.after} tools=${html`<button type="button" class="secondary" onClick=${() => onStop(id)}>${t("auditor.do.cancel")}</button>`}>
      <${Progress} done=${progress?.done ?? 0} of=${progress?.total ?? 0} label=${progress ? t("what_if.progress", { done: count(progress.done), total: count(progress.total) }) : t("auditor.job.waiting")} />
    <//>`;
  if (!report) return html`<p class="notice bad" role="alert"><strong>${t(`auditor.job.${state}`)}</strong> ${job.error?.detail ?? ""}</p>`;
  return html`<${Report} report=${report} query=${query} />`;
}
