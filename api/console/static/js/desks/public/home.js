// What this log is, for anybody: its key and newest checkpoint, how to check it, what is published, what is in force.
import { get, getText } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Copyable, Facts, Figure, Loaded, Page, Section, useLoad } from "../../core/ui.js";
import { NewestActs } from "./acts.js";
import { PolicyInForce } from "./policy.js";
import { NewestStatistics } from "./statistics.js";

export const areas = ["public", "statistics", "rules", "acts"];

export default function Home() {
  const log = useLoad(async (signal) => ({
    ...(await get("/v1/log", undefined, { signal })),
    checkpoint: await getText("/checkpoint", undefined, { signal }),
  }));
  return html`<${Page} title=${t("public.title")} lead=${t("public.lead")}>
    <${Loaded} from=${log}>${(value) => html`<${Log} ...${value} />`}<//>
    <${NewestStatistics} />
    <div class="columns"><${NewestActs} /><${PolicyInForce} /></div>
  <//>`;
}

const Log = ({ origin, vkeys, size, root, checkpoint }) => html`<div class="stats">
    <${Figure} label=${t("public.entries")}>${count(size)}<//>
    ${["sign", "prove", "keep"].map((each) => html`<div key=${each} class="stat"><strong>${t(`public.how_${each}`)}</strong><div class="stat-label">${t(`public.how_${each}_text`)}</div></div>`)}
  </div>
  <div class="columns">
    <${Section} title=${t("public.log")}>
      <${Facts} rows=${[
        [t("public.origin"), html`<code>${origin}</code>`],
        [t("public.key"), vkeys.map((key) => html`<div key=${key}><${Copyable} text=${key}>${key}<//></div>`)],
        [t("public.root"), html`<${Copyable} text=${root} />`],
      ]} />
      <h3>${t("public.checkpoint")}</h3><p class="quiet">${t("public.checkpoint_means")}</p><pre tabindex="0">${checkpoint}</pre>
    <//>
    <${Section} title=${t("public.check")}>
      <p>${t("public.check_text")}</p>
      <p class="actions"><a role="button" href="/console/auditor">${t("public.check_here")}</a><a role="button" class="secondary outline" href="/console/verify">${t("common.nav.verify")}</a></p>
      <p>${t("public.check_outside")}</p>
      <${Command} text=${`reledger audit ${location.origin} --log-key ${vkeys[0]}`} />
      <p>${t("public.check_without")}</p>
      <${Command} text=${`python3 run.py audit ${location.origin} --log-key ${vkeys[0]}`} />
      <p class="quiet">${t("public.check_key")}</p>
    <//>
  </div>`;

const Command = ({ text }) => html`<div class="command"><${Copyable} text=${text}>${text}<//></div>`;
