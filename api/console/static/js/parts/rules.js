// What the console says of a rule: its title, what it means, what to do, and how grave it is held here.
// The ledger itself does not rank its rules; this order is only the one in which a reader is shown them.
import { has, t } from "../core/i18n.js";

const GRAVE = new Set([
  "balance.element-gain", "balance.cumulative", "balance.undeclared-element", "balance.overdrawn", "pool.overdrawn",
  "content.deminimis", "custody.not-consignee", "custody.not-holder", "disclosure", "enduser.military",
  "enduser.restricted", "licence.case-by-case",
  "export.structuring", "graph.cycle", "key.suspect", "licence.exhausted", "licence.expired", "licence.mismatch",
  "licence.missing", "licence.reused", "origin.fingerprint", "quota.exceeded", "recycler.fingerprint",
  "recycler.ore-input", "taint.inherited", "technology.prohibited", "time.too-fast", "time.two-places", "trade.carousel",
]);
const FORMAL = new Set([
  "invoice.missing", "licence.overdue", "name.foreign", "pool.unclosed", "quota.nearing", "report.burst", "report.late",
  "shipment.unreceived", "shipment.unsent", "time.after-recording", "time.before-birth",
]);

/** The grades, the gravest first, with the tone of their badge. */
export const GRADES = { grave: "bad", explain: "warn", formal: "info" };

/** "grave", "explain" or "formal". */
export const gradeOf = (code) => (GRAVE.has(code) ? "grave" : FORMAL.has(code) ? "formal" : "explain");

/** A rule's title in the reader's language, or its code. Needs the area `rules`. */
export const ruleTitle = (code) => (has(`rules.${code}.title`) ? t(`rules.${code}.title`) : code);

/** What a rule means, in a sentence. */
export const ruleMeaning = (code) => (has(`rules.${code}.meaning`) ? t(`rules.${code}.meaning`) : "");

/** What to do about it, in a sentence. */
export const ruleMend = (code) => (has(`rules.${code}.mend`) ? t(`rules.${code}.mend`) : "");
