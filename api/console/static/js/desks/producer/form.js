// The form of one movement: filled in as people write, checked by the ledger as one types, signed at the end.
import { all, get } from "../../core/api.js";
import { sha256Of } from "../../core/bytes.js";
import { html, useEffect, useMemo, useState } from "../../core/html.js";
import { language, t, term } from "../../core/i18n.js";
import { signStatement } from "../../core/jws.js";
import { siteName, sitesOf } from "../../core/names.js";
import { judge } from "../../core/outbox.js";
import { signingKey } from "../../core/session.js";
import { Failure, Loaded, Loading, Section, Words, useLoad } from "../../core/ui.js";
import { FieldFault } from "../../movements/fault.js";
import { FORMS_OF_TECHNOLOGY, KINDS, fieldsOf } from "../../movements/kinds.js";
import { localText } from "../../movements/reading.js";
import { declareWrong, document, writeEvent } from "../../movements/writing.js";
import { Findings } from "../../parts/findings.js";
import { ChoiceField, MassesField, PartyField, ResultsField, TextField, countryOptions, technologies } from "./fields.js";
import { FilesPart, Uploads, useUploads } from "./files.js";
import { MadeGoods, UsedGoods } from "./goods.js";
import { Sending, useSending } from "./sending.js";
import { ShipmentField } from "./shipment_field.js";

const CHECK_AFTER_MS = 600;

/** What every form begins with. */
const blank = () => ({
  at: localText(new Date()).slice(0, 16),
  used: [],
  made: [{ unit: "kg", elements: {} }],
  final: true,
  currency: "CNY",
});

/** What the forms choose from: own sites, stock, pools, catalogue, licences. */
async function choices(me, signal) {
  const [sites, holdings, pools, { products }, { processes }, licences, items] = await Promise.all([
    sitesOf(me),
    all("/v1/holdings", "holdings", { party: me, limit: 1000 }, { signal }),
    all("/v1/pools", "pools", { party: me }, { signal }),
    get("/v1/products", undefined, { signal }),
    get("/v1/processes", undefined, { signal }),
    all("/v1/licences", "records", { party: me, state: "granted" }, { signal }),
    technologies(signal),
  ]);
  const shown = (each) => (language.get() === "zh" && each.name_zh) || each.name_en;
  return {
    sites: await Promise.all(sites.map(async (each) => [each.id, await siteName(each.id)])),
    holdings: holdings.filter((each) => each.mass_mg > 0),
    pools: pools.map((each) => [each.pool, each.pool]),
    products: products.map((each) => ({ ...each, shown: shown(each) })),
    processes: processes.map((each) => [each.code ?? each.process, shown(each)]),
    licences: licences.map((each) => [each.licence, each.licence]),
    technologies: items.map((each) => [each, each]),
  };
}

/**
 * @param {string} kind One of KINDS.
 * @param {string} me The party that signs.
 * @param {object} [initial] What the form holds at first.
 * @param {object} [wrong] The recorded event that this one takes the place of, with `reason`.
 */
export function MovementForm({ kind, me, initial, wrong }) {
  const [form, setForm] = useState(() => ({ ...blank(), ...initial }));
  const from = useLoad((signal) => choices(me, signal), [me, language.get()]);
  const [state, send, reset] = useSending();
  const [eventId] = useState(() => `urn:uuid:${crypto.randomUUID()}`);
  const set = (changes) => setForm((before) => ({ ...before, ...changes }));
  useEffect(() => {
    // A firm with one site need not choose it.
    if (from.value?.sites.length === 1 && !form.site) set({ site: from.value.sites[0][0] });
  }, [from.value]);
  const written = useMemo(() => attempt(kind, form, me, eventId, wrong), [kind, form, me, wrong]);
  const check = useCheck(written.payload, state);
  const [uploads, upload] = useUploads();
  const submit = async (event) => {
    event.preventDefault();
    if (written.payload && (await send(() => document(written.events), kind, "epcis+json"))) await upload(form.files);
  };
  return html`<${Loaded} from=${from}>${(known) => html`<form class="movement" onSubmit=${submit} novalidate>
    <${Section} title=${t("producer.what")}><${GoodsPart} kind=${kind} form=${form} set=${set} known=${known} fault=${shown(written)} me=${me} /><//>
    <${Section} title=${t("producer.where")}>
      <div class="fields">
        ${!KINDS[kind].placeless && html`<${ChoiceField} name="site" form=${form} set=${set} fault=${shown(written)} options=${known.sites} />`}
        <${TextField} name="at" type="datetime-local" form=${form} set=${set} fault=${shown(written)} hint=${t("producer.zone", { zone: zoneText(form.at) })} />
        ${fieldsOf(kind).map((field) => html`<${FieldPart} key=${field.name} ...${field} kind=${kind} form=${form} set=${set} known=${known} fault=${shown(written)} me=${me} />`)}
      </div>
    <//>
    <${FilesPart} form=${form} set=${set} locked=${state !== null} />
    <${Verdict} written=${written} check=${check} />
    <${Sending} state=${state} retry=${submit} /><${Uploads} state=${uploads} />
    <div class="form-end">
      ${state?.step === "done"
        ? html`<button type="button" onClick=${() => location.assign(location.pathname)}>${t("producer.another")}</button>`
        : html`<button type="submit" disabled=${!written.payload || (state && !state.failed)}>${t(wrong ? "producer.sign_correction" : "producer.sign_and_send")}</button>`}
      ${state?.failed && html`<button type="button" class="plain" onClick=${reset}>${t("producer.change_it")}</button>`}
    </div>
  </form>`}<//>`;
}

