"""Adding to running sums."""

from collections.abc import Mapping

from ledger.records.books import Books
from ledger.records.oversight import TallyRecord


def add_sums(books: Books, tally: str, subject: str, period: str, more: Mapping[str, int]) -> None:
    """Adds to a tally; what becomes zero is left out."""
    known = books.get(TallyRecord, tally, subject, period)
    before = {} if known is None else known.sums
    sums = dict(before)
    for name, amount in more.items():
        if amount:
            sums[name] = sums.get(name, 0) + amount
    if len(sums) > len(before) or 0 in sums.values():
        sums = {name: sums[name] for name in sorted(sums) if sums[name]}
    books.put(TallyRecord(tally, subject, period, sums))
