"""When quotas were drawn over a year, from what the books remember that each event drew.

Decides: nothing; what an event drew, and what a correction gave back, is what the quota itself was drawn by,
so the months of a quota sum to what was drawn on it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, text

from ledger.controls.drawn import DRAWN
from ledger.records.allotments import allotment_of
from ledger.records.books import Books, Key, key_of
from ledger.records.lots import EventRecord
from ledger.records.mergers import mergers_from
from ledger.records.oversight import QuotaRecord
from ledger.records.periods import month_of
from ledger.records.policy import Policy
from ledger.store.engine import BINARY

MONTHS: Final = 12

_DRAWN: Final = text(
    f"SELECT subject, sums FROM tallies WHERE tally = '{DRAWN}' AND subject >= :least "  # noqa: S608
    "AND subject < :above AND sums LIKE '%\"quota %'"
)
_AGENTS: Final = text("SELECT agent FROM delegations WHERE principal = :party ORDER BY agent")


def drawn_by_month(
    connection: Connection, books: Books, quotas: Iterable[QuotaRecord], policy: Policy
) -> Mapping[Key, list[int]]:
    """What was drawn on quotas in each month, in mg REO.

    Args:
        connection: A reading transaction.
        books: Over the same.
        quotas: Which.
        policy: For the calendar.

    Returns:
        By the quota's key, twelve sums, January first.
    """
    months: dict[Key, list[int]] = {key_of(quota): [0] * MONTHS for quota in quotas}
    for party in sorted({key[0] for key in months}):
        for signer in _signers(connection, books, party):
            events = _drawn(connection, signer, party)
            books.prefetch(EventRecord, [(signer, event) for event in events])
            for event, draws in events.items():
                for (year, activity, ore_class), mass_mg in draws.items():
                    quota = allotment_of(books, party, year, activity, ore_class)
                    if quota is not None and key_of(quota) in months:
                        booked = books.get(EventRecord, signer, event)
                        assert booked is not None, "only a booked event draws"
                        month = month_of(booked.event_time_us, policy)
                        months[key_of(quota)][int(month[5:]) - 1] += mass_mg
    return months


def _signers(connection: Connection, books: Books, party: str) -> list[str]:
    """Who may have signed what a party drew: itself, its filing agents, and what it went over into."""
    agents = connection.execute(_AGENTS, {"party": party}).scalars()
    successors = (merger.successor for merger in mergers_from(books, party))
    return list(dict.fromkeys([party, *agents, *successors]))


def _drawn(connection: Connection, signer: str, party: str) -> dict[str, dict[tuple[int, str, str], int]]:
    """By event of a signer: what it drew on a party's quotas, in mg by year, activity and ore class."""
    bounds = {"least": f"{signer} ", "above": f"{signer}!"}
    found: dict[str, dict[tuple[int, str, str], int]] = {}
    for subject, sums in connection.execute(_DRAWN, bounds, execution_options=BINARY):
        for name, mass_mg in json.loads(sums).items():
            kind, _, rest = name.partition(" ")
            if kind == "quota":
                holder, year, activity, ore_class = rest.split(" ")
                if holder == party:
                    draws = found.setdefault(subject.removeprefix(f"{signer} "), {})
                    draws[int(year), activity, ore_class] = mass_mg
    return found
