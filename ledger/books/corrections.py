"""Corrections: what an event booked is taken back at today's index, and its replacement booked in its place.

Decides: that history stays as recorded (every line stands, its reversal follows), that only the issuer of an
event corrects it, once, by an event of the same kind; and that a correction is refused where a holding, a
pool or a shipment would be negative after it: then what was made or sent out of the goods is named, for it
must be corrected first. Balances may be negative while the replacement is not booked yet.

A lot whose birth is taken back loses its name, unless it was received provisionally: then it awaits its birth
again. What was used out of a lot that its replacement bears with other contents is made up for by ``births``.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from ledger.books import returns, settling, shipments, units
from ledger.books.accounts import Journal, abroad_mg, posted
from ledger.books.births import BIRTH_AWAITED, REVALUED, keep_version
from ledger.books.context import Impossible
from ledger.books.counting import birth_status
from ledger.books.pool_corrections import judge_pool, undo_pool
from ledger.books.technology import undo_technology
from ledger.findings import Finding
from ledger.records.books import Key
from ledger.records.cells import AWAITED, Cell
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.quick import replace

_SENT: Final = ("ship", "export", "disclose", "return", "release")
_MOST_NAMED: Final = 20


def undo(journal: Journal) -> None:
    """Takes back what the corrected event booked.

    Afterwards ``recording.correcting`` holds until ``check`` was called.

    Raises:
        Impossible: ``correction.unknown``, ``correction.repeated``, ``correction.other-kind``,
            ``shipment.closed``.
    """
    recording, books = journal.recording, journal.books
    event = _corrected(journal)
    recording.unchecked.add(("event", recording.issuer, event.event_id))
    journal.effect.corrected, journal.effect.corrected_us = event.event_id, event.event_time_us
    lines = _own_lines(journal, event)
    if event.movement in _SENT:
        for shipment in _own_shipments(journal, event, lines):
            _check_not_cancelled(journal, shipment)
            recording.unchecked.add(("shipment", shipment.consignor, shipment.event_id))
            shipments.send_back(journal, shipment)
    elif event.movement == "refuse":
        for shipment in _own_shipments(journal, event, lines):
            recording.unchecked.add(("shipment", shipment.consignor, shipment.event_id))
            returns.travelled_back(journal, shipment)
    elif event.movement in ("pack", "unpack"):
        units.undo_packing(journal, event)
    elif event.movement == "impart":
        undo_technology(journal, event)
    else:
        if event.movement == "cancel":
            _reopen(journal, lines)
        if event.movement == "receive":
            _undo_provisional(journal, event, lines)
        _undo_births(journal, event, lines)
        _reverse(journal, lines)
        if lines:
            _make_up(journal, event, lines)
        for pool in sorted({line.pool for line in lines if line.account == "pool"}):
            recording.unchecked.add(("pool", pool, event.entry_index))
            undo_pool(journal, pool, event)
    books.put(replace(event, state="corrected", changed_at=recording.index))


def check(journal: Journal) -> None:
    """Judges what a correction touched, once its replacement is booked.

    Raises:
        Impossible: ``correction.negative``, naming what was made or sent out of the goods.
    """
    unchecked = journal.recording.unchecked
    touched = sorted(unchecked, key=repr)
    findings: list[Finding] = []
    settling.mark_all(journal, ((key[0], key[1:]) for key in touched if len(key) == 4))
    for key in touched:
        if len(key) == 4:
            findings.extend(_judge_holding(journal, key))
        elif key[0] == "pool":
            findings.extend(judge_pool(journal, key[1], key[2]))
        elif key[0] == "abroad":
            findings.extend(_judge_abroad(journal, key[1]))
        elif key[0] == "shipment":
            findings.extend(_judge_shipment(journal, key[1], key[2]))
    if findings:
        raise Impossible(*findings)
    for key in touched:
        if key[0] == "lot" and len(key) == 2:
            _settle_name(journal, key[1])
    unchecked.clear()


def _corrected(journal: Journal) -> EventRecord:
    movement, recording = journal.movement, journal.recording
    event = journal.books.get(EventRecord, recording.issuer, movement.corrects)
    if event is None:
        raise _impossible(
            journal,
            "correction.unknown",
            f"{recording.issuer} recorded no movement {movement.corrects}",
            "Repeat the eventID of a movement of your own; what others recorded, they correct.",
            {"event": movement.corrects},
        )
    if event.state != "booked":
        raise _impossible(
            journal,
            "correction.repeated",
            f"entry {event.changed_at} corrected {movement.corrects} already",
            "Correct the event that replaced it, or record what happened as a new event.",
            {"event": movement.corrects, "index": event.changed_at},
        )
    if movement.kind != event.movement:
        undoes = movement.did_not_occur
        raise _impossible(
            journal,
            "correction.other-kind",
            f"{movement.corrects} is a {event.movement}, and "
            f"{'what undoes it says that it is' if undoes else 'its replacement'} a {movement.kind}",
            "Repeat the event as it was recorded, with its errorDeclaration."
            if undoes
            else "Declare that the earlier event did not occur, and record the other as an event of its own.",
            {"event": movement.corrects, "was": event.movement, "is": movement.kind},
        )
    return event


def _check_not_cancelled(journal: Journal, shipment: ShipmentRecord) -> None:
    """What a cancellation brought back does not come back a second time."""
    if shipment.state == "voided":
        raise shipments.impossible(
            journal,
            "shipment.closed",
            f"shipment {shipment.event_id} was cancelled, and its goods are back already",
            "Nothing is left to undo; if it did travel, declare that the cancellation did not occur.",
            shipment,
        )


def _own_lines(journal: Journal, event: EventRecord) -> list[PostingRecord]:
    """The lines by which the event booked itself, not those that undid another or revalued a lot."""
    return [
        line
        for line in journal.books.group(PostingRecord, "event", event.entry_index, event.position)
        if line.line >= event.first_line and not line.reference.startswith(REVALUED)
    ]


def _own_shipments(
    journal: Journal, event: EventRecord, lines: Sequence[PostingRecord]
) -> list[ShipmentRecord]:
    """The shipments that the event made; one, but for none where it moved nothing."""
    consignors = {
        words[0]
        for words in (line.reference.split(" ") for line in lines)
        if len(words) >= 2 and words[1] == event.event_id
    }
    found = (journal.books.get(ShipmentRecord, name, event.event_id) for name in sorted(consignors))
    return [
        shipment
        for shipment in found
        if shipment is not None
        and (shipment.entry_index, shipment.position) == (event.entry_index, event.position)
    ]


def _reverse(journal: Journal, lines: Iterable[PostingRecord]) -> None:
    """Posts every line again with the other sign, and puts what it changed back."""
    travelling: dict[tuple[str, str], ShipmentRecord] = {}
    for line in lines:
        if line.account == "holding":
            journal.give(line.lot, -line.mass_mg, owner=line.owner, custodian=line.custodian, site=line.site)
            continue
        shipment = _in_transit(journal, line)
        if shipment is not None:
            on = shipments.return_to_transit(journal, shipment, line.lot, -line.mass_mg)
            travelling[on.consignor, on.event_id] = on
            continue
        journal.post(
            line.account,
            lot=line.lot,
            mass_mg=-line.mass_mg,
            contained={element: -Fraction(text) for element, text in line.contained.items()},
            owner=line.owner,
            custodian=line.custodian,
            site=line.site,
            pool=line.pool,
            reference=line.reference,
        )
    for shipment in travelling.values():
        shipments.reopen(journal, shipment)


def _make_up(journal: Journal, event: EventRecord, lines: Sequence[PostingRecord]) -> None:
    """What it used may be worth more now (``births``) than when it was booked; that is a difference.

    Only processes, feeds and draws use something, and all their lines are their custodian's.
    """
    more: dict[str, Fraction] = {}
    for line in lines:
        lot = journal.books.get(LotRecord, line.lot) if line.lot else None
        for element, mass in posted(line, lot).items():
            more[element] = more.get(element, Fraction(0)) + mass
    journal.post(
        "difference",
        contained=more,
        custodian=lines[0].custodian,
        site=lines[0].site,
        reference=f"{REVALUED}{event.event_id}",
    )


def _in_transit(journal: Journal, line: PostingRecord) -> ShipmentRecord | None:
    words = line.reference.split(" ")
    if line.account != "transit" or len(words) != 2:
        return None
    return journal.books.get(ShipmentRecord, words[0], words[1])


def _reopen(journal: Journal, lines: Iterable[PostingRecord]) -> None:
    """The shipments that a cancellation voided are open again."""
    for words in sorted({tuple(line.reference.split(" ")) for line in lines if line.reference}):
        shipment = journal.books.get(ShipmentRecord, *words) if len(words) == 2 else None
        if shipment is not None and shipment.state == "voided":
            settling.put_shipment(journal, replace(shipment, state="open"))


def _undo_provisional(journal: Journal, event: EventRecord, lines: Sequence[PostingRecord]) -> None:
    """Takes a receipt that came before its shipment out of what settled it; its own lines follow."""
    unsettling = settling.Unsettling(journal)
    for line in lines:
        words = line.reference.split(" ")
        if line.account != "suspense" or len(words) != 2 or words[1] != event.event_id:
            continue
        receipt = journal.books.get(ProvisionalRecord, words[0], event.event_id, line.lot)
        assert receipt is not None
        unsettling.of_receipt(receipt)
        journal.books.put(replace(receipt, left_mg=0, settled_at=journal.recording.index))
        journal.recording.unchecked.add(("lot", line.lot))
    unsettling.finish()


def _undo_births(journal: Journal, event: EventRecord, lines: Sequence[PostingRecord]) -> None:
    """Takes their names from the lots that the event bore, and their edges."""
    index = journal.recording.index
    for name in sorted({line.lot for line in lines if line.lot and line.mass_mg > 0}):
        lot = journal.books.get(LotRecord, name)
        if lot is None or (lot.entry_index, lot.position) != (event.entry_index, event.position):
            continue
        journal.recording.unchecked.add(("lot", name))
        if lot.birth == BIRTH_AWAITED:
            continue
        edges = journal.books.group(EdgeRecord, "child", lot.node)
        keep_version(journal, lot, [edge.parent for edge in edges if edge.voided_at is None])
        journal.books.put(replace(lot, voided_at=index, made_of=None))
        for edge in edges:
            if edge.entry_index == event.entry_index:
                journal.books.put(replace(edge, voided_at=index))


def _judge_holding(journal: Journal, key: Key) -> list[Finding]:
    holding = journal.books.get(HoldingRecord, *key)
    if holding is None or holding.mass_mg >= 0:
        return []
    return [
        Finding(
            "correction.negative",
            f"{holding.custodian} would hold {holding.mass_mg} mg of {holding.lot} at {holding.site}",
            journal.movement.pointer,
            "Correct first what was made or sent out of it; the evidence names it.",
            {
                "lot": holding.lot,
                "left_mg": holding.mass_mg,
                "lots": _descendants(journal, holding),
                "movements": _users(journal, holding),
            },
        )
    ]


def _descendants(journal: Journal, holding: HoldingRecord) -> list[str]:
    """Lots and pools that its holder made from a lot; what others made of it is their secret."""
    lot = journal.books.get(LotRecord, holding.lot)
    own = (holding.custodian, journal.recording.issuer)
    edges = [] if lot is None else journal.books.group(EdgeRecord, "parent", lot.node)
    names: list[str] = []
    for edge in edges:
        if edge.voided_at is None:
            made = journal.books.group(LotRecord, "node", edge.child)
            names.extend(child.lot for child in made if child.producer in own)
            for version in journal.books.group(PoolVersionRecord, "node", edge.child):
                pool = journal.books.get(PoolRecord, version.pool)
                if pool is not None and pool.custodian in own:
                    names.append(f"{version.pool} version {version.version}")
    return sorted(names)[:_MOST_NAMED]


def _users(journal: Journal, holding: HoldingRecord) -> list[dict[str, object]]:
    """The entries that took from a holding, the newest first."""
    taken = {
        (line.entry_index, line.position)
        for line in journal.books.group(PostingRecord, "lot", holding.lot)
        if line.account == "holding"
        and line.mass_mg < 0
        and (line.owner, line.custodian, line.site) == (holding.owner, holding.custodian, holding.site)
        and line.entry_index != journal.recording.index
    }
    return [
        {"index": index, "position": position} for index, position in sorted(taken)[: -_MOST_NAMED - 1 : -1]
    ]


def _judge_shipment(journal: Journal, consignor: str, event_id: str) -> list[Finding]:
    """A shipment that was taken back may have been received; its receipts are to be corrected first."""
    lines = journal.books.group(ShipmentLineRecord, "shipment", consignor, event_id)
    shipment = journal.books.get(ShipmentRecord, consignor, event_id)
    replacement = "" if shipment is None else shipment.replaced_by
    if replacement:
        lines += journal.books.group(ShipmentLineRecord, "shipment", consignor, replacement)
    return [
        Finding(
            "correction.negative",
            f"{-line.left_mg} mg of {line.lot} were received beyond what shipment {line.event_id} sent",
            journal.movement.pointer,
            "Let the consignee correct its receipts first; the evidence names them.",
            {
                "lot": line.lot,
                "left_mg": line.left_mg,
                "movements": _receipts(journal, line.lot, f"{consignor} {event_id}"),
            },
        )
        for line in lines
        if line.left_mg < 0
    ]


def _judge_abroad(journal: Journal, lot: str) -> list[Finding]:
    """What never went abroad did not come back from there."""
    mass_mg = abroad_mg(journal.books, lot)
    if mass_mg >= 0:
        return []
    returned = {
        (line.entry_index, line.position)
        for line in journal.books.group(PostingRecord, "lot", lot)
        if line.account == "exported" and line.mass_mg < 0 and line.entry_index != journal.recording.index
    }
    return [
        Finding(
            "correction.negative",
            f"{-mass_mg} mg of {lot} would have come back from abroad that never went there",
            journal.movement.pointer,
            "Correct first the import by which it came back; the evidence names it.",
            {
                "lot": lot,
                "left_mg": mass_mg,
                "movements": [
                    {"index": index, "position": position}
                    for index, position in sorted(returned)[: -_MOST_NAMED - 1 : -1]
                ],
            },
        )
    ]


def _receipts(journal: Journal, lot: str, reference: str) -> list[dict[str, object]]:
    found = {
        (line.entry_index, line.position)
        for line in journal.books.group(PostingRecord, "lot", lot)
        if line.account == "transit"
        and line.mass_mg < 0
        and line.reference == reference
        and line.entry_index != journal.recording.index
    }
    return [{"index": index, "position": position} for index, position in sorted(found)[:_MOST_NAMED]]


def _settle_name(journal: Journal, name: str) -> None:
    """A lot whose birth was taken back awaits it again if it is held, and else has no place left."""
    lot = journal.books.get(LotRecord, name)
    if lot is None or (lot.voided_at is None and lot.birth != BIRTH_AWAITED):
        return
    index = journal.recording.index
    awaited = any(receipt.left_mg for receipt in journal.books.group(ProvisionalRecord, "lot", name))
    held = any(holding.mass_mg for holding in journal.books.group(HoldingRecord, "lot", name))
    if lot.birth == BIRTH_AWAITED:
        gone = not awaited and not held
        if gone and lot.voided_at is None:
            keep_version(journal, lot)
            journal.books.put(replace(lot, voided_at=index))
    elif awaited or held:
        keep_version(journal, lot)
        journal.books.put(replace(lot, birth=BIRTH_AWAITED, cells=_awaiting(lot), voided_at=None))


def _awaiting(lot: LotRecord) -> dict[Cell, int]:
    """The same elements, of an origin that is not known yet."""
    status = birth_status("extract", lot.stage)
    sums: dict[Cell, int] = {}
    for (element, _, _), mass_mg in lot.cells.items():
        cell = (element, f"{AWAITED}{lot.lot}", status)
        sums[cell] = sums.get(cell, 0) + mass_mg
    return sums


def _impossible(
    journal: Journal, code: str, detail: str, mend: str, evidence: Mapping[str, object]
) -> Impossible:
    return Impossible(Finding(code, detail, journal.movement.pointer, mend, evidence))
