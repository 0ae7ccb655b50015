"""What published statistics and the figures on the offices look like."""

from marshmallow import fields

from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text


class StatisticsRowSchema(StrictSchema):
    """One published row; null where it has no such figure."""

    statistics = Text("export-licences.")
    period = Text("2026, 2026-Q3, 2026-11 or <start>/<end>.")
    entry_index = Number("The entry that published it.")
    table = Text("total, reason; destination, element, and each of these with -reason.")
    filed = Text("When the applications of a table were filed; null for totals.", allow_none=True)
    key = Text(
        "The country, element or class of reason, or both with a blank between; several, unstated, other; "
        "empty for the total."
    )
    applications = Number("Filed in the period, or in filed.", allow_none=True)
    granted = Number("Granted in the period; of a table, by its end.", allow_none=True)
    refused = Number("Refused likewise.", allow_none=True)
    pending = Number("Undecided at the end of the period.", allow_none=True)
    overdue = Number("Of these beyond their 45 working days.", allow_none=True)
    median_days = Text("From application to decision, as a decimal.", allow_none=True)
    percentile_90_days = Number("Days that nine tenths did not exceed.", allow_none=True)
    tonnes = Text("Gross mass granted, as a decimal; null where it is not shown.", allow_none=True)


class StatisticsTablesSchema(StrictSchema):
    """Published rows."""

    rows = ListOf(fields.Nested(StatisticsRowSchema), "By period; the total first.")


class DraftSchema(StrictSchema):
    """The next publication."""

    period = Text("Which period.")
    ends = Moment("When it ends.")
    act = Object("The act, ready to be signed; null while the period has not ended.", allow_none=True)


class OfficeDecisionsSchema(StrictSchema):
    """What one office decided on licences."""

    office = Text("The party that signed the decisions.")
    granted = Number("Applications granted.")
    refused = Number("Applications refused.")
    late = Number("Decided after 45 working days.")
    median_days = Text("From application to decision, as a decimal; null.", allow_none=True)
    percentile_90_days = Number("Days that nine tenths did not exceed; null.", allow_none=True)


class DeviationSchema(StrictSchema):
    """A decision that departs from the policy."""

    entry_index = Number("The decision.")
    office = Text("Who signed it.")
    decided = Moment("When.")
    kinds = ListOf(fields.String(), "late, restricted-party, open-case.")


class OfficeCasesSchema(StrictSchema):
    """What one office did with cases."""

    office = Text("The office.")
    opened = Number("Cases that it opened.")
    still_open = Number("Of these still open.")
    reopening = Number("Of these stated to take up a closed case.")
    taken_up_again = Number("Of these stated so, or about a party or lot of a case closed before.")
    closed = Number("Cases that it closed.")
    confirmed = Number("Of these confirmed.")
    unfounded = Number("Of these unfounded.")
    settled = Number("Of these settled.")
    median_days = Text("From opening to closing, as a decimal; null.", allow_none=True)
    percentile_90_days = Number("Days that nine tenths did not exceed; null.", allow_none=True)


class AgainSchema(StrictSchema):
    """A case that takes up what a closed case had been about."""

    office = Text("Who opened it.")
    opened_at = Number("The entry.")
    reopens = Text("The closed case that it says it takes up; null.", allow_none=True)


class RuleAlertsSchema(StrictSchema):
    """Open alerts of one rule."""

    code = Text("The rule.")
    open = Number("Open alerts.")
    in_case = Number("Of these taken up in a case.")
    ignored = Number("Of these in no case and open for longer than ignored_after_days.")


class DaysSchema(StrictSchema):
    """How many days something took."""

    median_days = Text("As a decimal; null where there is none.", allow_none=True)
    percentile_90_days = Number("Days that nine tenths did not exceed; null.", allow_none=True)


class OversightMonthSchema(StrictSchema):
    """One month, all offices together."""

    month = Text("2026-11.")
    decided = Number("Decisions on licences.")
    days_to_decide = fields.Nested(DaysSchema)
    deviating = Number("Decisions that depart from the policy in any way.")
    late = Number("Of these after 45 working days.")
    restricted_party = Number("Of these granted for a restricted party.")
    open_case = Number("Of these granted while a case was open.")
    opened = Number("Cases opened.")
    closed = Number("Cases closed.")
    days_to_close = fields.Nested(DaysSchema)
    reopening = Number("Cases opened that say they take up a closed one.")
    taken_up_again = Number("Cases opened so, or about a party or lot of a case closed before.")


class ChangeSchema(StrictSchema):
    """One member of the policy that changed."""

    member = Text("Its place.")
    before = Text("JSON text; null where it was not stated.", allow_none=True)
    after = Text("JSON text; null where it is not stated.", allow_none=True)


class PolicyEffectSchema(StrictSchema):
    """One policy, and what happened under it."""

    index = Number("The entry that set it.")
    office = Text("Who signed it.")
    recorded = Moment("When.")
    changed = ListOf(fields.Nested(ChangeSchema), "What differs from the policy before.")
    entries = Number("Entries recorded under it, itself included.")
    refused = Object("Refused statements, by rule.")
    noticed = Object("Alerts opened, by rule.")


class OversightSchema(StrictSchema):
    """The offices, one by one."""

    queue = Object("Pending applications by working days run, and those overdue or stopped.")
    decisions = ListOf(fields.Nested(OfficeDecisionsSchema), "By office.")
    deviations = ListOf(fields.Nested(DeviationSchema), "In order of the log.")
    cases = ListOf(fields.Nested(OfficeCasesSchema), "By office.")
    taken_up_again = ListOf(fields.Nested(AgainSchema), "In order of the log.")
    alerts = ListOf(fields.Nested(RuleAlertsSchema), "Most ignored first.")
    ignored_after_days = Number("From how many days on an alert without a case is ignored.")
    months = ListOf(fields.Nested(OversightMonthSchema), "Every month in which something was done.")
    policies = ListOf(fields.Nested(PolicyEffectSchema), "In order of the log.")


class PolicySumsSchema(StrictSchema):
    """One policy, and how much happened under it."""

    index = Number("The entry that set it.")
    changed = ListOf(fields.String(), "The members that differ from the policy before.")
    entries = Number("Entries recorded under it, itself included.")
    refused = Number("Findings that refused statements.")
    noticed = Number("Alerts opened.")


class OversightSummarySchema(StrictSchema):
    """All offices together."""

    months = ListOf(fields.Nested(OversightMonthSchema), "Months that have ended.")
    alerts_open = Number("Open alerts.")
    alerts_ignored = Number("Of these in no case and open for longer than ignored_after_days.")
    ignored_after_days = Number("From how many days on an alert without a case is ignored.")
    policy_changes = Number("How often the policy was changed.")
    policies = ListOf(fields.Nested(PolicySumsSchema), "As counted with the months.")
