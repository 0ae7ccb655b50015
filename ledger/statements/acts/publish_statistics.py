"""publish-statistics: how export licences were decided over a period, as the books say it.

Decides: that exactly what the books say is published, each span of time once, and the applications of each
span in one pair of tables. Anyone who may read the acts can count again.
"""

from collections.abc import Iterable, Mapping
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
from ledger.statements.acts.licence_figures import count_licences, tabulate_applications
from ledger.statements.acts.licences import REFUSAL_REASONS
from ledger.statements.acts.members import REGULATORS, Code, DecimalText, policy_in_force
from ledger.statements.acts.publication_periods import is_period, period_after, period_us, tables_period
from ledger.statements.registers import Facts, Names

EXPORT_LICENCES: Final = "export-licences"
NAMES: Final = (EXPORT_LICENCES,)
PERIODS: Final = (
    "year, quarter, month or span of 28 days and more, like 2026, 2026-Q3, 2026-11, <start>/<end>"
)
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


class CountsSchema(MemberSchema):
    """What every row has: no days where nothing was decided, no tonnes where they may not be shown."""

    applications = Integer(required=True)
    granted = Integer(required=True)
    refused = Integer(required=True)
    by_reason = ByReason(required=True)
    pending = Integer(required=True)
    overdue = Integer(required=True)
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


class RowSchema(CountsSchema):
    """One row of a table."""

    key = Code(required=True)


class FiguresSchema(CountsSchema):
    """The figures of a period, and the tables of the applications that were filed in one."""

    filed = Checked(is_period, PERIODS)
    by_destination = Each(Members(RowSchema), most=_MOST_ROWS)
    by_element = Each(Members(RowSchema), most=_MOST_ROWS)


class PublishStatisticsSchema(MemberSchema):
    """What is counted, over which period."""

    statistics = OneOf(NAMES, required=True)
    period = Checked(is_period, PERIODS, required=True)
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
        _, end_us = period_us(self.period, policy)
        if context.recorded_at_us < end_us:
            return [
                Finding("statistics.period", "the period has not ended", "/period", "Publish it once it has.")
            ]
        filed = self.figures.get("filed")
        if filed is not None and end_us < period_us(filed, policy)[1]:
            return [
                Finding(
                    "statistics.period",
                    "the period of the tables ends after that of the totals",
                    "/figures/filed",
                    "Tabulate applications of a period that had ended by then.",
                )
            ]
        published = facts.books.group(StatisticsRecord, "name", self.statistics)
        return (
            _out_of_sequence(self.period, last_published(published, policy), policy, "/period")
            or _out_of_sequence(filed, last_tabulated(published, policy), policy, "/figures/filed")
            or self._wrong_figures(figures_of(facts.books, policy, self.period, filed))
        )

    def _wrong_figures(self, counted: Mapping[str, Any]) -> list[Finding]:
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


def last_published(published: Iterable[StatisticsRecord], policy: Policy) -> str | None:
    """The period of these statistics that ends last, of those that were published."""
    return _latest((record.period for record in published), policy)


def last_tabulated(published: Iterable[StatisticsRecord], policy: Policy) -> str | None:
    """The period that ends last, of those whose applications are in published tables."""
    periods = (record.figures.get("filed") for record in published)
    return _latest((period for period in periods if period is not None), policy)


def figures_of(books: Books, policy: Policy, period: str, filed: str | None) -> dict[str, Any]:
    """What the books have to be published: a period's totals, and the tables of what was filed in one."""
    start_us, end_us = period_us(period, policy)
    figures = count_licences(books, policy, start_us, end_us)
    if filed is not None:
        tables = tabulate_applications(books, policy, *period_us(filed, policy), at_us=end_us)
        figures |= {"filed": filed, **tables}
    return figures


def draft_statistics(books: Books, policy: Policy, period: str, filed: str | None = None) -> dict[str, Any]:
    """The act that publishes a period, as the books have it now.

    Args:
        books: They have every licence.
        policy: In force.
        period: Of the totals.
        filed: Of the applications in the tables. None: that which follows the last one, or else the one of
            ``tables_period``; no tables where it has not ended three months before the period does.
    """
    return {
        "act": PublishStatistics.name,
        "statistics": EXPORT_LICENCES,
        "period": period,
        "figures": figures_of(books, policy, period, filed or _next_tables(books, policy, period)),
    }


def _next_tables(books: Books, policy: Policy, period: str) -> str | None:
    last = last_tabulated(books.group(StatisticsRecord, "name", EXPORT_LICENCES), policy)
    usual = tables_period(period)
    filed = usual if last is None else period_after(last, policy)
    if filed is None or usual is None or period_us(usual, policy)[1] < period_us(filed, policy)[1]:
        return None
    return filed


def _latest(periods: Iterable[str], policy: Policy) -> str | None:
    return max(periods, key=lambda period: period_us(period, policy)[1], default=None)


def _out_of_sequence(period: str | None, last: str | None, policy: Policy, pointer: str) -> list[Finding]:
    if period is None or last is None or period_us(period, policy)[0] == period_us(last, policy)[1]:
        return []
    return [
        Finding(
            "statistics.sequence",
            f"{last} was published last, and the next period begins where it ends",
            pointer,
            "Publish every span of time once, without a gap: what is hidden in one table must not "
            "follow from another.",
            {"last": last},
        )
    ]


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as they are in JSON: arrays as lists."""
    return {
        name: [dict(row) for row in value] if isinstance(value, tuple | list) else value
        for name, value in figures.items()
    }
