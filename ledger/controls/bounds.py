"""What a statement adds up stays within what the books can hold.

Decides: that no sum of masses that a statement leaves behind is beyond ``MOST_MG``. A single line is bounded
where it is read, and a holding where it changes; a quota, a licence, a shipment's line and a count are sums
of many lines, and a column of the database holds 64 bits.
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.findings import Finding
from ledger.records.books import Books, Record
from ledger.records.cells import MOST_MG
from ledger.records.lots import MemberRecord, ProvisionalRecord, ShipmentLineRecord, StocktakeRecord
from ledger.records.oversight import LicenceRecord, QuotaRecord

SUMS: Final[Mapping[type[Record], tuple[str, ...]]] = {
    LicenceRecord: ("drawn_mg",),
    MemberRecord: ("mass_mg",),
    ProvisionalRecord: ("mass_mg",),
    QuotaRecord: ("drawn_mg",),
    ShipmentLineRecord: ("sent_mg", "weighed_mg"),
    StocktakeRecord: ("counted_mg", "book_mg"),
}
"""Whole milligrams that are added up over lines, or over statements."""


def too_much(books: Books, pointer: str) -> list[Finding]:
    """Why the records that a statement put may not stand: a sum of masses is out of reason.

    Args:
        books: Between ``begin`` and ``commit``.
        pointer: The place of the statement's first movement.
    """
    for record in books.put_since_begin(SUMS):
        summed: Any = record
        for name in SUMS[type(record)]:
            mass_mg = getattr(summed, name)
            if not -MOST_MG <= mass_mg <= MOST_MG:
                return [_finding(name, mass_mg, pointer)]
    return []


def _finding(name: str, mass_mg: int, pointer: str) -> Finding:
    return Finding(
        "balance.too-much",
        f"the masses of this statement, with those before it, add up to {mass_mg} mg, and the books hold "
        f"sums of {MOST_MG} mg at most",
        pointer,
        "Correct the masses: nothing is so heavy.",
        {"sum": name, "mass_mg": mass_mg, "most_mg": MOST_MG},
    )
