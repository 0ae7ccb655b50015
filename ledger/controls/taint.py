"""Illegal product and what is made of it.

Decides: what is told of a taint: each lot that is born of it, and each that changes hands, once. The taint
itself is passed on by the fold, and backwards in time by close-case. Source: Regulation 785 article 13:
nobody may buy, process, sell or export illegal product.
"""

from collections.abc import Iterator
from typing import Final

from ledger.controls.noticing import listed, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.records.lots import LotRecord

OUTWARD: Final = ("ship", "transfer", "export", "release")


@rule("taint.inherited", movements=("process", "draw", "feed", *OUTWARD))
def inherited(case: Case) -> Iterator[Notice]:
    """Goods descend from illegal product, or illegal product changes hands."""
    books = case.recording.books
    parents = [lot for lot, _ in case.effect.used if lot.tainted_by is not None]
    for lot in case.effect.born:
        if lot.tainted_by is not None:
            made_of = listed(parent.lot for parent in parents) or f"the pool {case.movement.pool}"
            yield notice(
                case,
                "taint.inherited",
                f"{lot.lot} was made of {made_of}, which is illegal product (entry {lot.tainted_by})",
                "Keep the goods apart and ask the authority; they may not be sold or exported.",
                subject=f"lot:{lot.lot}",
                ongoing=True,
                tainted_by=lot.tainted_by,
                parents=[parent.lot for parent in parents],
            )
    if case.movement.kind not in OUTWARD:
        return
    names = dict.fromkeys(posting.lot for posting in case.effect.postings if posting.mass_mg < 0)
    for name in names:
        lot_there = books.get(LotRecord, name)
        if lot_there is not None and lot_there.tainted_by is not None:
            yield notice(
                case,
                "taint.inherited",
                f"{name} is illegal product (entry {lot_there.tainted_by}) and changes hands",
                "Do not buy or sell it; ask the authority what becomes of it.",
                subject=f"lot:{name}",
                ongoing=True,
                tainted_by=lot_there.tainted_by,
            )


@rule("disclosure", movements=("disclose",))
def disclosure(case: Case) -> Iterator[Notice]:
    """An export that would have been refused is disclosed after the fact."""
    lots = sorted({line.lot for line in case.effect.lines if line.event_id == case.movement.event_id})
    yield notice(
        case,
        "disclosure",
        f"{listed(lots)} was exported to {case.movement.destination} without what it needed",
        "A case opens with its alert; add what explains the export.",
        taints=tuple(lots),
        lots=lots,
        reason=case.movement.reason,
        destination=case.movement.destination,
        licence=case.movement.licence,
    )
