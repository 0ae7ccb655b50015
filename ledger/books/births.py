"""Lots are born: opening stocks, extraction, imports, and the outputs of processes and pools.

Decides: which origin and status what comes from outside bears; that a name is given once; and how a birth
that is recorded late takes the place of the lot that was received before it.

A late birth keeps the lot's node. Holdings, shipments and terminal accounts are shares of the lot's mass, so
they are worth what the birth says from then on. What was consumed in the meantime stays in its products at
the old worth, and a ``difference`` line makes up for it: consumed share x (new worth - old worth). What
others said that they received of it refuses no birth, however much that was: the excess stays in suspense.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Final

from ledger.books.accounts import NODE_SHIFT, Journal, abroad_mg
from ledger.books.context import Impossible
from ledger.books.counting import birth_status
from ledger.books.custody import acting_custodian
from ledger.findings import Finding
from ledger.movements.movement import Composition, Line
from ledger.records.cells import Cell, Cells, element_masses
from ledger.records.lots import (
    MOST_TOLD,
    EdgeRecord,
    LotRecord,
    LotVersionRecord,
    PostingRecord,
    ProvisionalRecord,
)
from ledger.records.taint import taint

BIRTH_AWAITED: Final = "awaited"
"""The birth of a lot that was received before its own was recorded."""
REVALUED: Final = "revalued:"
"""With the lot's id behind it, the reference of the line that makes up for a change of a lot's contents. An
undone event's own lines are reversed, this one is not: the contents do not change back."""

_KEPT: Final = tuple(
    each.name for each in fields(LotVersionRecord) if each.name not in ("changed_at", "made_of")
)


def book_birth(journal: Journal) -> None:
    """Books an opening stock or an extraction."""
    movement = journal.movement
    if movement.kind == "opening":
        _check_window(journal)
    custodian = acting_custodian(journal, movement.custodian_to or movement.custodian_from)
    for line in movement.outputs:
        origin = f"opening:{custodian}" if movement.kind == "opening" else movement.origin or movement.site
        _bear_from_outside(journal, line, origin=origin, custodian=custodian)


def book_import(journal: Journal) -> None:
    """Books an import: new lots are born, lots that were exported come back."""
    movement = journal.movement
    custodian = acting_custodian(journal, movement.custodian_to or movement.custodian_from)
    for line in movement.outputs:
        origin = f"import:{movement.origin or 'undeclared'}"
        _bear_from_outside(journal, line, origin=origin, custodian=custodian)
    for line in movement.inputs:
        _take_back(journal, line, custodian)


def bear_lot(
    journal: Journal,
    line: Line,
    *,
    cells: Cells,
    owner: str,
    custodian: str,
    parents: Sequence[int] = (),
    tainted_by: int | None = None,
    from_outside: bool = False,
) -> LotRecord:
    """Bears the lot that a line names, with its edges, into a holding at the movement's site.

    Args:
        line: An output with its composition.
        cells: What it contains.
        owner: Whose it is. ``custodian``: who has it.
        parents: Nodes that it was made from.
        tainted_by: As in LotRecord.
        from_outside: Whether it comes into the books by this.

    Raises:
        Impossible: The name is taken, or the lot would be made from itself.
    """
    lot = _new_lot(journal, line, cells=cells, custodian=custodian, parents=parents, tainted_by=tainted_by)
    index = journal.recording.index
    # An edge to what this entry itself bears stands nowhere yet.
    put = journal.books.add if lot.node >> NODE_SHIFT == index else journal.books.put
    for parent in dict.fromkeys(parents):
        put(EdgeRecord(lot.node, parent, index))
    journal.bear(lot, owner=owner, custodian=custodian, from_outside=from_outside)
    if lot.tainted_by is not None:
        taint(journal.books, lot.node, lot.tainted_by)  # what was made of it before its birth was recorded
    return lot


