"""The mass balance of a party, a site and a period, per element in REO, from the journal's lines.

Decides: which line counts as what. ``closing = opening + births + received + produced + sent + used + lost +
adjusted + other`` holds for every element, since every line of an account is counted in exactly one column;
the *gap* is what was written off as difference. Sums are exact. What was there at the start and at the end is
rounded to milligrams by itself, so that no rounding makes a closing negative or differ from the next opening;
the largest column between takes what the rounded columns leave over. A sum of parts of so many lots that it
is a fraction of thousands of digits is cut far below a milligram's last place, or it would take hours.

Source: ISCC practice for mass-balance books: periods of at most three months, no negative closing balance.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from ledger.provenance.digits import cut
from ledger.provenance.subjects import books_of
from ledger.records.cells import decode_cells, element_masses
from ledger.records.lots import PostingRecord
from ledger.statements.acts.adjust import POSITION
from ledger.strict_json import parse_json

COLUMNS: Final = (
    *("opening", "births", "received", "produced", "sent", "used", "lost", "adjusted", "other"),
    "closing",
)
"""In the order in which a balance is read; ``gap`` and ``declared_loss`` stand beside."""
_COUNTED: Final = (*COLUMNS[:-1], "gap", "declared_loss")

_BIRTHS: Final = frozenset({"opening", "extract", "import"})
_RECEIVED: Final = frozenset({"receive", "transfer", "cancel", "refuse"})
_SENT: Final = frozenset({"ship", "export", "disclose", "return", "release"})
_MADE: Final = frozenset({"process", "feed", "draw"})
_LOST: Final = frozenset({"lose", "dispose", "destroy"})
_ADJUST: Final = "adjust"
_ADJUSTED: Final = frozenset({_ADJUST, "close"})
"""What sets the books to what was counted or measured: the act, whose lines have no event, and closes."""

_LINES: Final = text(
    "SELECT p.account, p.lot, p.mass_mg, p.contained, p.event_time_us, "
    "(SELECT e.movement FROM events e WHERE e.entry_index = p.entry_index AND e.position = p.position), "
    "p.entry_index, p.position, p.pool, p.reference "
    "FROM postings p WHERE p.custodian = :party AND p.event_time_us < :end "
    "AND (:site = '' OR p.site = :site) AND p.account IN ('holding', 'pool', 'difference', 'lost')"
)
_Sums: TypeAlias = defaultdict[tuple[str, str], Fraction]
"""By column and element, in mg."""
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
    (balance,) = balances(connection, party, site, [start_us, end_us])
    return balance


def balances(
    connection: Connection,
    party: str,
    site: str,
    edges_us: Sequence[int],
    *,
    without: Collection[str] = (),
) -> list[Balance]:
    """The balances of spans that follow on each other: each opens with what the one before closed with.

    Args:
        connection: A reading transaction.
        party, site: As for ``mass_balance``.
        edges_us: The first moment of each span, rising, and the first moment after the last.
        without: Lots that are left out, with what became of them in pools and as differences.
    """
    shares: list[dict[tuple[str, str], int]] = [defaultdict(int) for _ in edges_us[1:]]
    stated: list[_Sums] = [defaultdict(Fraction) for _ in edges_us[1:]]
    query = _LINES.execution_options(stream_results=True, yield_per=1_000)
    left_out = _LeftOut(connection, without)
    for account, lot, mass_mg, contained, time_us, movement, *where in connection.execute(
        query, {"party": party, "site": site, "end": edges_us[-1]}
    ):
        if without and left_out.has(account, lot, *where):
            continue
        place = max(bisect_right(edges_us, time_us) - 1, 0)
        said = _ADJUST if where[1] == POSITION else movement or ""
        column = _column(account, said, mass_mg, contained, before=time_us < edges_us[0])
        if column is None:
            continue
        if lot:
            shares[place][column, lot] += mass_mg
        else:
            for element, amount in _stated(contained):
                _add(stated[place], (column, element), amount)
    found: list[Balance] = []
    opening: Mapping[str, Fraction] = {}
    for place, (start_us, end_us) in enumerate(pairwise(edges_us)):
        for (column, lot), mass_mg in shares[place].items():
            for element, amount in _contained(connection, lot, mass_mg):
                _add(stated[place], (column, element), amount)
        rows, opening = _rows(stated[place], opening)
        found.append(Balance(party, site, start_us, end_us, rows))
    return found


def _add(sums: _Sums, place: tuple[str, str], amount: Fraction) -> None:
    """Adds to one of the sums, and keeps few digits of it."""
    sums[place] = cut(sums[place] + amount)


class _LeftOut:
    """The lines that tell what some lots contain: their own, and what they were fed as or differed by."""

    def __init__(self, connection: Connection, lots: Collection[str]) -> None:
        books = books_of(connection)
        books.prefetch_groups(PostingRecord, "lot", [(lot,) for lot in lots])
        self._lots = frozenset(lots)
        self._events = {
            (line.entry_index, line.position)
            for lot in lots
            for line in books.group(PostingRecord, "lot", lot)
            if line.account == "holding" and line.mass_mg < 0
        }
        books.prefetch_groups(PostingRecord, "event", self._events)
        self._pools: dict[str, int] = {}
        for place in sorted(self._events, reverse=True):
            for line in books.group(PostingRecord, "event", *place):
                if line.pool:
                    self._pools[line.pool] = place[0]

    def has(self, account: str, lot: str, index: int, position: int, pool: str, reference: str) -> bool:
        """Whether a line is one of them; of a pool that was fed so the closes since are."""
        if lot:
            return lot in self._lots
        if account not in ("pool", "difference"):
            return False
        closed = reference == "close" and self._pools.get(pool, index + 1) <= index
        return closed or (index, position) in self._events


def _rows(
    stated: Mapping[tuple[str, str], Fraction], opening: Mapping[str, Fraction]
) -> tuple[dict[str, dict[str, int]], dict[str, Fraction]]:
    """What was stated by column and element, in whole milligrams, after what was there before.

    Returns:
        The rows, and what is there at the end, exactly.
    """
    rows: dict[str, dict[str, int]] = {}
    closing: dict[str, Fraction] = {}
    for element in sorted({*opening, *(element for _, element in stated)}):
        exact = {column: stated.get((column, element), Fraction(0)) for column in _COUNTED}
        exact["opening"] += opening.get(element, 0)
        closing[element] = Fraction(0)
        for column in COLUMNS[:-1]:
            closing[element] = cut(closing[element] + exact[column])
        row = {column: round(amount) for column, amount in exact.items()} | {
            "closing": round(closing[element])
        }
        largest = max(COLUMNS[1:-1], key=lambda column: abs(exact[column]))
        row[largest] += row["closing"] - sum(row[column] for column in COLUMNS[:-1])
        rows[element] = {column: row[column] for column in (*COLUMNS, "gap", "declared_loss")}
    return rows, closing


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
    if movement in _ADJUSTED:
        return "adjusted"
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
