// What customers owe: by age, invoice by invoice, and what the books say of each customer, with a payment to record.
import { all, get } from "../../core/api.js";
import { date, share } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { partyName } from "../../core/names.js";
import { setQuery } from "../../core/router.js";
import { seesAll } from "../../core/session.js";
import { Badge, EntryLink, Figure, Loaded, Page, PartyName, Section, Table, useLoad } from "../../core/ui.js";
import { Bars } from "../../pictures/bars.js";
import { FirmSelect } from "../../parts/choosing.js";
import { amountText, Evaluation } from "./evaluation.js";
import { Payment, TakeBack } from "./payment.js";

export const areas = ["receivables", "regulator", "acts", "rules"];
const AGES = ["not_due", "to_30", "to_60", "to_90", "over_90", "no_due_date"];
const TONES = { to_30: "warn", to_60: "warn", to_90: "bad", over_90: "bad" };
const STATES = { open: "info", partly_settled: "info", settled: "good", cancelled: "" };

/** An amount with its currency; the exact one in its title. */
const Amount = ({ of, currency }) => html`<span class="figure" title=${`${of} ${currency}`}>${amountText(of)} ${currency}</span>`;

async function load(party, customer, signal) {
  const [owed, invoices] = await Promise.all([
    customer ? null : get("/v1/receivables", { party }, { signal }),
    all("/v1/receivables/invoices", "invoices", { party, customer, limit: 1000 }, { signal }),
  ]);
  const customers = [...new Set(invoices.map((each) => each.customer))];
  return { owed, invoices, names: new Map(await Promise.all(customers.map(async (id) => [id, await partyName(id)]))) };
}

export default function Receivables({ query, who }) {
  const seller = query.get("party") || who.party;
  const own = seller === who.party || seesAll();
  const customer = own ? query.get("customer") : who.party;
  const from = useLoad((signal) => load(seller, own ? null : who.party, signal), [seller, own]);
  return html`<${Page} title=${t("common.nav.receivables")} lead=${t(own ? "receivables.lead" : "receivables.lead_customer")}>
    <form class="filters" aria-label=${t("regulator.filters")} onSubmit=${(event) => event.preventDefault()}><${FirmSelect} party=${seller} empty=${t("receivables.own")} /></form>
    <${Loaded} from=${from} empty=${({ invoices }) => !invoices.length} emptyText=${t("receivables.none")}>${(value) => html`
      ${value.owed && html`<${Owed} ...${value.owed} names=${value.names} chosen=${customer} />`}
      <${Invoices} invoices=${customer ? value.invoices.filter((each) => each.customer === customer) : value.invoices} names=${value.names} onDone=${from.reload} mayPay=${!seesAll()} me=${who.party} />
      ${customer && html`<${Evaluation} seller=${seller} customer=${customer} me=${who.party} />`}`}<//>
  <//>`;
}

function Owed({ totals, customers, names, chosen }) {
  return html`${totals.map((each) => html`<div class="stats" key=${each.currency}>
      <${Figure} label=${t("receivables.owed")} hint=${t("receivables.invoices", { n: each.invoices })}><${Amount} of=${each.owed} currency=${each.currency} /><//>
      <${Figure} label=${t("receivables.overdue")} tone=${Number(each.overdue) ? "bad" : "good"} hint=${each.oldest_days === null ? null : t("receivables.oldest", { n: each.oldest_days })}><${Amount} of=${each.overdue} currency=${each.currency} /><//>
      ${Number(each.owed_back) > 0 && html`<${Figure} label=${t("receivables.owed_back")}><${Amount} of=${each.owed_back} currency=${each.currency} /><//>`}
    </div>`)}
    <${Section} title=${t("receivables.ageing")}>
      ${totals.map((each) => html`<h3 key=${each.currency}>${each.currency}</h3><${Bars} label=${t("receivables.ageing_in", { currency: each.currency })} most=${Number(each.owed) || 1} rows=${AGES.map((age) => ({ key: age, label: t(`receivables.age.${age}`), value: Number(each[age]), tone: TONES[age] ?? "", shown: share(Number(each.owed) ? Number(each[age]) / Number(each.owed) : null, 1), note: html`<span class="bar-note small quiet"><${Amount} of=${each[age]} currency=${each.currency} /></span>` }))} />`)}
      <p class="quiet small">${t("receivables.apart")}</p>
    <//>
    <${Section} title=${t("receivables.customers")}><${Table} caption=${t("receivables.customers")} csv="receivables.csv" rows=${customers} rowKey=${(row) => `${row.customer} ${row.currency}`} selected=${(row) => row.customer === chosen} columns=${[
      { key: "customer", title: t("receivables.customer"), value: (row) => names.get(row.customer), cell: (row) => html`<a class="name" href=${`?customer=${encodeURIComponent(row.customer)}`} onClick=${(event) => choose(event, row.customer)}><${PartyName} id=${row.customer} /></a>` },
      { key: "currency", title: t("receivables.currency") },
      ...["owed", ...AGES, "owed_back"].filter((key) => customers.some((row) => Number(row[key]))).map((key) => ({ key, title: t(key === "owed" || key === "owed_back" ? `receivables.${key}` : `receivables.age.${key}`), numeric: true, value: (row) => Number(row[key]), cell: (row) => (Number(row[key]) ? html`<${Amount} of=${row[key]} currency="" />` : "–") })),
    ]} /><//>`;
}

