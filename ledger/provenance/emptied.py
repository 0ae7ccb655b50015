"""Versions of pools in which nothing was left: what a pool holds later is not made of what it held before.

Decides: which they are. A later correction may have put back what was drawn: then a version's word counts no
more. A pool's versions are looked through once for that, however many of them were empty.
"""

import json
from collections.abc import Collection, Iterable
from functools import cache
from typing import Final, TypeAlias

from sqlalchemy import Connection

from ledger.store.asking import ask_driver
from ledger.store.engine import in_psycopg_words

Empty: TypeAlias = tuple[int, str, int]
"""A version without owners: its number in the graph, its pool, and which version it is."""
_CORRECTED: Final = {
    "sqlite": "SELECT c.pool, max(c.version) FROM json_each(:pools) n CROSS JOIN pool_versions c "
    "ON c.pool = n.value WHERE c.change = 'correct'<known> GROUP BY c.pool",
    "postgresql": "SELECT c.pool, max(c.version) FROM json_array_elements_text(CAST(:pools AS json)) n(pool) "
    "JOIN pool_versions c ON c.pool = n.pool WHERE c.change = 'correct'<known> GROUP BY c.pool",
}


class Emptied:
    """Tells of versions without owners whether they stand."""

    def __init__(self, connection: Connection, at: int | None = None) -> None:
        """Asks nothing yet.

        Args:
            connection: A reading transaction.
            at: Corrections up to this entry count; None: all.
        """
        self._connection = connection
        self._at = at
        self._corrected: dict[str, int] = {}

    def standing(self, found: Collection[Empty]) -> set[int]:
        """The numbers of those that no later correction may have put something back into."""
        self._read({pool for _, pool, _ in found} - self._corrected.keys())
        return {node for node, pool, version in found if self._corrected[pool] <= version}

    def _read(self, pools: Iterable[str]) -> None:
        wanted = sorted(pools)
        if not wanted:
            return
        self._corrected.update(dict.fromkeys(wanted, 0))
        query = _worded(self._connection.dialect.name, self._at is not None)
        asked = {"pools": json.dumps(wanted), "at": self._at}
        (rows,) = ask_driver(self._connection, [(query, asked)])
        self._corrected.update((pool, version) for pool, version in rows)


@cache
def _worded(dialect: str, as_of: bool) -> str:
    query = _CORRECTED[dialect].replace("<known>", " AND c.entry_index <= :at" if as_of else "")
    return query if dialect == "sqlite" else in_psycopg_words(query)
