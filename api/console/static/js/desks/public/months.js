// Decisions and cases of all offices by month: a picture, and the table that says the same.
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Twin } from "../../pictures/bars.js";
import { Columns } from "../../pictures/columns.js";

const SERIES = [["decided", "series-1"], ["late", "warn"], ["opened", "series-2"], ["closed", "good"]];
const ALL = ["decided", "deviating", "late", "restricted_party", "open_case", "opened", "closed", "reopening", "taken_up_again"];
const DAYS = ["days_to_decide", "days_to_close"];

/** Needs area `statistics`. */
export const Months = ({ months }) => html`
  <${Columns} label=${t("statistics.months")} series=${SERIES.map(([name, tone]) => ({ name: t(`statistics.month_${name}`), tone }))}
    groups=${months.map((each) => ({ key: each.month, label: each.month, values: SERIES.map(([name]) => each[name]) }))} />
  <${Twin} caption=${t("statistics.months")} csv="offices-by-month.csv" rows=${months} rowKey=${(each) => each.month} columns=${[
    { key: "month", title: t("statistics.month") },
    ...ALL.map((name) => ({ key: name, title: t(`statistics.month_${name}`), numeric: true })),
    ...DAYS.map((name) => ({ key: name, title: t(`statistics.month_${name}`), numeric: true, value: (each) => each[name].median_days })),
  ]} />`;