def _new_lot(
    journal: Journal,
    line: Line,
    *,
    cells: Cells,
    custodian: str,
    parents: Sequence[int],
    tainted_by: int | None,
) -> LotRecord:
    """The record of a lot that is born now; a late birth is reconciled with what stood in its place.

    Raises:
        Impossible: ``lot.exists``, ``lot.product-unknown``, ``graph.cycle``, or the line states no mass.
    """
    movement, recording = journal.movement, journal.recording
    composition = composition_of(line)
    if not line.mass_mg:
        raise Impossible(
            Finding(
                "lot.massless",
                f"{line.lot} is born without mass",
                line.pointer,
                "State the gross mass of every output.",
                {"lot": line.lot},
            )
        )
    earlier = journal.books.get(LotRecord, line.lot)
    if earlier is not None and earlier.birth != BIRTH_AWAITED and earlier.voided_at is None:
        own = earlier.producer == recording.issuer
        raise Impossible(
            Finding(
                "lot.exists",
                f"there is a lot {line.lot} already",
                line.pointer,
                "Give the new lot a name of its own; to correct the earlier birth, repeat its event with an "
                "errorDeclaration.",
                {"lot": line.lot} | ({"index": earlier.entry_index} if own else {}),
            )
        )
    lot = LotRecord(
        lot=line.lot,
        node=node_of(journal, earlier),
        entry_index=recording.index,
        position=journal.position,
        producer=recording.issuer,
        site=movement.site,
        event_time_us=movement.event_time_us,
        birth=movement.kind,
        product=line.product,
        stage=stage_of(journal, line),
        mass_mg=line.mass_mg,
        cells=cells,
        composition=composition.declared,
        instance=line.instance,
        pieces=line.pieces,
        custody_model=line.custody_model,
        tainted_by=tainted_by if earlier is None or earlier.tainted_by is None else earlier.tainted_by,
        made_of=_told(parents),
    )
    if earlier is not None:
        _reconcile(journal, line, earlier, lot, parents, custodian)
    return lot


def stage_of(journal: Journal, line: Line) -> str:
    """The stage of what a line says to be a product; "" where it says none.

    Raises:
        Impossible: ``lot.product-unknown``: most rules ask for what a product is, and would be silent.
    """
    product = journal.recording.policy.catalogue.product(line.product) if line.product else None
    if line.product and product is None:
        raise Impossible(
            Finding(
                "lot.product-unknown",
                f"the catalogue in force has no product {line.product!r}",
                line.pointer,
                "Name a product of the catalogue (GET /v1/products), or ask the regulator to publish this "
                "one (set-policy, products).",
                {"lot": line.lot, "product": line.product},
            )
        )
    return "" if product is None else product.stage


def _told(parents: Iterable[int]) -> tuple[int, ...] | None:
    """Parents as a lot's record tells them: None where they are too many."""
    told = tuple(sorted(set(parents)))
    return told if len(told) <= MOST_TOLD else None


def composition_of(line: Line) -> Composition:
    """What an output is declared to contain.

    Raises:
        Impossible: It is not declared.
    """
    if line.composition is None:
        raise Impossible(
            Finding(
                "composition.required",
                f"{line.lot} is born without a composition",
                line.pointer,
                "Declare it in ree:lots: treoFraction and elementFractions.",
                {"lot": line.lot},
            )
        )
    return line.composition


def consumed_mg(postings: Iterable[PostingRecord]) -> int:
    """How much of a lot's mass went into processes and pools, from all lines that move shares of it."""
    return -sum(posting.mass_mg for posting in postings)


def revaluation(earlier: LotRecord, lot: LotRecord, consumed: int) -> dict[str, Fraction]:
    """What a consumed share is worth more by the new record than by the old, by element."""
    new, old = element_masses(lot.cells), element_masses(earlier.cells)
    return {
        element: Fraction(consumed * new.get(element, 0), lot.mass_mg)
        - Fraction(consumed * old.get(element, 0), earlier.mass_mg)
        for element in sorted({*new, *old})
    }


def descends(journal: Journal, nodes: Iterable[int], ancestor: int) -> bool:
    """Whether one of the nodes is the ancestor, or was made from it.

    Walks down from the ancestor: only what was recorded since the lot was first named can be made from it.
    """
    wanted = set(nodes)
    if not wanted:
        return False
    seen, level = {ancestor}, [ancestor]
    while level:
        if not wanted.isdisjoint(level):
            return True
        journal.books.prefetch_groups(EdgeRecord, "parent", [(node,) for node in level])
        below = {child for node in level for child in _children(journal, node)}
        level = sorted(below - seen)
        seen |= below
    return False


def _bear_from_outside(journal: Journal, line: Line, *, origin: str, custodian: str) -> None:
    movement = journal.movement
    contained_mg = composition_of(line).contained_mg
    status = birth_status(movement.kind, stage_of(journal, line))
    cells: dict[Cell, int] = {
        (element, origin, status): mass_mg for element, mass_mg in contained_mg.items() if mass_mg
    }
    owner = movement.owner_to or custodian
    bear_lot(journal, line, cells=cells, owner=owner, custodian=custodian, from_outside=True)


