"""publish-statistics: how export licences were decided over a period, as the books say it.

Decides: that exactly what the books say is published, and each span of time once. Anyone who may read the
acts can count again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.oversight import StatisticsRecord
from ledger.records.policy import Policy
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import (
    Checked,
    Each,
    Fault,
    Integer,
    Members,
    MemberSchema,
    OneOf,
    StrictField,
    refuse,
)
from ledger.statements.acts.licence_figures import count_licences, is_period, period_us
from ledger.statements.acts.licences import REFUSAL_REASONS
from ledger.statements.acts.members import REGULATORS, Code, DecimalText, policy_in_force
from ledger.statements.registers import Facts, Names

EXPORT_LICENCES: Final = "export-licences"
NAMES: Final = (EXPORT_LICENCES,)
_MOST_ROWS: Final = 300


class ByReason(StrictField):
    """An object of counts above 0 by class of reason."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, int]:
        if not isinstance(value, Mapping):
            raise refuse("schema.type", "an object of counts by reason is needed")
        unknown = sorted(set(value) - set(REFUSAL_REASONS))
        if unknown:
            detail = f"{unknown[0]!r} is no class of reason"
            raise ValidationError({unknown[0]: [Fault("schema.value", detail)]})
        count = Integer(least=1)
        return {str(reason): int(count.deserialize(number) or 0) for reason, number in value.items()}


class DecisionsSchema(MemberSchema):
    """What was decided; the days are left out where nothing was, the tonnes where they may not be shown."""

    granted = Integer(required=True)
    refused = Integer(required=True)
    median_days = DecimalText()
    percentile_90_days = Integer()
    tonnes = DecimalText()

    @validates_schema
    def _days_of_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        for name in ("median_days", "percentile_90_days"):
            if (name in data) != (data["granted"] + data["refused"] > 0):
                raise ValidationError(
                    [Fault("schema.value", "days are stated exactly where something was decided")], name
                )


class RowSchema(DecisionsSchema):
    """One row of a table."""

    key = Code(required=True)


class FiguresSchema(DecisionsSchema):
    """The figures of a period."""

    applications = Integer(required=True)
    pending = Integer(required=True)
    overdue = Integer(required=True)
    by_reason = ByReason(required=True)
    by_destination = Each(Members(RowSchema), most=_MOST_ROWS, required=True)
    by_element = Each(Members(RowSchema), most=_MOST_ROWS, required=True)


class PublishStatisticsSchema(MemberSchema):
    """What is counted, over which year (2026), quarter (2026-Q3) or month (2026-11)."""

    statistics = OneOf(NAMES, required=True)
    period = Checked(is_period, "year, quarter or month like 2026, 2026-Q3, 2026-11", required=True)
    figures = Members(FiguresSchema, required=True)


@dataclass(frozen=True)
class PublishStatistics(Act):
    """Publishes figures that are exactly what the books say at this entry."""

    name: ClassVar[str] = "publish-statistics"
    schema: ClassVar[type[MemberSchema]] = PublishStatisticsSchema
    signers: ClassVar[tuple[str, ...]] = REGULATORS

    statistics: str
    period: str
    figures: Mapping[str, Any]

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        policy = policy_in_force(facts)
        start_us, end_us = period_us(self.period, policy)
        if context.recorded_at_us < end_us:
            return [
                Finding("statistics.period", "the period has not ended", "/period", "Publish it once it has.")
            ]
        last = last_published(facts.books, self.statistics, policy)
        if last is not None and start_us != period_us(last, policy)[1]:
            return [
                Finding(
                    "statistics.sequence",
                    f"{last} was published last, and the next period begins where it ends",
                    "/period",
                    "Publish every span of time once, without a gap: what is hidden in one table must not "
                    "follow from another.",
                    {"last": last},
                )
            ]
        counted = count_licences(facts.books, policy, start_us, end_us)
        stated = _plain(self.figures)
        return [
            Finding(
                "statistics.figures",
                f"the books say {counted.get(name, 'nothing')}",
                f"/figures/{name}",
                "State the figures as the books have them.",
                {"counted": counted.get(name)},
            )
            for name in sorted({*counted, *stated})
            if counted.get(name) != stated.get(name)
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(StatisticsRecord(self.statistics, self.period, context.index, _plain(self.figures)))


def last_published(books: Books, name: str, policy: Policy) -> str | None:
    """The period of these statistics that ends last, of those that were published."""
    periods = [record.period for record in books.group(StatisticsRecord, "name", name)]
    return max(periods, key=lambda period: period_us(period, policy)[1], default=None)


def draft_statistics(books: Books, policy: Policy, period: str) -> dict[str, Any]:
    """The act that publishes a period, as the books have it now."""
    return {
        "act": PublishStatistics.name,
        "statistics": EXPORT_LICENCES,
        "period": period,
        "figures": count_licences(books, policy, *period_us(period, policy)),
    }


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as they are in JSON: arrays as lists."""
    return {
        name: [dict(row) for row in value] if isinstance(value, tuple | list) else value
        for name, value in figures.items()
    }
