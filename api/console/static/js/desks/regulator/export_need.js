// "Would this need a licence?" for a lot, a destination, an end user and a use, with every reason and price.
import { get } from "../../core/api.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, EntryLink, Facts, Loaded, Mass, PartyName, Section, Table, ThingLink, Time, useLoad } from "../../core/ui.js";
import { countryName } from "../../parts/countries.js";
import { Chain } from "./export_owners.js";
import { money, percent, Question } from "./export_form.js";

const TONES = { refused: "bad", needed: "warn", undecided: "warn", none: "good" };
const VERDICTS = { reaches: "bad", undecided: "warn", below: "good" };
const ASKED = ["lot", "country", "destination", "consignee", "end_user", "end_use"];

/** The form, and the answer to what the address asks. */
export function Need({ query }) {
  const fields = ASKED.map((name) => ({
    name,
    label: t(`export.need.${name}`),
    hint: t(`export.need.${name}_hint`),
    required: name === "lot" || name === "destination",
    pattern: name === "country" || name === "destination" ? "[A-Z]{2}" : undefined,
  }));
  const asked = Object.fromEntries(ASKED.map((name) => [name, query.get(name)]).filter(([, value]) => value));
  return html`<${Section} title=${t("export.need.title")}>
      <p>${t("export.need.lead")}</p>
      <${Question} fields=${fields} query=${query} label=${t("export.need.title")} />
    <//>
    ${asked.lot && asked.destination && html`<${Answer} asked=${asked} key=${JSON.stringify(asked)} />`}`;
}

function Answer({ asked }) {
  const found = useLoad((signal) => get("/v1/licence-need", asked, { signal }), []);
  return html`<${Loaded} from=${found}>${(need) => html`<${Section} title=${t("export.need.answer")}>
      <p><${Badge} tone=${TONES[need.answer]}>${t(`export.answer.${need.answer}`)}<//> ${t(`export.answer.${need.answer}_means`)}</p>
      ${need.reasons.length > 0 && html`<ul>${need.reasons.map((reason, at) => html`<li key=${at}><${Badge} tone=${TONES[reason.answer]}>${t(`export.answer.${reason.answer}`)}<//> ${t(`export.why.${reason.why}`, { list: reason.control_list, subject: reason.subject })}
        ${reason.restriction && html`<${Chain} restriction=${reason.restriction} />`}</li>`)}</ul>`}
      <${Facts} rows=${[
        [t("rules.evidence.lot"), html`<${ThingLink} id=${need.lot} />`],
        [t("export.need.way"), `${countryName(need.country || "CN")} → ${countryName(need.destination)}`],
        [t("export.need.lists"), need.lists.length ? need.lists.join(" · ") : t("export.need.no_lists")],
        [t("export.at"), html`<${Time} at=${need.at} />`],
      ]} />
    <//>
    ${need.content && html`<${Content} content=${need.content} />`}`}<//>`;
}

/** The Chinese share with everything that was looked at. */
function Content({ content }) {
  const columns = [
    { key: "lot", title: t("rules.evidence.lot"), cell: (part) => html`<${ThingLink} id=${part.lot} />` },
    { key: "kind", title: t("export.part.kind"), value: (part) => t(`export.kind.${part.kind}`) },
    { key: "home", title: t("export.part.home"), value: (part) => percent(part.home) },
    { key: "used_mg", title: t("export.part.used"), csvTitle: `${t("export.part.used")} (mg)`, numeric: true, cell: (part) => html`<${Mass} mg=${part.used_mg} />` },
    { key: "used_by", title: t("export.part.by"), cell: (part) => html`<${PartyName} id=${part.used_by} />` },
    { key: "value", title: t("export.part.value"), numeric: true, value: (part) => money(part.value) },
    { key: "prices", title: t("export.part.prices"), value: (part) => part.prices.map((price) => `${price.invoice}: ${price.amount} ${price.currency}`).join("; "), cell: (part) => (part.prices.length ? part.prices.map((price) => html`<div key=${price.invoice}>${price.invoice} <${EntryLink} index=${price.index} /> ${price.amount} ${price.currency}${price.rate && price.currency !== "CNY" ? ` × ${price.rate} (${price.rate_source})` : ""}</div>`) : part.missing ? html`<${Badge} tone="warn">${t(`export.missing.${part.missing}`)}<//>` : "–") },
    { key: "index", title: t("regulator.alerts.entry_short"), numeric: true, cell: (part) => html`<${EntryLink} index=${part.index} />` },
  ];
  return html`<${Section} title=${t("export.content.title")}>
    <p><${Badge} tone=${VERDICTS[content.verdict]}>${t(`export.verdict.${content.verdict}`)}<//> ${t("export.content.sentence", { share: percent(content.share), least: percent({ least: content.least, most: content.least }) })}</p>
    <${Facts} rows=${[
      [t("export.content.chinese"), money(content.chinese_cny)],
      [t("export.content.value"), money(content.value_cny)],
      content.missing.length > 0 && [t("rules.evidence.missing"), html`<ul>${content.missing.map((each) => html`<li key=${each.lot}>${t(`export.missing.${each.what}`)}: <${ThingLink} id=${each.lot} /></li>`)}</ul>`],
    ].filter(Boolean)} />
    <${Table} caption=${t("export.content.parts")} columns=${columns} rows=${content.parts} rowKey=${(part) => `${part.lot} ${part.used_by} ${part.depth}`} csv="chinese-content.csv" />
  <//>`;
}
