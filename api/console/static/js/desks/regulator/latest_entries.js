// The newest entries of the log, as far as this reader may see into them.
import { get } from "../../core/api.js";
import { html } from "../../core/html.js";
import { has, t, term } from "../../core/i18n.js";
import { Badge, EntryLink, Loaded, Section, Table, Time, useLoad } from "../../core/ui.js";
import { FirmLink } from "../../parts/links.js";

const SHOWN = 10;

async function load(signal) {
  const { size } = await get("/v1/log", undefined, { signal });
  const { entries } = await get("/v1/log/entries", { start: Math.max(0, size - SHOWN), end: size }, { signal });
  const into = (index) => get(`/v1/entries/${index}`, undefined, { signal }).catch(() => ({}));
  return Promise.all(entries.reverse().map(async ({ index, entry }) => ({ ...JSON.parse(entry), ...(await into(index)) })));
}

/** What an entry recorded, in words. */
export function whatIs({ act, movements, public: open }) {
  if (act) return has(`acts.name.${act}`) ? t(`acts.name.${act}`) : act;
  const kinds = [...new Set((movements ?? []).map((each) => each.kind))];
  return kinds.length ? kinds.map((kind) => term("movement", kind)).join(", ") : t(open ? "regulator.entries.open" : "regulator.entries.closed");
}

/** The panel of the newest entries. */
export function LatestEntries() {
  const entries = useLoad(load);
  const columns = [
    { key: "index", title: t("regulator.entries.index"), numeric: true, cell: (entry) => html`<${EntryLink} index=${entry.index} />` },
    { key: "recorded_at", title: t("regulator.entries.recorded"), cell: (entry) => html`<${Time} at=${entry.recorded_at} />` },
    { key: "what", title: t("regulator.entries.what"), value: whatIs },
    { key: "issuer", title: t("regulator.entries.issuer"), cell: (entry) => html`<${FirmLink} id=${entry.issuer} />` },
    { key: "alerts", title: t("common.nav.alerts"), value: (entry) => (entry.alerts ?? []).length, cell: (entry) => ((entry.alerts ?? []).length ? html`<${Badge} tone="warn">${(entry.alerts ?? []).length}<//>` : "–") },
  ];
  return html`<${Section} title=${t("regulator.entries.title")} tools=${html`<a href="/console/entries">${t("common.nav.entries")}</a>`}>
    <${Loaded} from=${entries}>${(rows) => html`<${Table} caption=${t("regulator.entries.title")} columns=${columns} rows=${rows} rowKey=${(entry) => entry.index} />`}<//>
  <//>`;
}
