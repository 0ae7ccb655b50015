"""Revaluing a lot: its birth says something else now than when shares of it were used.

A lot that was received before its birth was recorded stands with what the receipt stated; a correction may
bear a lot again with another composition. Every line of the journal that holds a share of the lot means the
new contents from then on. Only what was consumed out of it (by process or feed) was counted by the old ones.

Decides: that the gap between both, over the consumed share, goes to differences, so that

    the sum of all lines up to an index, valued by the lots' contents at that index, is zero.
"""

from fractions import Fraction
from typing import Final

from ledger.books.accounts import Journal, contained
from ledger.records.lots import LotRecord, LotVersionRecord, PostingRecord

REVALUED: Final = "revalued"
"""Reference of the lines that revaluing writes; a correction leaves them standing."""


def revalue(journal: Journal, old: LotRecord, new: LotRecord) -> None:
    """Posts the gap over what was consumed, keeps what the lot said before, and puts the new record.

    To be called before the lines of the new birth are posted and, where it replaces an earlier birth, after
    that one's lines were undone: then the lines of the lot sum to minus what was consumed.

    Args:
        journal: The event that bears the lot (again).
        old: What the books say of the lot.
        new: What they are to say; the same lot.
    """
    books, index = journal.books, journal.recording.index
    if books.get(LotVersionRecord, old.lot, index) is None:
        books.put(LotVersionRecord(old.lot, index, old.entry_index, old.birth, old.mass_mg, old.cells))
    consumed_mg = -sum(line.mass_mg for line in books.group(PostingRecord, "lot", old.lot))
    gap = contained(new, consumed_mg)
    for element, mass in contained(old, consumed_mg).items():
        gap[element] = gap.get(element, Fraction(0)) - mass
    journal.post("difference", contained=gap, reference=REVALUED)
    for element, mass in gap.items():
        if mass:
            journal.effect.difference[element] = journal.effect.difference.get(element, Fraction(0)) + mass
    books.put(new)
