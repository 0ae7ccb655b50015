"""publish-statistics: how export licences were decided over a period, as the books say it.

Decides: what each figure counts. Anyone who may read the acts can count again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord, StatisticsRecord
from ledger.records.periods import month_after, month_start_us
from ledger.records.policy import Policy
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Checked, Fault, Integer, Members, MemberSchema, OneOf
from ledger.statements.acts.licences import stopped_us
from ledger.statements.acts.members import REGULATORS, DecimalText, policy_in_force
from ledger.statements.acts.standing import DAY_US
from ledger.statements.registers import Facts, Names

NAMES: Final = ("export-licences",)
STATES: Final = ("applied", "granted", "refused", "suspended", "revoked")
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_TONNE_MG = 10**9


def _is_period(text: str) -> bool:
    return _PERIOD.fullmatch(text) is not None and 1970 <= int(text[:4]) <= 2200


class FiguresSchema(MemberSchema):
    """The figures; ``median_days`` is left out where nothing was decided."""

    applications = Integer(required=True)
    granted = Integer(required=True)
    refused = Integer(required=True)
    pending = Integer(required=True)
    overdue = Integer(required=True)
    median_days = DecimalText()
    tonnes = DecimalText(required=True)

    @validates_schema
    def _median_of_something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("median_days" in data) != (data["granted"] + data["refused"] > 0):
            raise ValidationError(
                [Fault("schema.value", "a median is stated exactly where something was decided")],
                "median_days",
            )


class PublishStatisticsSchema(MemberSchema):
    """What is counted, over which year (2026), quarter (2026-Q3) or month (2026-11)."""

    statistics = OneOf(NAMES, required=True)
    period = Checked(_is_period, "year, quarter or month like 2026, 2026-Q3, 2026-11", required=True)
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
        start_us, end_us = period_us(self.period, policy_in_force(facts))
        if context.recorded_at_us < end_us:
            return [
                Finding("statistics.period", "the period has not ended", "/period", "Publish it once it has.")
            ]
        counted = count_licences(facts.books, start_us, end_us)
        return [
            Finding(
                "statistics.figures",
                f"the books say {counted.get(name, 'nothing')}",
                f"/figures/{name}",
                "State the figures as the books have them.",
                {"counted": counted.get(name)},
            )
            for name in sorted({*counted, *self.figures})
            if counted.get(name) != self.figures.get(name)
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(StatisticsRecord(self.statistics, self.period, context.index, dict(self.figures)))


def period_us(period: str, policy: Policy) -> tuple[int, int]:
    """When a period begins and ends in the authority's zone: [start, end)."""
    match = _PERIOD.fullmatch(period)
    assert match is not None
    quarter, month = match["quarter"], match["month"]
    months = 1 if month else 3 if quarter else 12
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    start = f"{match['year']}-{first:02d}"
    return month_start_us(start, policy), month_start_us(month_after(start, months), policy)


def count_licences(books: Books, start_us: int, end_us: int) -> dict[str, Any]:
    """The figures over [start, end).

    ``applications`` were made in it; ``granted`` and ``refused`` were decided in it, whatever became of a
    grant later; ``pending`` waited for a decision at its end, ``overdue`` of these beyond what is now their
    due time. ``median_days`` is the median of whole days from application to decision without the time for
    which the clock stood; ``tonnes`` is the gross mass that was granted.
    """
    licences = [licence for state in STATES for licence in books.group(LicenceRecord, "state", state)]
    decided = [
        licence
        for licence in licences
        if licence.decided_us is not None and start_us <= licence.decided_us < end_us
    ]
    granted = [licence for licence in decided if licence.state != "refused"]
    pending = [
        licence
        for licence in licences
        if licence.applied_us < end_us and (licence.decided_us is None or licence.decided_us >= end_us)
    ]
    figures: dict[str, Any] = {
        "applications": sum(start_us <= licence.applied_us < end_us for licence in licences),
        "granted": len(granted),
        "refused": len(decided) - len(granted),
        "pending": len(pending),
        "overdue": sum(licence.due_us is not None and licence.due_us <= end_us for licence in pending),
        "tonnes": decimal_text(sum(licence.quantity_mg for licence in granted), _TONNE_MG),
    }
    if decided:
        days = sorted(map(_days, decided))
        middle = days[(len(days) - 1) // 2] + days[len(days) // 2]
        figures["median_days"] = decimal_text(middle, 2)
    return figures


def decimal_text(number: int, divisor: int) -> str:
    """number / divisor as decimal text without needless zeros; the divisor has only the factors 2 and 5."""
    text = format(Decimal(number) / Decimal(divisor), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _days(licence: LicenceRecord) -> int:
    assert licence.decided_us is not None
    taken_us = licence.decided_us - licence.applied_us - stopped_us(licence.clock, licence.decided_us)
    return taken_us // DAY_US
