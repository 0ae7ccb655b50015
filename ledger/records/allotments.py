"""Which allotment a draw goes to, and how much was drawn on one.

Decides: that what was drawn before an allotment was published counts on it.
"""

from dataclasses import replace
from typing import Final

from ledger.records.books import Books
from ledger.records.cells import MOST_MG
from ledger.records.oversight import QuotaRecord, TallyRecord

TALLY: Final = "quota"
ANY: Final = "any"
CLASSES: Final = ("rock", "ionic", ANY)


def allotment_of(books: Books, party: str, year: int, activity: str, ore_class: str) -> QuotaRecord | None:
    """The allotment that a draw goes to: the class's own, else the one for any class; None without one."""
    for found in (ore_class, ANY):
        record = books.get(QuotaRecord, party, year, activity, found)
        if record is not None:
            return record
    if activity == "separation":
        own = [each for each in books.group(QuotaRecord, "party", party, year) if each.activity == activity]
        return own[0] if own else None
    return None


def drawn_mg(books: Books, party: str, year: int, activity: str, ore_class: str) -> int:
    """What was drawn so far on an allotment, in mg REO; what was drawn before it was published included."""
    drawn = 0
    for found in CLASSES:
        allotment = allotment_of(books, party, year, activity, found)
        if (found if allotment is None else allotment.ore_class) == ore_class:
            tally = books.get(TallyRecord, TALLY, f"{party}|{activity}|{found}", str(year))
            drawn += 0 if tally is None else tally.sums.get("drawn_mg", 0)
    return drawn


def put_drawn(books: Books, allotment: QuotaRecord) -> None:
    """Puts an allotment with what is drawn on it now. How much that is beyond ``MOST_MG`` the tally alone
    tells, and nothing more is drawn on it.
    """
    drawn = drawn_mg(books, allotment.party, allotment.year, allotment.activity, allotment.ore_class)
    books.put(replace(allotment, drawn_mg=min(drawn, MOST_MG + 1)))
