// Full audits of the ledger's database: started, watched as they go, and what they found.
import { get, send } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { setQuery } from "../../core/router.js";
import { Badge, Failure, Loaded, Page, PartyName, Progress, Section, Table, Time, Words, useLoad } from "../../core/ui.js";
import { AuditReport } from "./audit_report.js";

export const areas = ["auditor"];

const LIVE = ["waiting", "running"];
const TONES = { waiting: "", running: "info", failed: "bad", interrupted: "warn" };

export default function Audits({ query }) {
  const chosen = query.get("audit");
  const list = useLoad((signal) => get("/v1/audits", undefined, { signal }));
  const [error, setError] = useState(null);
  const start = async () => {
    try {
      const { id } = await (await send("POST", "/v1/audits")).json();
      setError(null);
      setQuery({ audit: id });
      list.reload();
    } catch (problem) {
      setError(problem);
    }
  };
  const stop = async (id) => {
    await send("DELETE", `/v1/audits/${id}`).catch(setError);
    if (id === chosen) setQuery({ audit: null });
    list.reload();
  };
  return html`<${Page} title=${t("auditor.audits.title")} lead=${t("auditor.audits.lead")} actions=${html`<button type="button" onClick=${start}>${t("auditor.audits.start")}</button>`}>
    ${error && html`<${Failure} error=${error} />`}
    ${chosen && html`<${Watched} id=${chosen} key=${chosen} onEnd=${list.reload} onStop=${stop} />`}
    <${Section} title=${t("auditor.audits.list")}>
      <${Loaded} from=${list} empty=${({ audits }) => !audits.length} emptyText=${t("auditor.audits.none")}>${({ audits }) => html`<${List} audits=${audits} chosen=${chosen} onStop=${stop} />`}<//>
    <//>
  <//>`;
}

const State = ({ job }) => html`<${Badge} tone=${TONES[job.state] ?? ""}>${t(`auditor.job.${job.state}`)}<//>`;

const List = ({ audits, chosen, onStop }) => html`<${Table} caption=${t("auditor.audits.table")} csv="audits.csv" rows=${audits} rowKey=${(job) => job.id} selected=${(job) => job.id === chosen} columns=${[
  { key: "requested_at", title: t("auditor.audits.at"), cell: (job) => html`<a href=${`/console/audits?audit=${job.id}`}><${Time} at=${job.requested_at} /></a>` },
  { key: "requested_by", title: t("auditor.audits.by"), cell: (job) => html`<${PartyName} id=${job.requested_by} />` },
  { key: "state", title: t("auditor.strip.state"), cell: (job) => html`<${State} job=${job} />` },
  { key: "actions", title: "", cell: (job) => html`<button type="button" class="plain small" onClick=${() => onStop(job.id)}>${t(LIVE.includes(job.state) ? "auditor.do.cancel" : "auditor.audits.forget")}</button>` },
]} />`;

/** Follows a job's events until it ends; the stream is opened anew whenever the server closes it. */
function useJob(id, onEnd) {
  const [job, setJob] = useState(undefined);
  useEffect(() => {
    const events = new EventSource(`/v1/audits/${encodeURIComponent(id)}/events`);
    events.addEventListener("progress", (event) => setJob(JSON.parse(event.data)));
    events.addEventListener("ended", (event) => {
      events.close();
      setJob(JSON.parse(event.data));
      onEnd();
    });
    events.onerror = () => events.readyState === EventSource.CLOSED && setJob(null);
    return () => events.close();
  }, [id]);
  return job;
}

function Watched({ id, onEnd, onStop }) {
  const job = useJob(id, onEnd);
  if (job === undefined) return html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${t("common.loading")}</p>`;
  if (job === null) return html`<p class="notice warn" role="status">${t("auditor.audits.gone")}</p>`;
  const { state, progress, report, error } = job;
  return html`<div data-job=${state}>${LIVE.includes(state)
    ? html`<${Section} title=${t("auditor.audits.running")} tools=${html`<button type="button" class="secondary" onClick=${() => onStop(id)}>${t("auditor.do.cancel")}</button>`}>
        <${Progress} done=${progress?.done ?? 0} of=${progress?.total ?? 0} label=${progress ? t("auditor.audits.progress", { phase: progress.phase, done: count(progress.done), total: count(progress.total) }) : t("auditor.job.waiting")} />
      <//>`
    : report
      ? html`<${AuditReport} report=${report} at=${job.requested_at} />`
      : html`<div class="notice bad" role="alert"><strong>${t(`auditor.job.${state}`)}</strong> <${Words} text=${error?.detail} /></div>`}</div>`;
}
