// What this log is, for anybody: its key, its newest checkpoint, how to check it.
import { get, getText } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Copyable, Facts, Figure, Loaded, Page, Section, useLoad } from "../../core/ui.js";

export const areas = ["public"];

export default function Home() {
  const log = useLoad(async (signal) => ({
    ...(await get("/v1/log", undefined, { signal })),
    checkpoint: await getText("/checkpoint", undefined, { signal }),
  }));
  return html`<${Page} title=${t("public.title")} lead=${t("public.lead")}>
    <${Loaded} from=${log}>${({ origin, vkeys, size, root, checkpoint }) => html`
      <div class="stats"><${Figure} label=${t("public.entries")}>${count(size)}<//></div>
      <${Section} title=${t("public.log")}>
        <${Facts} rows=${[
          [t("public.origin"), html`<code>${origin}</code>`],
          [t("public.key"), vkeys.map((key) => html`<div key=${key}><${Copyable} text=${key}>${key}<//></div>`)],
          [t("public.root"), html`<${Copyable} text=${root} />`],
        ]} />
        <h3>${t("public.checkpoint")}</h3><pre>${checkpoint}</pre>
      <//>`}<//>
  <//>`;
}
