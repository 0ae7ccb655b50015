// What the firm recorded: each movement with its entry, to be read again and corrected; and what waits in this browser.
import { all, get, getText } from "../../core/api.js";
import { fromBase64url, fromUtf8, utf8 } from "../../core/bytes.js";
import { shortId } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import * as outbox from "../../core/outbox.js";
import { go, setQuery } from "../../core/router.js";
import { Badge, Empty, EntryLink, Failure, Loaded, Page, Section, SiteName, Table, Time, useLoad } from "../../core/ui.js";
import { readEvent } from "../../movements/reading.js";
import { declareWrong, document } from "../../movements/writing.js";
import { parseEntry } from "../../proof/entry.js";
import { MovementForm } from "./form.js";
import { Papers, Sending, useSending } from "./sending.js";

export const areas = ["producer", "rules", "acts", "proof"];

export default function Records({ query, who }) {
  const chosen = query.get("event");
  if (chosen) return html`<${OneRecord} who=${who} index=${Number(query.get("index"))} eventId=${chosen} how=${query.get("correct")} />`;
  return html`<${Page} title=${t("producer.records_title")} lead=${t("producer.records_lead")}>
    <${Waiting} who=${who} />
    <${Recorded} who=${who} />
  <//>`;
}

function Recorded({ who }) {
  const from = useLoad((signal) => all("/v1/events", "records", { party: who.party, limit: 200 }, { signal, most: 1000 }), [who.party]);
  return html`<${Section} title=${t("producer.recorded_title")}>
    <${Loaded} from=${from} empty=${(found) => found.length === 0} emptyText=${t("producer.nothing_recorded")}>
      ${(found) => html`<${Table} caption=${t("producer.recorded_title")} csv="records.csv" rows=${found} rowKey=${(each) => each.event_id} columns=${[
        { key: "entry_index", title: t("producer.entry"), numeric: true, cell: (each) => html`<${EntryLink} index=${each.entry_index} />` },
        { key: "movement", title: t("producer.kind"), cell: (each) => term("movement", each.movement) },
        { key: "event_time", title: t("producer.happened_at"), cell: (each) => html`<${Time} at=${each.event_time} />` },
        { key: "site", title: t("producer.field.site"), cell: (each) => html`<${SiteName} id=${each.site} />` },
        { key: "state", title: t("producer.state"), cell: (each) => html`<${Badge} tone=${each.state === "booked" ? "good" : "warn"}>${term("state", each.state)}<//>` },
        { key: "act", title: "", cell: (each) => html`<a href=${`/console/records?${new URLSearchParams({ event: each.event_id, index: each.entry_index })}`}>${t("producer.open_record")}</a>` },
      ]} />`}
    <//>
  <//>`;
}

/** Statements that were signed here and are not known to be recorded. */
function Waiting({ who }) {
  const from = useLoad(() => outbox.keptBy(who.party), [who.party]);
  const [error, setError] = useState(null);
  const resend = (kept) => outbox.deliver(kept).then(from.reload, setError);
  const waiting = (from.value ?? []).filter((each) => each.state !== "recorded");
  if (!waiting.length) return null;
  return html`<${Section} title=${t("producer.waiting_title")}>
    <p class="hint">${t("producer.waiting_lead")}</p>${error && html`<${Failure} error=${error} />`}
    <${Table} caption=${t("producer.waiting_title")} rows=${waiting} rowKey=${(each) => each.hash} columns=${[
      { key: "title", title: t("producer.kind"), cell: (each) => term("movement", each.title) },
      { key: "at", title: t("producer.signed_at"), cell: (each) => html`<${Time} at=${each.at} />` },
      { key: "state", title: t("producer.state"), cell: (each) => html`<${Badge} tone=${each.state === "refused" ? "bad" : "warn"}>${t(`producer.kept.${each.state}`)}<//> <span class="quiet">${each.problem?.detail}</span>` },
      { key: "act", title: "", cell: (each) => html`<span class="row-actions">${each.state === "signed" && html`<button type="button" class="plain" onClick=${() => resend(each)}>${t("producer.send_again")}</button>`}
        <button type="button" class="plain" onClick=${() => outbox.forget(each.hash).then(from.reload)}>${t("producer.forget")}</button></span>` },
    ]} />
  <//>`;
}

/** The statement of an entry, decoded: {jws, hash, event}. */
async function statementOf(index, eventId, signal) {
  const { entries } = await get("/v1/log/entries", { start: index, end: index + 1 }, { signal });
  const hash = parseEntry(utf8(entries[0].entry)).statement;
  const jws = await getText(`/v1/statements/${hash}`, undefined, { signal });
  const payload = JSON.parse(fromUtf8(fromBase64url(jws.split(".")[1])));
  const events = payload.epcisBody?.eventList ?? [payload];
  const receipt = await getText(`/v1/statements/${hash}/receipt`, undefined, { signal });
  return { jws, hash, receipt, event: events.find((each) => each.eventID === eventId && !each.errorDeclaration) ?? events[0] };
}

function OneRecord({ who, index, eventId, how }) {
  const from = useLoad((signal) => statementOf(index, eventId, signal), [index, eventId]);
  const [reason, setReason] = useState("");
  return html`<${Loaded} from=${from}>${(found) => {
    const read = readEvent(found.event);
    const title = read ? term("movement", read.kind) : t("producer.a_record");
    return html`<${Page} title=${title} lead=${html`<${EntryLink} index=${index} /> · <span title=${eventId}>${shortId(eventId)}</span>`}
      actions=${html`<a href="/console/records">${t("producer.records_title")}</a>`}>
      ${!how && html`<${Section} title=${t("producer.as_signed")} tools=${html`<${Papers} kept=${found} />`}><pre class="payload">${JSON.stringify(found.event, null, 2)}</pre><//>`}
      ${read && !how && html`<${Section} title=${t("producer.was_wrong")}><p>${t("producer.correct_lead")}</p>
        <div class="form-end"><button type="button" onClick=${() => setQuery({ correct: "change" })}>${t("producer.correct_it")}</button>
        <button type="button" class="secondary" onClick=${() => setQuery({ correct: "undo" })}>${t("producer.did_not_occur")}</button></div><//>`}
      ${read && how && html`<${Section} title=${t(how === "undo" ? "producer.did_not_occur" : "producer.correct_it")}>
        <label>${t("producer.why_wrong")}<input name="why" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
        ${how === "undo" && html`<${Undo} event=${found.event} reason=${reason} kind=${read.kind} />`}<//>`}
      ${read && how === "change" && html`<${MovementForm} kind=${read.kind} me=${who.party} initial=${read.form} wrong=${{ event: found.event, reason }} />`}
    <//>`;
  }}<//>`;
}

/** Says that a movement did not occur. */
function Undo({ event, reason, kind }) {
  const [state, send] = useSending();
  const submit = () => send(() => document([declareWrong(event, reason)]), kind, "epcis+json");
  return html`<${Sending} state=${state} retry=${submit} />
    <div class="form-end">
      ${state?.step !== "done" && html`<button type="button" disabled=${!reason.trim() || (state && !state.failed)} onClick=${submit}>${t("producer.sign_undo")}</button>`}
      <button type="button" class="plain" onClick=${() => go("/console/records")}>${t("producer.records_title")}</button>
    </div>`;
}