/** The events of the form, or the field that is not filled in yet. */
function attempt(kind, form, me, eventId, wrong) {
  try {
    const event = writeEvent(kind, form, me, eventId);
    const events = wrong ? [declareWrong(wrong.event, wrong.reason, event), event] : [event];
    return { events, payload: JSON.stringify(events) };
  } catch (error) {
    if (error instanceof FieldFault) return { fault: error };
    if (error.message === "number.digits") return { fault: new FieldFault("", "fault.digits") };
    throw error;
  }
}

/** A field that is merely empty is not shown as wrong while one is still writing. */
const shown = (written) => (written.fault && !["fault.missing", "fault.no-goods"].includes(written.fault.code) ? written.fault : null);

/** Asks the ledger what would become of it, a moment after the last key was pressed. */
function useCheck(payload, state) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    setFound(null);
    if (!payload || state) return undefined;
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const key = await signingKey();
        if (!key) return;
        const jws = await signStatement(key, "epcis+json", document(JSON.parse(payload)));
        setFound(await judge(jws, control.signal));
      } catch (error) {
        if (!control.signal.aborted) setFound({ error });
      }
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [payload, state]);
  return found;
}

function Verdict({ written, check }) {
  if (written.fault) {
    const place = written.fault.field ? t(`producer.place.${written.fault.field.split(".")[0]}`) : "";
    return html`<p class="notice" role="status">${t("producer.still_needed", { place, what: t(`producer.${written.fault.code}`) })}</p>`;
  }
  if (!check) return html`<p class="notice" role="status"><span class="spinner" aria-hidden="true"></span>${t("producer.checking")}</p>`;
  if (check.error) return html`<${Failure} error=${check.error} />`;
  if (check.would_be === "created" || check.would_be === "repeated") {
    return html`<div class="notice good" role="status"><strong>${t("producer.would_pass")}</strong>
      ${check.findings.length > 0 && html`<p>${t("producer.told_flags")}</p><${Findings} findings=${check.findings} />`}</div>`;
  }
  return html`<div class="notice bad" role="status"><strong>${t("producer.would_be_refused")}</strong>
    ${check.findings.length ? html`<${Findings} findings=${check.findings} />` : html`<${Words} text=${check.problem?.detail} /><${Words} text=${check.problem?.mend} />`}</div>`;
}

function GoodsPart({ kind, form, set, known, fault, me }) {
  const { goods } = KINDS[kind];
  const here = known.holdings.filter((each) => !form.site || each.site === form.site);
  const used = html`<${UsedGoods} rows=${form.used} setRows=${(rows) => set({ used: rows })} holdings=${here} fault=${fault} title=${goods === "both" ? t("producer.inputs") : undefined} />`;
  const made = html`<${MadeGoods} rows=${form.made} setRows=${(rows) => set({ made: rows })} products=${known.products} fault=${fault} title=${goods === "both" ? t("producer.outputs") : undefined} />`;
  const whole = html`<label class="check"><input type="checkbox" checked=${form.whole ?? false} onChange=${(event) => set({ whole: event.target.checked })} /> ${t("producer.whole")}</label>`;
  if (goods === "born") return made;
  if (goods === "both") return html`${used}${whole}${made}`;
  if (goods === "held") return html`${used}${!["stocktake", "assay", "pack"].includes(kind) && whole}`;
  if (goods === "sent") return html`<${ShipmentField} kind=${kind} me=${me} form=${form} set=${set} fault=${fault} />`;
  return html`<p class="quiet">${t(`producer.no_goods.${kind}`)}</p>`;
}

