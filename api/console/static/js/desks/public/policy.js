// The policy in force, for a lay reader: what is refused, what opens an alert, by when firms must file.
import { get } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, EntryLink, Facts, Loaded, Section, Table, useLoad } from "../../core/ui.js";
import { ruleMeaning, ruleTitle } from "../../parts/rules.js";

const TONES = { reject: "bad", flag: "warn", off: "" };

/** The panel of the policy in force. */
export function PolicyInForce() {
  const policy = useLoad((signal) => get("/v1/policy", undefined, { signal }));
  return html`<${Section} title=${t("public.policy")}>
    <p class="quiet">${t("public.policy_means")}</p>
    <${Loaded} from=${policy}>${(value) => html`<${Facts} rows=${factsOf(value)} />
      <details><summary>${t("public.rules", { n: count(value.rules.length) })}</summary><${Rules} rules=${value.rules} /></details>`}<//>
  <//>`;
}

function factsOf(policy) {
  const many = (action) => policy.rules.filter((rule) => rule.action === action).length;
  return [
    [t("public.stated_in"), html`<${EntryLink} index=${policy.index} />`],
    [t("public.action_reject"), t("public.rules", { n: count(many("reject")) })],
    [t("public.action_flag"), t("public.rules", { n: count(many("flag")) })],
    many("off") > 0 && [t("public.action_off"), t("public.rules", { n: count(many("off")) })],
    [t("public.filing"), t("public.filing_day", { day: policy.filing_day, zone: policy.zone })],
    [t("public.basis"), t(`public.basis_${policy.quota_basis}`)],
    [t("public.tolling"), t(`public.tolling_${policy.tolling}`)],
    [t("public.retention"), t("public.days", { n: count(policy.retention_days) })],
    [t("public.confirmations"), policy.confirmations.length ? policy.confirmations.map((act) => t(`acts.name.${act}`)).join(" · ") : t("common.none")],
  ];
}

function Rules({ rules }) {
  const columns = [
    { key: "code", title: t("public.rule"), value: (rule) => ruleTitle(rule.code), cell: (rule) => html`<strong>${ruleTitle(rule.code)}</strong><div class="quiet">${ruleMeaning(rule.code)}</div>` },
    { key: "action", title: t("public.action"), value: (rule) => t(`public.action_${rule.action}`), cell: (rule) => html`<${Badge} tone=${TONES[rule.action]}>${t(`public.action_${rule.action}`)}<//>` },
    { key: "told", title: t("public.told"), value: (rule) => t(rule.told ? "common.yes" : "common.no") },
  ];
  return html`<${Table} caption=${t("public.policy")} columns=${columns} rows=${rules} rowKey=${(rule) => rule.code} csv="rules.csv" />`;
}