function choose(event, customer) {
  event.preventDefault();
  setQuery({ customer });
}

function Invoices({ invoices, names, onDone, mayPay, me }) {
  const [taking, setTaking] = useState(null);
  const paid = invoices.flatMap((invoice) => invoice.payments.map((payment) => ({ invoice, payment }))).find(({ payment }) => payment.index === taking);
  const [paying, setPaying] = useState(null);
  const open = invoices.find((each) => each.invoice === paying);
  return html`<${Section} title=${t("receivables.by_due")}><${Table} caption=${t("receivables.by_due")} csv="invoices.csv" rows=${invoices} rowKey=${(row) => row.invoice} selected=${(row) => row.invoice === paying} columns=${[
      { key: "invoice", title: t("receivables.invoice"), cell: (row) => html`<span class="name">${row.invoice}</span>` },
      { key: "customer", title: t("receivables.customer"), value: (row) => names.get(row.customer) },
      { key: "due", title: t("receivables.due"), value: (row) => row.due ?? "", cell: (row) => (row.due ? html`<span title=${row.due}>${date(row.due)}</span>` : "–") },
      { key: "amount", title: t("receivables.amount"), numeric: true, value: (row) => Number(row.amount), cell: (row) => html`<${Amount} of=${row.amount} currency=${row.currency} />` },
      { key: "owed", title: t("receivables.owed"), numeric: true, value: (row) => Number(row.owed), cell: (row) => html`<${Amount} of=${row.owed} currency=${row.currency} />` },
      { key: "state", title: t("receivables.state"), value: (row) => row.state, cell: (row) => html`<${State} row=${row} />` },
      { key: "index", title: t("receivables.entries"), cell: (row) => html`<${EntryLink} index=${row.index} />${row.payments.map((each) => html` <${EntryLink} key=${each.index} index=${each.index} />${mayPay && each.signer === me && html` <button type="button" class="plain small" onClick=${() => setTaking(each.index)}>${t("receivables.take_back")}</button>`}`)}` },
      ...(mayPay ? [{ key: "act", title: "", cell: (row) => (Number(row.owed) ? html`<button type="button" class="plain small" onClick=${() => setPaying(row.invoice)}>${t("receivables.pay")}</button>` : "") }] : []),
    ]} />
    ${open && html`<${Payment} invoice=${open} key=${open.invoice} onDone=${onDone} />`}
    ${paid && html`<${TakeBack} ...${paid} key=${taking} onDone=${onDone} />`}<//>`;
}

const State = ({ row }) => html`<${Badge} tone=${row.overdue_days !== null ? "bad" : STATES[row.state]}>${row.overdue_days !== null ? t("receivables.overdue_days", { n: row.overdue_days }) : t(`receivables.state_of.${row.state}`)}<//>
  ${row.late_days > 0 && html` <span class="quiet small">${t("receivables.late_days", { n: row.late_days })}</span>`}`;
