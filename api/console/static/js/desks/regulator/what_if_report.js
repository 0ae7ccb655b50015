// What a what-if found: both sides by outcome, the differences by firm, product, destination and month, and the
// movements behind them. Every picture has its table.
import { count, mass, share } from "../../core/format.js";
import { html, useEffect, useMemo, useState } from "../../core/html.js";
import { t, tag, term } from "../../core/i18n.js";
import { partyName, productName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { Badge, EntryLink, Facts, Figure, Mass, ProductName, Section, Table, Tabs, Time } from "../../core/ui.js";
import { massColumn } from "../../parts/columns.js";
import { FirmLink } from "../../parts/links.js";
import { ruleTitle } from "../../parts/rules.js";
import { Bars, Twin } from "../../pictures/bars.js";
import { countryName } from "../../parts/countries.js";

const OUTCOMES = ["refused", "flagged", "licensed", "passed"];
const TONES = { refused: "bad", flagged: "warn", licensed: "info", passed: "good" };
const BY = ["firm", "product", "destination", "month"];
const SHOWN = 12;

/** Yuan as a person reads them. */
const money = (fen) => new Intl.NumberFormat(tag(), { style: "currency", currency: "CNY", notation: "compact", maximumSignificantDigits: 4 }).format(fen / 100);

/** The same of a sum; "+" where a part of it has no price. */
const worth = (row) => (row.unvalued_mg && !row.value_fen ? t("what_if.no_price") : `${money(row.value_fen)}${row.unvalued_mg ? "+" : ""}`);

/** Sums of cells by one of their members, the heaviest first. */
export function summed(cells, member) {
  const sums = new Map();
  for (const cell of cells) {
    const known = sums.get(cell[member]) ?? { key: cell[member], movements: 0, mass_mg: 0, value_fen: 0, unvalued_mg: 0 };
    for (const name of ["movements", "mass_mg", "value_fen", "unvalued_mg"]) known[name] += cell[name];
    sums.set(cell[member], known);
  }
  return [...sums.values()].sort((one, other) => other.mass_mg - one.mass_mg || other.movements - one.movements);
}

export function Report({ report, query }) {
  const picked = Object.fromEntries(BY.map((member) => [member, query.get(member)]).filter(([, value]) => value !== null));
  const fits = (each, of = each) => Object.entries(picked).every(([member, value]) => (member === "product" && each.products ? each.products.includes(value) : of[member] === value));
  const cells = report.cells.filter((cell) => fits(cell));
  return html`<${Summary} report=${report} />
    ${report.differing > 0 && html`<${Differences} cells=${cells} picked=${picked} by=${BY.includes(query.get("by")) ? query.get("by") : "firm"} />
      <${Movements} rows=${report.shown.filter((each) => fits(each))} all=${report.differing} />`}
    <${Codes} report=${report} />`;
}

function Summary({ report }) {
  const { totals, agreement, hanging } = report;
  const rows = OUTCOMES.flatMap((outcome) => ["before", "after"].map((side) => ({ outcome, side, ...totals[side][outcome] })));
  const alike = agreement && agreement.judged - agreement.unlike;
  return html`<${Section} title=${report.after} id="sides">
    <p>${t("what_if.span", { from: report.span.from?.slice(0, 10) ?? "–", to: report.span.to?.slice(0, 10) ?? "–", movements: count(report.movements), looked: count(report.looked_at), refusals: count(report.refusals) })}</p>
    ${report.differing === 0 && html`<p class="notice good" role="status">${t("what_if.no_difference")}</p>`}
    ${report.codes_left_open.length > 0 && html`<p class="notice warn" role="status">${t("what_if.left_open", { codes: report.codes_left_open.map(ruleTitle).join(", ") })}</p>`}
    <div class="stats">${OUTCOMES.map((outcome) => html`<${Figure} key=${outcome} tone=${totals.after[outcome].movements === totals.before[outcome].movements ? "" : TONES[outcome]} label=${t(`what_if.outcome.${outcome}`)} hint=${mass(totals.after[outcome].mass_mg)}>${count(totals.before[outcome].movements)} → ${count(totals.after[outcome].movements)}<//>`)}</div>
    <${Facts} rows=${[
      agreement && [t("what_if.agreement"), html`<${Badge} tone=${agreement.unlike ? "bad" : "good"}>${t("what_if.alike", { alike: count(alike), judged: count(agreement.judged) })}<//>`],
      hanging.received > 0 && [t("what_if.received"), html`${count(hanging.received)} · <${Mass} mg=${hanging.received_mg} />`],
      hanging.descendants > 0 && [t("what_if.descendants"), count(hanging.descendants)],
    ]} />
    <${Bars} label=${t("what_if.sides")} rows=${rows.map((row) => ({ key: `${row.outcome} ${row.side}`, label: html`${t(`what_if.outcome.${row.outcome}`)} <span class="quiet">${t(`what_if.side.${row.side}`)}</span>`, value: row.movements, tone: TONES[row.outcome], shown: count(row.movements) }))} />
    <${Twin} caption=${t("what_if.sides")} csv="what-if-sides.csv" rows=${rows} rowKey=${(row) => `${row.outcome} ${row.side}`} columns=${[
      { key: "outcome", title: t("what_if.outcome"), value: (row) => t(`what_if.outcome.${row.outcome}`) },
      { key: "side", title: t("what_if.side"), value: (row) => t(`what_if.side.${row.side}`) },
      ...sumColumns(rows),
    ]} />
    <p class="small quiet">${t("what_if.meaning")}</p>
  <//>`;
}

const sumColumns = (rows) => [
  { key: "movements", title: t("what_if.movements"), numeric: true, cell: (row) => count(row.movements) },
  massColumn("mass_mg", t("what_if.mass"), rows),
  { key: "value_fen", title: t("what_if.value"), csvTitle: `${t("what_if.value")} (CNY)`, numeric: true, value: (row) => row.value_fen / 100, cell: worth },
];

/** What keys of a member are called, once the names are known. */
function useNames(keys, member) {
  const [names, setNames] = useState(new Map());
  useEffect(() => {
    let current = true;
    const ask = { firm: partyName, product: productName }[member] ?? ((key) => (member === "destination" && key ? countryName(key) : key));
    Promise.all(keys.map(async (key) => [key, key ? await ask(key) : t("what_if.unstated")])).then((found) => current && setNames(new Map(found)));
    return () => (current = false);
  }, [member, keys.join(" ")]);
  return (key) => names.get(key) ?? key;
}

function Differences({ cells, picked, by }) {
  const rows = useMemo(() => summed(cells, by), [cells, by]);
  const name = useNames(rows.map((row) => row.key), by);
  const most = Math.max(1, ...rows.map((row) => row.mass_mg));
  const drill = (key) => {
    const query = new URLSearchParams(location.search);
    query.set(by, key);
    query.set("by", BY.find((each) => each !== by && !(each in picked)) ?? by);
    return `/console/what-if?${query}`;
  };
  const chips = Object.entries(picked);
  return html`<${Section} title=${t("what_if.differences")} id="differences">
    <${Tabs} label=${t("what_if.by")} current=${by} onChange=${(id) => setQuery({ by: id })} tabs=${BY.map((id) => ({ id, title: t(`what_if.by.${id}`) }))} />
    ${chips.length > 0 && html`<p>${chips.map(([member, value]) => html`<button key=${member} type="button" class="secondary small" onClick=${() => setQuery({ [member]: null })}>${t(`what_if.by.${member}`)}: <${Name} member=${member} of=${value} /> ×</button> `)}</p>`}
    <${Bars} label=${t(`what_if.by.${by}`)} most=${most} rows=${rows.slice(0, SHOWN).map((row) => ({
      key: row.key,
      label: html`<a href=${drill(row.key)}>${name(row.key)}</a>`,
      value: row.mass_mg,
      shown: mass(row.mass_mg),
      note: html`<span class="bar-note small quiet">${t("what_if.note", { n: count(row.movements), value: worth(row) })}</span>`,
    }))} />
    <${Twin} caption=${t(`what_if.by.${by}`)} csv=${`what-if-${by}.csv`} rows=${rows} rowKey=${(row) => row.key} columns=${[
      { key: "key", title: t(`what_if.by.${by}`), value: (row) => name(row.key) },
      ...sumColumns(rows),
      { key: "share", title: t("what_if.share"), numeric: true, value: (row) => row.mass_mg / (rows.reduce((sum, each) => sum + each.mass_mg, 0) || 1), cell: (row) => share(row.mass_mg / (rows.reduce((sum, each) => sum + each.mass_mg, 0) || 1), 1) },
    ]} />
  <//>`;
}

const Name = ({ member, of }) => html`${useNames([of], member)(of)}`;

const Verdict = ({ of }) => html`<${Badge} tone=${TONES[of.outcome]} title=${[...of.refused, ...of.flagged].join(", ")}>${t(`what_if.outcome.${of.outcome}`)}<//>`;

const Movements = ({ rows, all }) => html`<${Section} title=${t("what_if.changed", { n: count(all) })} id="movements">
  <${Table} caption=${t("what_if.changed", { n: count(all) })} csv="what-if-movements.csv" most=${25} rows=${rows} rowKey=${(row) => `${row.recorded} ${row.index} ${row.position} ${row.event_id}`} columns=${[
    { key: "index", title: t("what_if.entry"), numeric: true, cell: (row) => (row.recorded ? html`<${EntryLink} index=${row.index} />` : html`<span class="quiet">${t("what_if.not_recorded")}</span>`) },
    { key: "event_time", title: t("regulator.happened"), cell: (row) => html`<${Time} at=${row.event_time} />` },
    { key: "kind", title: t("what_if.kind"), value: (row) => term("movement", row.kind) },
    { key: "firm", title: t("regulator.firm.one"), cell: (row) => html`<${FirmLink} id=${row.firm} />` },
    { key: "products", title: t("what_if.by.product"), value: (row) => row.products.join(" "), cell: (row) => row.products.map((code) => html`<${ProductName} key=${code} code=${code} /> `) },
    { key: "destination", title: t("what_if.by.destination"), cell: (row) => (row.destination ? countryName(row.destination) : "–") },
    massColumn("mass_mg", t("what_if.mass"), rows),
    { key: "before", title: t("what_if.side.before"), value: (row) => row.before.outcome, cell: (row) => html`<${Verdict} of=${row.before} />` },
    { key: "after", title: t("what_if.side.after"), value: (row) => row.after.outcome, cell: (row) => html`<${Verdict} of=${row.after} />` },
    { key: "said", title: t("what_if.said") },
  ]} />
<//>`;

function Codes({ report }) {
  const rows = report.codes;
  if (!rows.length) return null;
  const column = (side, what) => ({ key: `${side} ${what}`, title: t(`what_if.code.${side}.${what}`), numeric: true, value: (row) => row[side][what], cell: (row) => count(row[side][what]) });
  return html`<${Section} title=${t("what_if.by_code")} id="codes">
    <${Table} caption=${t("what_if.by_code")} csv="what-if-codes.csv" rows=${rows} rowKey=${(row) => row.code} columns=${[
      { key: "code", title: t("regulator.alerts.rule"), value: (row) => ruleTitle(row.code), cell: (row) => html`<span title=${row.code}>${ruleTitle(row.code)}</span>` },
      column("before", "refused"),
      column("before", "flagged"),
      column("after", "refused"),
      column("after", "flagged"),
    ]} />
  <//>`;
}
