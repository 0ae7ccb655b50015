// The queue of applications in figures: how many wait, how long their clocks have run, how soon they are due.
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Figure, Section } from "../../core/ui.js";
import { Bars, Twin } from "../../pictures/bars.js";

const BANDS = [[0, 15], [16, 30], [31, 45]];
const SOON = 10;

/** Applications by the working days that their clock has run: [{key, label, value, tone}]. */
export function bandsOf(waiting) {
  const running = waiting.filter((each) => !each.stopped && !each.overdue);
  const bands = BANDS.map(([first, last]) => ({
    key: `${first}-${last}`,
    label: t("regulator.queue.band", { first, last }),
    value: running.filter((each) => each.working_days_open >= first && each.working_days_open <= last).length,
    tone: last === 45 ? "warn" : "",
  }));
  const apart = (key, tone, list) => ({ key, label: t(`regulator.queue.band_${key}`), value: list.length, tone });
  const overdue = waiting.filter((each) => each.overdue);
  return [...bands, apart("overdue", "bad", overdue), apart("stopped", "rest", waiting.filter((each) => each.stopped && !each.overdue))];
}

/** The figures above the list of waiting applications. */
export function QueueFigures({ waiting }) {
  const rows = bandsOf(waiting);
  const soon = waiting.filter((each) => !each.overdue && !each.stopped && each.working_days_left <= SOON).length;
  const value = (key) => rows.find((row) => row.key === key).value;
  return html`<div class="stats small-stats">
      <${Figure} label=${t("regulator.queue.waiting")}>${count(waiting.length)}<//>
      <${Figure} label=${t("regulator.queue.overdue")} tone=${value("overdue") ? "bad" : "good"}>${count(value("overdue"))}<//>
      <${Figure} label=${t("regulator.queue.soon", { days: SOON })} tone=${soon ? "warn" : "good"}>${count(soon)}<//>
      <${Figure} label=${t("regulator.queue.stopped")}>${count(value("stopped"))}<//>
    </div>
    <${Section} title=${t("regulator.queue.title")}>
      <${Bars} label=${t("regulator.queue.title")} rows=${rows.map((row) => ({ ...row, shown: count(row.value) }))} />
      <${Twin} caption=${t("regulator.queue.title")} csv="queue.csv" rows=${rows} rowKey=${(row) => row.key} columns=${[
        { key: "label", title: t("regulator.queue.days_run") },
        { key: "value", title: t("regulator.queue.applications"), numeric: true },
      ]} />
    <//>`;
}
