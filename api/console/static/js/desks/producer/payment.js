// Recording that an invoice was paid, in whole or in part, and taking such a record back: signed acts of who records.
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { SignedAct } from "../../parts/signed_act.js";

/** The form of a payment on an invoice; `onDone` is called once it is recorded. */
export function Payment({ invoice, onDone }) {
  const [amount, setAmount] = useState(invoice.owed.replace(/\.?0+$/, ""));
  const [paid, setPaid] = useState("");
  const good = /^(0|[1-9][0-9]*)(\.[0-9]{1,9})?$/.test(amount) && Number(amount) > 0;
  const act = good ? { act: "settle-invoice", invoice: invoice.invoice, amount, ...(paid ? { paid: `${paid}T00:00:00+08:00` } : {}) } : null;
  const summary = [
    [t("receivables.invoice"), invoice.invoice],
    [t("receivables.paid_amount"), `${amount} ${invoice.currency}`],
    paid && [t("receivables.paid_on"), paid],
  ];
  return html`<h3>${t("receivables.pay_of", { invoice: invoice.invoice })}</h3><${SignedAct} act=${act} summary=${summary} label=${t("receivables.record_payment")} onDone=${onDone}>
    <label>${t("receivables.paid_amount")} (${invoice.currency})<input name="amount" inputmode="decimal" value=${amount} onInput=${(event) => setAmount(event.target.value.trim())} /></label>
    <label>${t("receivables.paid_on")}<input type="date" name="paid" value=${paid} max=${new Date().toISOString().slice(0, 10)} onInput=${(event) => setPaid(event.target.value)} /></label>
  <//>`;
}

const REASONS = ["error", "duplicate", "returned"];

/** The form that takes back a payment which one has recorded; `onDone` is called once that is recorded. */
export function TakeBack({ invoice, payment, onDone }) {
  const [reason, setReason] = useState(REASONS[0]);
  const amount = `${payment.amount} ${invoice.currency}`;
  const summary = [
    [t("receivables.invoice"), invoice.invoice],
    [t("receivables.paid_amount"), amount],
    [t("receivables.why"), t(`receivables.why_${reason}`)],
  ];
  const act = { act: "cancel-settlement", invoice: invoice.invoice, entry: payment.index, reason };
  return html`<h3>${t("receivables.take_back_of", { invoice: invoice.invoice, amount })}</h3><${SignedAct} act=${act} summary=${summary} label=${t("receivables.record_take_back")} onDone=${onDone}>
    <p class="quiet">${t("receivables.take_back_means")}</p>
    <label>${t("receivables.why")}<select name="reason" value=${reason} onChange=${(event) => setReason(event.target.value)}>${REASONS.map((each) => html`<option key=${each} value=${each}>${t(`receivables.why_${each}`)}</option>`)}</select></label>
  <//>`;
}
