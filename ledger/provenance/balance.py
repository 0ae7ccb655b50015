"""The mass balance of a party, a site and a period, per element in REO, from the journal's lines.

Decides: which line counts as what. ``closing = opening + births + received + produced + sent + used + lost +
other`` holds for every element, since every line of an account is counted in exactly one column; the
*gap* is what was written off as difference. Sums are exact for each lot and rounded once to milligrams.

Source: ISCC practice for mass-balance books: periods of at most three months, no negative closing balance.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Connection, text

from ledger.records.cells import decode_cells, element_masses
from ledger.strict_json import parse_json

COLUMNS: Final = ("opening", "births", "received", "produced", "sent", "used", "lost", "other", "closing")
"""In the order in which a balance is read; ``gap`` stands beside."""

_BIRTHS: Final = frozenset({"opening", "extract", "import"})
_RECEIVED: Final = frozenset({"receive", "transfer", "cancel", "refuse"})
_SENT: Final = frozenset({"ship", "export", "disclose", "return", "release"})
_MADE: Final = frozenset({"process", "feed", "draw"})
_LOST: Final = frozenset({"lose", "dispose", "destroy"})

_LINES: Final = text(
    "SELECT p.account, p.lot, p.mass_mg, p.contained, p.event_time_us, "
    "(SELECT e.movement FROM events e WHERE e.entry_index = p.entry_index AND e.position = p.position) "
    "FROM postings p WHERE p.custodian = :party AND p.event_time_us < :end "
    "AND (:site = '' OR p.site = :site) AND p.account IN ('holding', 'pool', 'difference', 'lost')"
)
_LOT_CELLS: Final = text("SELECT mass_mg, cells FROM lots WHERE lot = :lot")


@dataclass(frozen=True, slots=True)
class Balance:
    """What a party (at a site) had, got, made and gave in a period, in mg REO by element.

    Attributes:
        rows: Element -> column -> mg. Columns are ``COLUMNS`` and ``gap`` (differences, positive when stock
            fell) and ``declared_loss``.
    """

    party: str
    site: str
    start_us: int
    end_us: int
    rows: Mapping[str, Mapping[str, int]]


def mass_balance(connection: Connection, party: str, site: str, start_us: int, end_us: int) -> Balance:
    """The balance of [start_us, end_us).

    Args:
        connection: A reading transaction.
        party: The custodian whose books are asked for.
        site: One of its sites, or "" for all.
        start_us: First moment. end_us: First moment after.
    """
    shares: dict[tuple[str, str], int] = defaultdict(int)
    stated: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    query = _LINES.execution_options(stream_results=True, yield_per=1_000)
    for account, lot, mass_mg, contained, time_us, movement in connection.execute(
        query, {"party": party, "site": site, "end": end_us}
    ):
        column = _column(account, movement or "", mass_mg, contained, before=time_us < start_us)
        if column is None:
            continue
        if lot:
            shares[column, lot] += mass_mg
        else:
            for element, amount in _stated(contained):
                stated[column, element] += amount
    for (column, lot), mass_mg in shares.items():
        for element, amount in _contained(connection, lot, mass_mg):
            stated[column, element] += amount
    rows: dict[str, dict[str, int]] = {}
    for (column, element), amount in stated.items():
        rows.setdefault(element, dict.fromkeys((*COLUMNS, "gap", "declared_loss"), 0))[column] += round(
            amount
        )
    for row in rows.values():
        row["closing"] = sum(row[column] for column in COLUMNS[:-1])
    return Balance(party, site, start_us, end_us, dict(sorted(rows.items())))


def _column(account: str, movement: str, mass_mg: int, contained: str, *, before: bool) -> str | None:
    """Which column a line belongs to; None for one that belongs to none. Outgoing masses are negative."""
    if account == "difference":
        return None if before else "gap"
    if account == "lost":
        return None if before or movement in _LOST else "declared_loss"
    if before:
        return "opening"
    if movement in _BIRTHS:
        return "births"
    if movement in _MADE:
        incoming = mass_mg > 0 or (mass_mg == 0 and '"-' not in contained)
        return "produced" if incoming else "used"
    if movement in _LOST:
        return "lost"
    if movement in _RECEIVED and mass_mg > 0:
        return "received"
    if movement in _SENT or movement == "transfer":
        return "sent"
    return "other"


def _stated(contained: str) -> Iterator[tuple[str, Fraction]]:
    members: Any = parse_json(contained.encode())
    for element, amount in members.items():
        yield element, Fraction(amount)


def _contained(connection: Connection, lot: str, mass_mg: int) -> Iterator[tuple[str, Fraction]]:
    if mass_mg == 0:
        return
    whole_mg, cells = connection.execute(_LOT_CELLS, {"lot": lot}).one()
    for element, amount in element_masses(decode_cells(cells)).items():
        yield element, Fraction(amount * mass_mg, whole_mg)