function FieldPart({ name, optional, kind, form, set, known, fault, me }) {
  const common = { form, set, fault, optional };
  switch (name) {
    case "to":
    case "endUser":
    case "laboratory":
      return html`<${PartyField} name=${name} ...${common} />`;
    case "siteTo":
      return form.to ? html`<${SiteOf} party=${form.to} ...${common} />` : null;
    case "process":
      return html`<${ChoiceField} name="process" ...${common} options=${known.processes} />`;
    case "licence":
      return html`<${ChoiceField} name="licence" ...${common} options=${known.licences} />`;
    case "destination":
      return html`<${ChoiceField} name="destination" ...${common} options=${countryOptions()} />`;
    case "originCountry":
      return html`<${ChoiceField} name="originCountry" ...${common} options=${[["undeclared", t("producer.undeclared")], ...countryOptions()]} />`;
    case "losses":
      return html`<${MassesField} name="losses" ...${common} />`;
    case "measured":
      return html`<${MassesField} name="measured" ...${common} total=${false} />`;
    case "results":
      return html`<${ResultsField} ...${common} />`;
    case "pool":
      return html`<${PoolField} ...${common} pools=${known.pools} />`;
    case "due":
      return html`<${TextField} name="due" type="datetime-local" ...${common} />`;
    case "price":
      return html`<${TextField} name="price" inputmode="decimal" ...${common} hint=${t("producer.price_hint")} />`;
    case "shipment":
      return null;
    case "shipmentNamed":
      return html`<${TextField} name="shipment" ...${common} hint=${t("producer.return_hint")} />`;
    case "technology":
      return html`<${ChoiceField} name="technology" ...${common} options=${known.technologies} />`;
    case "manner":
      return html`<${ChoiceField} name="manner" ...${common} options=${["export", "release"].map((each) => [each, term("technology_manner", each)])} />`;
    case "scope":
      return FORMS_OF_TECHNOLOGY.map((each) => html`<${TextField} key=${each} name=${each} ...${common} inputmode="numeric" />`);
    case "disclosed":
      return html`<label class="check"><input type="checkbox" name="disclosed" checked=${form.disclosed} onChange=${(event) => set({ disclosed: event.target.checked })} /> ${t("producer.disclosed")}</label>
        ${form.disclosed && html`<${TextField} name="reason" form=${form} set=${set} fault=${fault} />`}`;
    case "final":
      return html`<label class="check"><input type="checkbox" checked=${form.final} onChange=${(event) => set({ final: event.target.checked })} /> ${t("producer.final")}</label>`;
    case "document":
      return html`<${DocumentField} ...${common} label=${kind === "impart" ? "handed_over" : "document"} />`;
    default:
      return html`<${TextField} name=${name} ...${common} />`;
  }
}

function SiteOf({ party, ...common }) {
  const from = useLoad(async () => (await sitesOf(party)).map((each) => [each.id, each.description?.name ?? each.id]), [party]);
  return from.value ? html`<${ChoiceField} name="siteTo" ...${common} options=${from.value} />` : html`<${Loading} />`;
}

function PoolField({ pools, ...common }) {
  return html`<div><${TextField} name="pool" ...${common} hint=${t("producer.pool_hint")} />
    ${pools.map(([pool]) => html`<button key=${pool} type="button" class="plain small" onClick=${() => common.set({ pool })}>${pool}</button>`)}</div>`;
}

/** A laboratory's report, or what was handed over: its SHA-256 is recorded, the file stays here. */
function DocumentField({ label, form, set, fault, optional }) {
  const take = async (file) => set({ document: await sha256Of(await file.arrayBuffer()) });
  return html`<div><label>${t(`producer.field.${label}`)}<input type="file" name="document-file" onChange=${(event) => event.target.files[0] && take(event.target.files[0])} /></label>
    <${TextField} name="document" label="digest" form=${form} set=${set} fault=${fault} optional=${optional} hint=${t("producer.document_hint")} /></div>`;
}

/** The offset of a local time, "UTC+08:00". */
function zoneText(local) {
  const minutes = -new Date(local || Date.now()).getTimezoneOffset();
  const text = `${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0")}:${String(Math.abs(minutes) % 60).padStart(2, "0")}`;
  return `UTC${minutes < 0 ? "−" : "+"}${text}`;
}

