// Origins of goods in words, and as bars.
import { exactMass, mass, share } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { t, tag } from "../core/i18n.js";
import { partyName, siteName, siteOf } from "../core/names.js";
import { Table } from "../core/ui.js";

// Making one takes a browser longer than everything else that a row of a table needs.
const regions = new Map();

/** A country in the reader's language. */
export function countryName(code) {
  if (!/^[A-Z]{2}$/.test(code ?? "")) return t("pictures.country_unknown");
  if (!regions.has(tag())) regions.set(tag(), new Intl.DisplayNames([tag()], { type: "region" }));
  return regions.get(tag()).of(code);
}

/** What an origin is called: {name, note}; `note` says of which firm, or what kind of origin it is. */
export async function originText(origin) {
  const [kind, rest] = [origin.slice(0, origin.indexOf(":")), origin.slice(origin.indexOf(":") + 1)];
  if (origin === "unexplained") return { name: t("pictures.origin.unexplained"), note: t("pictures.origin.unexplained_note") };
  if (origin === "opening") return { name: t("pictures.origin.opening_note"), note: "" };
  if (origin === "awaited") return { name: t("pictures.origin.awaited"), note: t("pictures.origin.awaited_note") };
  if (kind === "awaited") return { name: t("pictures.origin.awaited"), note: rest };
  if (kind === "opening") return { name: await partyName(rest), note: t("pictures.origin.opening_note") };
  if (kind === "import") {
    const name = rest.length === 2 ? t("pictures.origin.import", { country: countryName(rest) }) : t("pictures.origin.undeclared");
    return { name, note: t("pictures.origin.import_note") };
  }
  const site = await siteOf(origin);
  return { name: await siteName(origin), note: site ? await partyName(site.party) : "" };
}

/** Origins with their words: the shares of an answer, each with {name, note}. */
export function useOrigins(shares) {
  const [named, setNamed] = useState(null);
  useEffect(() => {
    let current = true;
    Promise.all(shares.map(async (each) => ({ ...each, ...(await originText(each.origin)) }))).then(
      (found) => current && setNamed(found),
    );
    return () => (current = false);
  }, [shares]);
  return named;
}

const statusesOf = ({ statuses }) =>
  Object.keys(statuses).map((status) => (Object.keys(statuses).length > 1
    ? `${t(`pictures.status.${status}`)} ${mass(statuses[status])}`
    : t(`pictures.status.${status}`)));
const elementsOf = ({ elements }) =>
  Object.entries(elements).sort(([, one], [, other]) => other - one).map(([symbol, mg]) => `${symbol} ${mass(mg)}`);

function Bar({ each, at }) {
  const doubtful = each.origin === "unexplained" || each.origin.startsWith("awaited");
  return html`<li class=${doubtful ? "doubtful" : ""}>
    <div class="origin-head"><span class="origin-name" title=${each.origin}><strong>${each.name}</strong>${each.note && html`<span class="quiet">${each.note}</span>`}</span>
      <span class="origin-share"><strong class="figure">${share(each.share)}</strong><span class="figure quiet" title=${exactMass(each.mass_mg)}>${mass(each.mass_mg)}</span></span></div>
    <div class="origin-bar" aria-hidden="true"><span class="fill series-${(at % 6) + 1}" style=${{ width: `${Math.max(0.4, Number(each.share) * 100)}%` }}></span></div>
    <p class="origin-foot">${elementsOf(each).join(" · ")}<span class="statuses">${statusesOf(each).join(" · ")}</span></p>
  </li>`;
}

/** The origins with their shares as bars; the same as a table behind it. */
export function Origins({ shares, caption }) {
  const named = useOrigins(shares);
  if (!named) return html`<p class="loading" role="status">${t("common.loading")}</p>`;
  if (!named.length) return html`<p class="empty">${t("pictures.origins_none")}</p>`;
  const columns = [
    { key: "name", title: t("pictures.origin_column") },
    { key: "note", title: t("pictures.origin_firm") },
    { key: "share", title: t("pictures.share"), numeric: true, value: (row) => Number(row.share), cell: (row) => share(row.share) },
    { key: "mass_mg", title: t("pictures.mass_reo_kg"), numeric: true, value: (row) => row.mass_mg / 1e6, cell: (row) => html`<span title=${exactMass(row.mass_mg)}>${mass(row.mass_mg)}</span>` },
    { key: "elements", title: t("pictures.elements"), value: (row) => elementsOf(row).join("; ") },
    { key: "statuses", title: t("pictures.status"), value: (row) => statusesOf(row).join("; ") },
    { key: "origin", title: t("pictures.origin_id"), cell: (row) => html`<code>${row.origin}</code>` },
  ];
  return html`<ol class="origins" aria-label=${caption}>${named.map((each, at) => html`<${Bar} key=${each.origin} each=${each} at=${at} />`)}</ol>
    <details class="twin"><summary>${t("pictures.as_table")}</summary><${Table} columns=${columns} rows=${named} caption=${caption} csv="origins.csv" rowKey=${(row) => row.origin} /></details>`;
}
