"""What the demonstration's authority decides on export licences, so that its statistics say something.

Five firms more apply, besides the magnet works and the plant: some are granted, some are refused, some wait.
Enough stand behind Germany, Japan, dysprosium and terbium; the rest may be shown as one row only.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from api.demo.cast import Member

GRANTED: Final = "granted"
WAITING: Final = "waiting"
SPAN: Final = timedelta(days=30)


class Application(NamedTuple):
    """Who applies for what, and what becomes of it: granted, waiting, or the reason of its refusal."""

    firm: str
    country: str
    item: str
    tonnes: int
    outcome: str


APPLICATIONS: Final = (
    Application("oxides", "DE", "dy-oxide", 4, GRANTED),
    Application("alloys", "DE", "dy-oxide", 3, GRANTED),
    Application("phosphors", "DE", "tb-oxide", 2, GRANTED),
    Application("phosphors", "DE", "tb-oxide", 1, WAITING),
    Application("trading", "DE", "sm-oxide", 1, "diversion-risk"),
    Application("oxides", "JP", "dy-oxide", 2, GRANTED),
    Application("oxides", "JP", "dy-oxide", 1, "data-error"),
    Application("alloys", "JP", "tb-oxide", 3, GRANTED),
    Application("ceramics", "JP", "y-oxide", 4, GRANTED),
    Application("trading", "JP", "sm-oxide", 2, GRANTED),
    Application("phosphors", "KR", "dy-oxide", 2, GRANTED),
    Application("ceramics", "KR", "y-oxide", 3, GRANTED),
    Application("trading", "US", "tb-oxide", 2, GRANTED),
    Application("alloys", "US", "gd-oxide", 1, "incomplete"),
    Application("ceramics", "VN", "y-oxide", 2, WAITING),
)


def applications(firms: Mapping[str, Member]) -> Iterator[tuple[str, Member, dict[str, Any]]]:
    """What the firms apply for: (in a sentence, who, act)."""
    for number, each in enumerate(APPLICATIONS, start=1):
        firm, buyer = firms[each.firm], f"https://buyer-{each.country.lower()}.demo.example/"
        yield (
            f"applies for {each.tonnes} t of {each.item} to {each.country}",
            firm,
            {
                "act": "apply-licence",
                "licence": _licence(firm, number),
                "exporter": firm.party,
                "kind": "single",
                "items": [each.item],
                "destinations": [each.country],
                "consignees": [buyer],
                "end_users": [buyer],
                "end_use": "industry",
                "quantity": {"quantity": each.tonnes, "uom": "TNE"},
            },
        )


def decisions(firms: Mapping[str, Member], now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """How the authority decides: (in a sentence, act)."""
    for number, each in enumerate(APPLICATIONS, start=1):
        firm = firms[each.firm]
        licence = {"licence": _licence(firm, number)}
        title = f"{firm.legal_name}: {each.tonnes} t of {each.item} to {each.country}"
        if each.outcome == GRANTED:
            span = {"start": now.isoformat(), "end": (now + timedelta(days=365)).isoformat()}
            yield f"grants {title}", {"act": "grant-licence", **licence, **span}
        elif each.outcome != WAITING:
            refusal = {"act": "refuse-licence", **licence, "reason": each.outcome}
            yield f"refuses {title} ({each.outcome})", refusal


def span_to(end: datetime) -> str:
    """The thirty days before a whole second, as statistics name them."""
    return "/".join(f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in (end - SPAN, end))


def _licence(firm: Member, number: int) -> str:
    return f"urn:epc:id:gdti:{firm.company}.00001.{1000 + number}"
