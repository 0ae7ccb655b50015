"""What a close found in a pool beyond the books, until a regulator releases it."""

from collections.abc import Mapping
from dataclasses import replace

from ledger.records.lots import PoolRecord


def released(pool: PoolRecord, masses_mg: Mapping[str, int]) -> PoolRecord:
    """The pool after a regulator has released gaps: so much more of each element may be drawn."""
    blocked = {
        element: blocked_mg - min(blocked_mg, masses_mg.get(element, 0))
        for element, blocked_mg in pool.blocked.items()
    }
    return replace(pool, blocked={element: mass_mg for element, mass_mg in blocked.items() if mass_mg})
