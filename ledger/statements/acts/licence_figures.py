"""The figures on export licences: what each of them counts, over which period.

Decides: the meaning of every published figure (docs/statistics.md says the same in words). Which cells may be
shown is ``ledger.records.suppression``'s to decide. A period's totals count what happened in it; the tables
count applications by when they were filed, each in one table of either kind and only once, wherever its
decision fell: else the one table would tell what the other hides.
"""

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
from ledger.records.periods import DAY_US
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
TECHNOLOGY: Final = "technology"
"""The row, in the table by element, of licences for technology: they are counted, and have no tonnes."""
_TONNE_MG = 10**9


def count_licences(books: Books, policy: Policy, start_us: int, end_us: int) -> dict[str, Any]:
    """The totals over [start, end), as they are published.

    ``applications`` were made in it; ``granted`` and ``refused`` were decided in it, whatever became of a
    grant later, ``by_reason`` the refusals by class; ``pending`` waited for a decision at its end,
    ``overdue`` of these beyond their working days, without the time for which the clock stood.
    ``median_days`` and ``percentile_90_days`` are of whole days from application to decision, likewise;
    ``tonnes`` is the gross mass that was granted, left out where it is not safe to show.
    """
    licences = _licences(books)
    decided = [
        each for each in licences if each.decided_us is not None and start_us <= each.decided_us < end_us
    ]
    pending = [as_of(licence, end_us) for licence in licences if _is_pending(licence, end_us)]
    figures = _decisions(decided)
    if any(map(_granted_mg, decided)) and not is_safe(map(_contribution, decided)):
        del figures["tonnes"]
    return {
        "applications": sum(start_us <= licence.applied_us < end_us for licence in licences),
        **figures,
        **_waiting(pending, policy, end_us),
    }


def tabulate_applications(
    books: Books, policy: Policy, start_us: int, end_us: int, at_us: int
) -> dict[str, list[dict[str, Any]]]:
    """The applications that were filed in [start, end), as they stood at a moment, in both tables.

    Each row has what ``count_licences`` has, of these applications; the cells that may not be shown are one.
    """
    filed = [
        as_of(licence, at_us) if _is_pending(licence, at_us) else licence
        for licence in _licences(books)
        if start_us <= licence.applied_us < end_us
    ]
    element_of = partial(element_key, catalogue=policy.catalogue)
    return {
        "by_destination": _rows(filed, destination_key, policy, at_us),
        "by_element": _rows(filed, element_of, policy, at_us),
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
    if licence.of_technology:
        return TECHNOLOGY
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


def _licences(books: Books) -> list[LicenceRecord]:
    return [licence for state in STATES for licence in books.group(LicenceRecord, "state", state)]


def _rows(
    filed: Iterable[LicenceRecord], key_of: Callable[[LicenceRecord], str], policy: Policy, at_us: int
) -> list[dict[str, Any]]:
    """A table of applications: the cells that may be shown, then all others as one."""
    cells: dict[str, list[LicenceRecord]] = {}
    for licence in filed:
        cells.setdefault(key_of(licence), []).append(licence)
    parts = partition({key: map(_contribution, licences) for key, licences in cells.items()})
    rows = [(key, cells[key]) for key in parts.shown]
    if parts.rest:
        rows.append((OTHER, [each for key in parts.rest for each in cells[key]]))
    return [{"key": key, **_row(licences, policy, at_us)} for key, licences in rows]


def _row(licences: Sequence[LicenceRecord], policy: Policy, at_us: int) -> dict[str, Any]:
    """What a row says; it has no tonnes where all of it is technology."""
    figures = {
        "applications": len(licences),
        **_decisions([licence for licence in licences if licence.decided_us is not None]),
        **_waiting([licence for licence in licences if licence.decided_us is None], policy, at_us),
    }
    if all(licence.of_technology for licence in licences):
        del figures["tonnes"]
    return figures


def _waiting(pending: Sequence[LicenceRecord], policy: Policy, at_us: int) -> dict[str, int]:
    overdue = sum(decision_clock(licence, policy, at_us).overdue for licence in pending)
    return {"pending": len(pending), "overdue": overdue}


def _decisions(decided: Sequence[LicenceRecord]) -> dict[str, Any]:
    """What was decided, and how long that took."""
    reasons = Counter(licence.reason for licence in decided if not _is_granted(licence))
    figures: dict[str, Any] = {
        "granted": sum(map(_is_granted, decided)),
        "refused": reasons.total(),
        "by_reason": dict(reasons),
        "tonnes": decimal_text(sum(map(_granted_mg, decided)), _TONNE_MG),
    }
    if decided:
        days = sorted(map(days_taken, decided))
        figures |= {"median_days": median_text(days), "percentile_90_days": percentile_90(days)}
    return figures


def _contribution(licence: LicenceRecord) -> Contribution:
    return Contribution(licence.exporter, 1, _granted_mg(licence))


def _is_granted(licence: LicenceRecord) -> bool:
    """Whether a licence was granted when it was decided: it may be suspended or revoked now."""
    return licence.state not in ("applied", "refused")


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
