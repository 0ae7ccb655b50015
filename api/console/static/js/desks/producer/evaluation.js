// What the books say of a customer: sentence by sentence, with the entries that it rests on and how to contest it.
import { get } from "../../core/api.js";
import { mass } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, tag } from "../../core/i18n.js";
import { Badge, EntryLink, Loaded, PartyName, Section, Table, useLoad } from "../../core/ui.js";
import { ruleTitle } from "../../parts/rules.js";
import { Dispute } from "./dispute.js";

const TONES = { good: "good", warn: "warn", bad: "bad", none: "" };

/** An amount in the reader's language, with two digits. */
export const amountText = (amount) => new Intl.NumberFormat(tag(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Number(amount));

/** A sentence in the reader's language, from its figures. */
function wordsOf({ code, tone, figures }) {
  if (tone === "none") return t(`receivables.says.${code}_none`);
  if (code === "overdue") {
    const amounts = Object.entries(figures.amounts).map(([currency, amount]) => `${amountText(amount)} ${currency}`).join(" · ");
    return figures.invoices ? t("receivables.says.overdue", { amounts, n: figures.invoices, days: figures.oldest_days }) : t("receivables.says.overdue_nothing");
  }
  if (code === "differences") return t("receivables.says.differences", { ...figures, mass: mass(figures.difference_mg) });
  if (code === "sent_back") return t("receivables.says.sent_back", { ...figures, mass: mass(figures.mass_mg) });
  if (code === "alerts") {
    const codes = Object.entries(figures.codes).map(([rule, count]) => `${ruleTitle(rule)} (${count})`).join(" · ");
    return figures.open ? t("receivables.says.alerts", { n: figures.open, codes }) : t("receivables.says.alerts_nothing");
  }
  return t(`receivables.says.${code}`, figures);
}

const saidOf = ({ dispute }) => t("receivables.disputed", { ground: t(`receivables.ground.${dispute.ground}`) });
const wayOf = ({ by, name }) => t(`receivables.way.${name.replace("-", "_")}`, { by: t(`receivables.by.${by}`) });

/** The evaluation of a seller's customer. */
export function Evaluation({ seller, customer, me }) {
  const [disputing, setDisputing] = useState("");
  const found = useLoad((signal) => get("/v1/customers/evaluation", { party: seller, customer }, { signal }), [seller, customer]);
  return html`<${Section} id="evaluation" title=${t("receivables.evaluation")}>
    <p><strong><${PartyName} id=${customer} /></strong> <span class="quiet">${t("receivables.evaluation_lead")}</span></p>
    <${Loaded} from=${found}>${({ standing, sentences }) => html`
      <p>${t("receivables.standing")} <${Badge} tone=${TONES[standing]}>${t(`receivables.tone.${standing}`)}<//></p>
      <${Table} caption=${t("receivables.evaluation")} csv="customer.csv" rows=${sentences} rowKey=${(row) => row.code} columns=${[
        { key: "tone", title: t("receivables.weight"), value: (row) => t(`receivables.tone.${row.tone}`), cell: (row) => html`<${Badge} tone=${TONES[row.tone]}>${t(`receivables.tone.${row.tone}`)}<//>` },
        { key: "words", title: t("receivables.sentence"), value: wordsOf, cell: (row) => html`${wordsOf(row)} ${row.dispute && html`<div><${Badge} tone="info">${saidOf(row)}<//> <${EntryLink} index=${row.dispute.index} /></div>`}` },
        { key: "dispute", title: t("receivables.dispute"), value: (row) => (row.dispute ? saidOf(row) : ""), cell: (row) => (me === customer && row.tone !== "none" ? html`<button type="button" class="plain small" onClick=${() => setDisputing(row.code)}>${t("receivables.dispute")}</button>` : "–") },
        { key: "entries", title: t("receivables.entries"), value: (row) => row.entries.join(" "), cell: (row) => row.entries.map((index) => html`<${EntryLink} key=${index} index=${index} /> `) },
        { key: "contests", title: t("receivables.contest"), value: (row) => row.contests.map(wayOf).join(" "), cell: (row) => html`<ul class="plain-list">${row.contests.map((way) => html`<li key=${`${way.by} ${way.name}`}>${wayOf(way)}</li>`)}</ul>` },
      ]} />
      ${sentences.filter((row) => row.code === disputing).map((row) => html`<${Dispute} key=${row.code} seller=${seller} customer=${customer} sentence=${row} words=${wordsOf(row)} onDone=${found.reload} />`)}`}<//>
  <//>`;
}
