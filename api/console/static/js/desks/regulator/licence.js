// One licence: what was applied for, by whom it is used, whether anybody of it is restricted, its history, its decision.
import { all } from "../../core/api.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, Copyable, EntryLink, Facts, ProductName, Section, ThingLink, Time, useLoad } from "../../core/ui.js";
import { Countries } from "../../parts/countries.js";
import { Allowed, ofTechnology } from "../../parts/licence_amount.js";
import { FirmLink } from "../../parts/links.js";
import { ruleTitle } from "../../parts/rules.js";
import { TechnologyTransfers } from "../../parts/technology_transfers.js";
import { Decide } from "./licence_decision.js";
import { Clock, drawnOf, LicenceState } from "./licence_queue.js";


/** Entries of the restricted lists, in force now, that mean a party: {record, by: "itself"|"affiliate"}. */
export function restrictedHits(party, restricted, now = new Date().toISOString()) {
  const begun = restricted.filter((record) => record.starts <= now);
  // Of what one list says of an organisation the newest that has begun counts, also where it has ended.
  const replaced = (record) => begun.some((each) => each.name === record.name && each.control_list === record.control_list && each.entry_index > record.entry_index);
  return begun
    .filter((record) => !replaced(record) && (record.ends === null || record.ends > now))
    .flatMap((record) => {
      if (record.party && record.party === party) return [{ record, by: "itself" }];
      const share = record.affiliates.find((each) => each.party === party)?.share;
      return share !== undefined && Number(share) >= 0.5 ? [{ record, by: "affiliate" }] : [];
    });
}

function Parties({ ids, restricted }) {
  return ids.map((id) => html`<div key=${id}><${FirmLink} id=${id} /> ${(restricted === null ? [] : restrictedHits(id, restricted)).map(
    ({ record, by }) => html`<div key=${record.name}><${Badge} tone="bad">${t(`regulator.licence.restricted_${by}`)}<//> ${record.name} · ${record.control_list} · <${EntryLink} index=${record.entry_index} /></div>`,
  )}</div>`);
}

/** A licence with everything that is known of it, and the form that decides it. */
export function Licence({ found, restricted, zone, onDone }) {
  const alerts = useLoad((signal) => (found ? all("/v1/alerts", "alerts", { subject: `licence:${found.licence}` }, { signal }) : Promise.resolve([])), [found?.licence]);
  if (!found) return html`<p class="empty">${t("regulator.licence.unknown")}</p>`;
  const parties = [...found.consignees, ...found.end_users];
  const hits = restricted === null ? null : parties.flatMap((id) => restrictedHits(id, restricted));
  return html`<div class="columns">
      <${Section} title=${t("regulator.licence.what")}><${Facts} rows=${[
        [t("regulator.licence.name"), html`<${Copyable} text=${found.licence}>${found.licence}<//>`],
        [t("regulator.state"), html`<${LicenceState} state=${found.state} />`],
        [t("regulator.licence.exporter"), html`<${FirmLink} id=${found.exporter} />`],
        [t("regulator.licence.kind"), t(`terms.licence.${found.kind}`)],
        [t("regulator.licence.items"), found.items.map((item) => html`<div key=${item}><${ProductName} code=${item} /></div>`)],
        [t("regulator.licence.quantity"), html`<${Allowed} of=${found} />`],
        !ofTechnology(found) && [t("regulator.licence.drawn"), drawnOf(found)],
        [t("regulator.licence.destinations"), html`<${Countries} codes=${found.destinations} />`],
        [t("regulator.licence.consignees"), html`<${Parties} ids=${found.consignees} restricted=${restricted} />`],
        [t("regulator.licence.end_users"), html`<${Parties} ids=${found.end_users} restricted=${restricted} />`],
        [t("regulator.licence.end_use"), found.end_use],
        found.valid_from && [t("regulator.licence.valid"), html`<${Time} at=${found.valid_from} /> – <${Time} at=${found.valid_to} />`],
        found.shipments.length > 0 && [t("regulator.licence.exports"), found.shipments.map((id) => html`<div key=${id}><${ThingLink} kind="shipment" id=${id} consignor=${found.exporter} /></div>`)],
      ]} />
        ${hits !== null && html`<p class=${`notice ${hits.length ? "bad" : ""}`}>${t(hits.length ? "regulator.licence.hits" : "regulator.licence.no_hits")}</p>`}
      <//>
      <div>
        <${Section} title=${t("regulator.licence.clock")}><${Clock} of=${found} /><h3>${t("regulator.licence.history")}</h3><${History} found=${found} alerts=${alerts.value ?? []} /><//>
        <${Decide} found=${found} zone=${zone} onDone=${onDone} />
      </div>
    </div>
    ${ofTechnology(found) && html`<${TechnologyTransfers} query=${{ licence: found.licence }} />`}`;
}

function History({ found, alerts }) {
  const steps = [
    { at: found.applied, index: found.applied_at, text: t("regulator.licence.was_applied") },
    ...found.clock.flatMap(({ stopped, started }) => [
      { at: stopped, text: t("regulator.licence.was_stopped") },
      started !== null && { at: started, text: t("regulator.licence.was_started") },
    ]),
    ...alerts.map((alert) => ({ at: alert.event_time, index: alert.index, text: ruleTitle(alert.code) })),
    found.decided && { at: found.decided, index: found.decided_at, text: html`${t("regulator.licence.was_decided")} <${LicenceState} state=${found.state} />${found.reason && ` ${t(`acts.reason.${found.reason}`)}`}` },
    ...Object.entries(found.reported).map(([event, reports]) => ({ at: null, text: html`${t("regulator.licence.was_reported", { steps: reports.map((each) => t(`acts.step.${each}`)).join(", ") })} <${ThingLink} kind="shipment" id=${event} consignor=${found.exporter} />` })),
  ].filter(Boolean);
  const ordered = [...steps].sort((one, other) => (one.at ?? "9") < (other.at ?? "9") ? -1 : 1);
  return html`<ol class="timeline">${ordered.map(
    (step, at) => html`<li key=${at}>${(step.at || step.index !== undefined) && html`<span class="quiet small">${step.at && html`<${Time} at=${step.at} />`}${step.index !== undefined && html` · <${EntryLink} index=${step.index} />`}</span>`}<div>${step.text}</div></li>`,
  )}</ol>`;
}