def _check_window(journal: Journal) -> None:
    until = journal.recording.policy.opening_until_us
    if until is not None and journal.recording.recorded_at_us >= until:
        raise Impossible(
            Finding(
                "opening.closed",
                "the window for opening stocks has closed",
                journal.movement.pointer,
                "Record how the goods came there: extract, import, receive, process. A regulator may adjust.",
                {"opening_until_us": until},
            )
        )


def _take_back(journal: Journal, line: Line, custodian: str) -> None:
    exported_mg = abroad_mg(journal.books, line.lot)
    if exported_mg <= 0:
        raise Impossible(
            Finding(
                "lot.not-exported",
                f"nothing of {line.lot} is abroad",
                line.pointer,
                "Have its export recorded first; goods that never left are received, not imported.",
                {"lot": line.lot},
            )
        )
    lot = journal.lot(line)
    mass_mg = journal.amount(line, exported_mg, "back from abroad")
    movement = journal.movement
    reference = f"{custodian} {movement.shipment or movement.event_id}"
    journal.post("exported", lot=lot.lot, mass_mg=-mass_mg, custodian=custodian, reference=reference)
    journal.give(
        lot.lot, mass_mg, owner=movement.owner_to or custodian, custodian=custodian, site=movement.site
    )


def node_of(journal: Journal, earlier: LotRecord | None) -> int:
    """Its own number; the number of what stood there where something was made from that."""
    if earlier is not None and (earlier.birth == BIRTH_AWAITED or any(_children(journal, earlier.node))):
        return earlier.node
    return journal.next_node()


def _children(journal: Journal, node: int) -> Iterator[int]:
    """What was made from a node and was not taken back."""
    for edge in journal.books.group(EdgeRecord, "parent", node):
        if edge.voided_at is None:
            yield edge.child


def _reconcile(
    journal: Journal,
    line: Line,
    earlier: LotRecord,
    lot: LotRecord,
    parents: Sequence[int],
    custodian: str,
) -> None:
    if lot.node == earlier.node and descends(journal, parents, lot.node):
        raise Impossible(
            Finding(
                "graph.cycle",
                f"{lot.lot} would be made from what was made from it",
                line.pointer,
                "Correct the inputs, or the movements that used the lot before its birth was recorded.",
                {"lot": lot.lot, "node": lot.node},
            )
        )
    journal.effect.awaited[lot.lot] = _received_mg(journal, lot)
    if earlier.product and not earlier.producer:  # it stands there by a receipt alone
        journal.effect.expected[lot.lot] = earlier.product
    supersede(journal, earlier, lot, custodian)


def supersede(journal: Journal, earlier: LotRecord, lot: LotRecord, custodian: str) -> None:
    """Keeps what a lot's record said before, and posts what its consumed share is worth more by now, at who
    says what it is.
    """
    keep_version(journal, earlier)
    consumed = consumed_mg(journal.books.group(PostingRecord, "lot", lot.lot))
    if consumed > 0:
        journal.effect.revalued[lot.lot] = (earlier, consumed)
    makes_up: Mapping[str, Fraction] = revaluation(earlier, lot, consumed)
    journal.post("difference", contained=makes_up, custodian=custodian, reference=f"{REVALUED}{lot.lot}")


def keep_version(journal: Journal, lot: LotRecord, made_of: Iterable[int] = ()) -> None:
    """Keeps what a lot's record says before this entry first changes it.

    Args:
        journal: Of what changes it.
        lot: The record as it stands.
        made_of: The nodes that it was made from; an awaited lot and one without a birth have none.
    """
    books, index = journal.books, journal.recording.index
    if books.get(LotVersionRecord, lot.lot, index) is not None:
        return  # something before in the same entry changed it
    kept = {name: getattr(lot, name) for name in _KEPT}
    books.put(LotVersionRecord(changed_at=index, **kept, made_of=tuple(sorted(made_of))))


def _received_mg(journal: Journal, lot: LotRecord) -> int:
    """The most of a lot that is awaited from one consignor, in mg: more than there is was never sent."""
    sent: dict[str, int] = {}
    for receipt in journal.books.group(ProvisionalRecord, "lot", lot.lot):
        sent[receipt.consignor] = sent.get(receipt.consignor, 0) + receipt.left_mg
    return max(sent.values(), default=0)
