"""The results of an assay: sensor reports that name an element.

Decides: which reports are results, and their value and standard uncertainty as fractions.

Source: EPCIS 2.0.1 (sensorElementList); UN/ECE Recommendation 20 (P1 percent, C62 one, 59 and 61 parts per
million and billion).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, TypeGuard

from ledger.materials.elements import ELEMENTS
from ledger.movements.sheet import Sheet
from ledger.statements.epcis.names import shown
from ledger.strict_json import JsonNumber, escape_pointer

TREO: Final = "TREO"
UNITS: Final[Mapping[str, int]] = {"C62": 1, "P1": 100, "59": 10**6, "61": 10**9}
"""How many of a unit make one, for fractions: one, percent, parts per million, parts per billion."""

_KNOWN: Final = frozenset({"element", "uncertainty"})
Result = tuple[Fraction, Fraction]


@dataclass(slots=True)
class Results:
    """What was measured.

    Attributes:
        elements: Share of REO and its standard uncertainty by element.
        treo: REO fraction with its uncertainty, or None.
    """

    elements: dict[str, Result] = field(default_factory=dict)
    treo: Result | None = None


def read_results(sheet: Sheet) -> Results:
    """The results in an event's sensor elements; what is wrong is reported."""
    found = Results()
    for place, report in _reports(sheet):
        own = _own(sheet, report, place)
        symbol = own.get("element")
        if symbol is None:
            continue
        result = _result(sheet, report, own.get("uncertainty", report.get("sDev")), place)
        if symbol != TREO and (type(symbol) is not str or symbol not in ELEMENTS):
            sheet.report(
                "movement.element",
                "The report names no rare earth.",
                place,
                f"Write ree:element as a symbol such as Nd, or {TREO} for all of them.",
            )
        elif symbol in found.elements or (symbol == TREO and found.treo is not None):
            detail = f"There are two results for {symbol}."
            sheet.report("movement.result", detail, place, "Give one result for each element.")
        elif result is not None and symbol == TREO:
            found.treo = result
        elif result is not None:
            found.elements[symbol] = result
    return found


def _reports(sheet: Sheet) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, element in enumerate(sheet.members.get("sensorElementList", ())):
        for position, report in enumerate(element["sensorReport"]):
            yield f"/sensorElementList/{number}/sensorReport/{position}", report


def _own(sheet: Sheet, report: Mapping[str, Any], place: str) -> dict[str, Any]:
    own = {}
    for name, value in report.items():
        local = sheet.local(name) if ":" in name else None
        if local in _KNOWN:
            own[local] = value
        elif local is not None:
            where = f"{place}/{escape_pointer(name)}"
            detail = f"A sensor report has no member {shown(name)}."
            mend = "Members of ours are ree:element and ree:uncertainty."
            sheet.report("movement.member-unknown", detail, where, mend)
    return own


def _result(sheet: Sheet, report: Mapping[str, Any], uncertainty: Any, place: str) -> Result | None:
    value, uom = report.get("value"), report.get("uom", "C62")
    divisor = UNITS.get(uom)
    if divisor is None:
        sheet.report(
            "movement.result",
            f"{shown(uom)} is no unit of a share.",
            f"{place}/uom",
            f"Give shares in {', '.join(UNITS)} (one, percent, parts per million, parts per billion).",
        )
        return None
    if not _is_share(value):
        sheet.report(
            "movement.result",
            "The result has no value, or one that is no share.",
            f"{place}/value",
            "Give value as a share of all REO (of the dry mass for TREO), not negative.",
        )
        return None
    if not _is_share(uncertainty):
        sheet.report(
            "movement.uncertainty-missing",
            "The result has no standard uncertainty.",
            f"{place}/ree:uncertainty",
            "Add ree:uncertainty (or sDev), one standard uncertainty in the unit of the value.",
        )
        return None
    return Fraction(value) / divisor, Fraction(uncertainty) / divisor


def _is_share(value: Any) -> TypeGuard[JsonNumber]:
    return type(value) is JsonNumber and 0 <= value <= 10**9 and (not value or value.adjusted() >= -12)
