// What a picture's file proves, on the page where receipts are verified.
import { count } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { loadAreas, t } from "../core/i18n.js";
import { whyRefused } from "../proof/receipt_view.js";
import { Badge, EntryLink, Loading, Table } from "../core/ui.js";
import { checkBundle } from "./bundle.js";

const refusal = ({ verdicts }) => verdicts.find((each) => each.state === "failed")?.error;

/** A file of bundle.js, verified under the key of a log that this browser keeps. */
export function BundleResult({ bundle, log }) {
  const [checked, setChecked] = useState(null);
  useEffect(() => {
    let wanted = true;
    setChecked(null);
    Promise.all([checkBundle(bundle, log), loadAreas("pictures")]).then(([found]) => wanted && setChecked(found));
    return () => (wanted = false);
  }, [bundle, log.vkey]);
  if (!checked) return html`<${Loading} />`;
  const { records, unproved } = checked;
  const broken = records.filter(({ ok }) => !ok);
  const whole = !broken.length && !unproved.length;
  const compared = records.filter((each) => each.ok && each.compared).length;
  const words = (row) => (!row.ok ? "failed" : row.compared ? "compared" : "alone");
  const columns = [
    { key: "index", title: t("pictures.entry"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.index} />` },
    { key: "ok", title: t("pictures.proof_column"), value: (row) => t(`pictures.bundle.${words(row)}`), cell: (row) => html`<${Badge} tone=${row.ok ? "good" : "bad"}>${t(`pictures.bundle.${words(row)}`)}<//>${!row.ok && refusal(row) ? html` <span class="quiet">${whyRefused(refusal(row))}</span>` : ""}` },
  ];
  return html`<div class=${`notice ${whole ? "good" : "bad"}`} role="status" data-verdict=${whole ? "ok" : "broken"}>
      <strong>${t(whole ? "pictures.bundle.good" : "pictures.bundle.bad", { n: count(records.length), broken: count(broken.length), list: broken.map(({ index }) => `#${index}`).join(", ") })}</strong>
      <p>${t("pictures.bundle.what", { n: count(compared) })}</p>
      ${unproved.length > 0 && html`<p>${t("pictures.bundle.unproved", { n: count(unproved.length), list: unproved.slice(0, 10).map((index) => `#${index}`).join(", ") })}</p>`}
    </div>
    <p>${t("pictures.bundle.about", { name: String(bundle.answer?.name ?? ""), made: String(bundle.made ?? "") })}</p>
    <${Table} columns=${columns} rows=${records} caption=${t("pictures.proof_column")} csv="records.csv" rowKey=${(row) => row.index} most=${100} />`;
}
