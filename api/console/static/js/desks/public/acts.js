// The newest acts that everybody may read, as they were signed.
import { all, get } from "../../core/api.js";
import { fromBase64url, fromUtf8 } from "../../core/bytes.js";
import { html } from "../../core/html.js";
import { has, t } from "../../core/i18n.js";
import { EntryLink, Loaded, PartyName, Section, SiteName, Table, Time, useLoad } from "../../core/ui.js";

const WANTED = 12;
const MOST = 1000;

/** What a signed act says; {} where its bytes were erased. */
export function payloadOf(jws) {
  return jws ? JSON.parse(fromUtf8(fromBase64url(jws.split(".")[1]))) : {};
}

/** Public acts stand anywhere in the log: it is looked at from its end, in stretches that grow. */
async function newest(signal) {
  const { size } = await get("/v1/log", undefined, { signal });
  for (let back = 1000; ; back *= 10) {
    const start = Math.max(0, size - back);
    const acts = await all("/v1/acts", "acts", { start, limit: 1000 }, { signal, most: MOST });
    if (acts.length >= WANTED || start === 0) return acts.slice(-WANTED).reverse().map((act) => ({ ...act, said: payloadOf(act.jws) }));
  }
}

/** An act's name in the reader's language. */
const nameOf = ({ act }) => (has(`acts.name.${act}`) ? t(`acts.name.${act}`) : (act ?? "–"));

function About({ said }) {
  if (said.site) return html`<${SiteName} id=${said.site} />`;
  if (said.party) return html`<${PartyName} id=${said.party} />`;
  return said.control_list ?? said.period ?? "–";
}

/** The panel of the newest public acts. */
export function NewestActs() {
  const acts = useLoad(newest);
  const columns = [
    { key: "act", title: t("acts.act"), value: ({ said }) => nameOf(said) },
    { key: "about", title: t("public.about"), value: ({ said }) => said.site ?? said.party ?? said.control_list ?? said.period, cell: ({ said }) => html`<${About} said=${said} />` },
    { key: "recorded_at", title: t("acts.recorded_at"), cell: (act) => html`<${Time} at=${act.recorded_at} />` },
    { key: "index", title: t("acts.entry"), numeric: true, cell: (act) => html`<${EntryLink} index=${act.index} />` },
  ];
  return html`<${Section} title=${t("public.acts")}>
    <p class="quiet">${t("public.acts_means")}</p>
    <${Loaded} from=${acts} empty=${(list) => !list.length} emptyText=${t("public.acts_none")}>${(list) => html`<${Table} caption=${t("public.acts")} columns=${columns} rows=${list} rowKey=${(act) => act.index} csv="acts.csv" />`}<//>
  <//>`;
}
