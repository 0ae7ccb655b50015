"""What was fed to pools: of which stages it was.

Decides: what a pool may give to a party whose roles make nothing finer than what went in.
"""

from typing import Final

from ledger.controls.rule import Case
from ledger.records.books import Books
from ledger.records.oversight import TallyRecord

FED: Final = "fed"


def stages_fed(books: Books, pool: str) -> set[str]:
    """The stages of everything that a pool was ever fed."""
    tally = books.get(TallyRecord, FED, pool, "")
    return set() if tally is None else set(tally.sums)


def note_feed(case: Case) -> None:
    """Remembers the stages of what a feed brought; what was taken back later had been said."""
    books, pool = case.recording.books, case.movement.pool
    known = stages_fed(books, pool)
    stages = known | {lot.stage for lot, _ in case.effect.used}
    if stages != known:
        books.put(TallyRecord(FED, pool, "", dict.fromkeys(sorted(stages), 1)))
