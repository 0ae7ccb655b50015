"""The figures on export licences: what each of them counts, over which period.

Decides: the meaning of every published figure (docs/statistics.md says the same in words). Which cells may be
shown is ``ledger.records.suppression``'s to decide.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ledger.materials.catalogue import Catalogue
from ledger.materials.hs_codes import hs_codes
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord
from ledger.records.periods import DAY_US, month_after, month_start_us
from ledger.records.policy import Policy
from ledger.records.suppression import Contribution, is_safe, partition
from ledger.statements.acts.licences import decision_clock, stopped_us

STATES: Final = ("applied", "granted", "refused", "suspended", "revoked")
OTHER: Final = "other"
"""The row of everything that is not shown by itself."""
SEVERAL: Final = "several"
"""The row of licences for several destinations, or for goods of several elements."""
UNSTATED: Final = "unstated"
"""The row of licences whose items name no element."""
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_TONNE_MG = 10**9


def is_period(text: str) -> bool:
    """Whether a text is a year (2026), a quarter (2026-Q3) or a month (2026-11)."""
    return _PERIOD.fullmatch(text) is not None and 1970 <= int(text[:4]) <= 2200


def period_us(period: str, policy: Policy) -> tuple[int, int]:
    """When a period begins and ends in the authority's zone: [start, end)."""
    start, months = _months(period)
    return month_start_us(start, policy), month_start_us(month_after(start, months), policy)


def period_after(period: str) -> str:
    """The period of the same length that follows."""
    start, months = _months(period)
    following = month_after(start, months)
    if months == 12:
        return following[:4]
    return following if months == 1 else f"{following[:4]}-Q{(int(following[5:]) + 2) // 3}"


def count_licences(books: Books, policy: Policy, start_us: int, end_us: int) -> dict[str, Any]:
    """The figures over [start, end), as they are published.

    ``applications`` were made in it; ``granted`` and ``refused`` were decided in it, whatever became of a
    grant later, ``by_reason`` the refusals by class; ``pending`` waited for a decision at its end,
    ``overdue`` of these beyond their working days, without the time for which the clock stood.
    ``median_days`` and ``percentile_90_days`` are of whole days from application to decision, likewise;
    ``tonnes`` is the gross mass that was granted, left out where it is not safe to show.
    ``by_destination`` and ``by_element`` have what was decided in the period, as far as it may be shown.
    """
    licences = [licence for state in STATES for licence in books.group(LicenceRecord, "state", state)]
    decided = [
        licence
        for licence in licences
        if licence.decided_us is not None and start_us <= licence.decided_us < end_us
    ]
    pending = [as_of(licence, end_us) for licence in licences if _is_pending(licence, end_us)]
    figures = _decisions(decided)
    if any(map(_granted_mg, decided)) and not is_safe(map(_contribution, decided)):
        del figures["tonnes"]
    reasons = Counter(licence.reason for licence in decided if not _is_granted(licence))
    element_of = partial(element_key, catalogue=policy.catalogue)
    return {
        "applications": sum(start_us <= licence.applied_us < end_us for licence in licences),
        **figures,
        "by_reason": dict(sorted(reasons.items())),
        "pending": len(pending),
        "overdue": sum(decision_clock(licence, policy, end_us).overdue for licence in pending),
        "by_destination": _rows(decided, destination_key),
        "by_element": _rows(decided, element_of),
    }


def as_of(licence: LicenceRecord, at_us: int) -> LicenceRecord:
    """An application as it waited at a moment before its decision: later stops and starts are not known."""
    clock = tuple(
        (stopped, started if started is not None and started < at_us else None)
        for stopped, started in licence.clock
        if stopped < at_us
    )
    return replace(licence, state="applied", decided_at=None, decided_us=None, clock=clock)


def destination_key(licence: LicenceRecord) -> str:
    """The row of a licence in the table by destination."""
    return licence.destinations[0] if len(licence.destinations) == 1 else SEVERAL


def element_key(licence: LicenceRecord, catalogue: Catalogue) -> str:
    """The row of a licence in the table by element: the one element that its items are of."""
    named = {element for item in licence.items for element in _elements(item, catalogue)}
    return named.pop() if len(named) == 1 else SEVERAL if named else UNSTATED


def decimal_text(number: int, divisor: int) -> str:
    """number / divisor as decimal text without needless zeros; the divisor has only the factors 2 and 5."""
    text = format(Decimal(number) / Decimal(divisor), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def median_text(days: Sequence[int]) -> str:
    """The median of ascending whole days, as decimal text."""
    return decimal_text(days[(len(days) - 1) // 2] + days[len(days) // 2], 2)


def percentile_90(days: Sequence[int]) -> int:
    """The least of ascending whole days that nine tenths of them do not exceed (nearest rank)."""
    return days[-(-9 * len(days) // 10) - 1]


def days_taken(licence: LicenceRecord) -> int:
    """Whole days from application to decision, without the time for which the clock stood."""
    assert licence.decided_us is not None
    taken_us = licence.decided_us - licence.applied_us - stopped_us(licence.clock, licence.decided_us)
    return taken_us // DAY_US


def _rows(decided: Iterable[LicenceRecord], key_of: Callable[[LicenceRecord], str]) -> list[dict[str, Any]]:
    """A table of what was decided: the cells that may be shown, then all others as one."""
    cells: dict[str, list[LicenceRecord]] = {}
    for licence in decided:
        cells.setdefault(key_of(licence), []).append(licence)
    parts = partition({key: map(_contribution, licences) for key, licences in cells.items()})
    rows = [{"key": key, **_decisions(cells[key])} for key in parts.shown]
    if parts.rest:
        rows.append({"key": OTHER, **_decisions([each for key in parts.rest for each in cells[key]])})
    return rows


def _decisions(decided: Sequence[LicenceRecord]) -> dict[str, Any]:
    """What every row says."""
    figures: dict[str, Any] = {
        "granted": sum(map(_is_granted, decided)),
        "refused": sum(not _is_granted(licence) for licence in decided),
        "tonnes": decimal_text(sum(map(_granted_mg, decided)), _TONNE_MG),
    }
    if decided:
        days = sorted(map(days_taken, decided))
        figures |= {"median_days": median_text(days), "percentile_90_days": percentile_90(days)}
    return figures


def _contribution(licence: LicenceRecord) -> Contribution:
    return Contribution(licence.exporter, 1, _granted_mg(licence))


def _is_granted(licence: LicenceRecord) -> bool:
    """Whether a licence that was decided was granted then: it may be suspended or revoked now."""
    return licence.state != "refused"


def _granted_mg(licence: LicenceRecord) -> int:
    return licence.quantity_mg if _is_granted(licence) else 0


def _is_pending(licence: LicenceRecord, at_us: int) -> bool:
    """Whether an application waited for its decision at a moment."""
    return licence.applied_us < at_us and (licence.decided_us is None or licence.decided_us >= at_us)


def _elements(item: str, catalogue: Catalogue) -> Iterable[str]:
    """The elements that an item of a licence names: as a product, or as a commodity code."""
    product = catalogue.product(item)
    if product is not None:
        fractions: Mapping[str, Any] = product.element_fractions
        return fractions
    code = hs_codes().get(item.replace(".", ""))
    return () if code is None else code.elements


def _months(period: str) -> tuple[str, int]:
    """The first month of a period, and how many it has."""
    match = _PERIOD.fullmatch(period)
    assert match is not None
    quarter, month = match["quarter"], match["month"]
    months = 1 if month else 3 if quarter else 12
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    return f"{match['year']}-{first:02d}", months
