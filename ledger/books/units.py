"""Logistic units: what is packed into what, and what a list of units means.

Decides: membership over time, and which lots a movement of units moves. Packing moves nothing in the books:
what a unit contains stays in the holdings of whoever has it, and shipping a unit ships its open contents.

What is packed may be used or shipped without unpacking: firms forget to record that they opened a drum,
and what happened must be recordable. The unit then contains more than there is, and its own shipment is
refused as overdrawn until it is unpacked. Only a thing that cannot be in two places (an instance, a unit)
must be taken out of one unit before it goes into another.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.custody import acting_custodian
from ledger.books.seals import close_seals, open_seals, undo_seals
from ledger.findings import Finding
from ledger.movements.movement import Line
from ledger.records.books import Books
from ledger.records.lots import (
    EventRecord,
    HoldingRecord,
    LotRecord,
    MemberRecord,
    UnitRecord,
)


def members(books: Books, unit: str) -> list[MemberRecord]:
    """What is directly inside a unit now."""
    return [member for member in books.group(MemberRecord, "unit", unit) if member.until_us is None]


def contents(books: Books, unit: str) -> dict[str, int]:
    """Share of each lot's mass inside a unit now, those in nested units included."""
    masses: dict[str, int] = {}
    seen, waiting = {unit}, [unit]
    while waiting:
        for member in members(books, waiting.pop()):
            if member.mass_mg:
                masses[member.child] = masses.get(member.child, 0) + member.mass_mg
            elif member.child not in seen:
                seen.add(member.child)
                waiting.append(member.child)
    return masses


def _contents_together(books: Books, units: Sequence[str]) -> dict[str, int]:
    """The sum of what units contain; what is in one that is listed beside the unit around it counts twice.

    Every unit is looked into once: a unit is inside one other at most.
    """
    masses: dict[str, int] = {}
    times = dict.fromkeys(units, 1)
    for unit, inside in _from_outside(books, units):
        for member in inside:
            if member.mass_mg:
                masses[member.child] = masses.get(member.child, 0) + times[unit] * member.mass_mg
        for child in {member.child: None for member in inside if not member.mass_mg}:
            times[child] = times.get(child, 0) + times[unit]
    return masses


def _from_outside(books: Books, units: Sequence[str]) -> list[tuple[str, list[MemberRecord]]]:
    """Units and all that are inside them with what is directly in each, each once and none before the one
    around it.
    """
    found: dict[str, list[MemberRecord]] = {}
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found[unit] = members(books, unit)
            waiting.extend(member.child for member in found[unit] if not member.mass_mg)
    within = {member.child for inside in found.values() for member in inside if not member.mass_mg}
    ordered: dict[str, None] = {}
    waiting = sorted(units, key=within.__contains__, reverse=True)
    while waiting:
        unit = waiting.pop()
        if unit not in ordered:
            ordered[unit] = None
            waiting.extend(member.child for member in found[unit] if not member.mass_mg)
    return [(unit, found[unit]) for unit in ordered]


class _Known:
    """What a party may know of units: it packed one, or knows by its own books of every lot in it.

    Every lot and every unit is looked at once, however many units are asked about.
    """

    def __init__(
        self, journal: Journal, party: str | None, coming: Container[str], units: Sequence[str]
    ) -> None:
        self._journal, self._party, self._coming, self._units = journal, party, coming, units
        self._strange: dict[str, bool] | None = None
        self._lots: dict[str, bool] = {}

    def may_know(self, unit: UnitRecord) -> bool:
        """Whether the party may know of a unit, one of those that were named."""
        if self._party in (None, unit.packer):
            return True
        if self._strange is None:
            self._strange = self._look()
        return not self._strange[unit.unit]

    def _look(self) -> dict[str, bool]:
        """Whether there is a lot in each unit of which the party knows nothing."""
        strange: dict[str, bool] = {}
        for unit, inside in reversed(_from_outside(self._journal.books, self._units)):
            strange[unit] = any(
                not self._knows(member.child) if member.mass_mg else strange.get(member.child, False)
                for member in inside
            )
        return strange

    def _knows(self, lot: str) -> bool:
        if lot not in self._lots:
            holdings = self._journal.books.group(HoldingRecord, "lot", lot)
            self._lots[lot] = lot in self._coming or any(
                self._party in (held.custodian, held.owner) for held in holdings
            )
        return self._lots[lot]


def goods(
    journal: Journal, party: str | None, *, weighed: bool = False, coming: Container[str] = ()
) -> list[Line]:
    """The lots that a movement moves, those in its units included.

    Units that are listed alone mean their open contents. Where the movement lists lots of theirs as well,
    that list is explicit and must agree with the contents: all of them, and by mass as far as two scales
    agree. Other lots beside the units are loose goods.

    Args:
        party: Who moves them: a unit of whose contents it never had anything is not told from one that is
            not there. None: anybody may, for nothing is told of the contents.
        coming: Lots that travel to it.
        weighed: The movement receives: its own masses hold, and what is in units without being listed was
            not weighed (mass None).

    Raises:
        Impossible: ``unit.unknown``, ``unit.disagrees``.
    """
    movement = journal.movement
    listed = {line.lot for line in movement.inputs}
    known = _Known(journal, party, coming, movement.units)
    open_: list[str] = []
    for unit in movement.units:
        found = journal.books.get(UnitRecord, unit)
        if found is not None and found.open and known.may_know(found):
            open_.append(unit)
        elif not weighed or not listed:
            raise _unknown(journal, unit)
    packed = _contents_together(journal.books, open_)
    lines = list(movement.inputs)
    if not listed.isdisjoint(packed):
        if weighed:
            return lines
        _check_agreement(journal, packed)
        return [
            replace(line, mass_mg=packed.pop(line.lot, 0)) if line.lot in packed else line
            for line in _merged(lines)
        ]
    for lot, mass_mg in sorted(packed.items()):
        record = journal.books.get(LotRecord, lot)
        instance = record is not None and record.instance
        stated = None if weighed else mass_mg
        lines.append(Line(lot, stated, instance=instance, pointer=movement.pointer))
    return lines


def book_pack(journal: Journal) -> None:
    """Packs lots and units into a unit, and closes its seals.

    A unit that its packer packed before and still has is added to, and keeps its seals. One whose contents
    went away meanwhile is used again: it begins anew, and the rule ``seal.reused`` hears of it. So it does of
    one that is closed by now, but was in use by another packer at the time of the event.

    Raises:
        Impossible: The packer has not so much of a lot, or a thing is in another unit already.
    """
    movement = journal.movement
    packer = acting_custodian(journal, movement.custodian_from)
    unit = movement.parent
    before = journal.books.get(UnitRecord, unit)
    if before is not None and before.open:
        if before.packer != packer or not _still_has(journal, packer, unit):
            journal.effect.reused[unit] = before.entry_index
            _end_members(journal, members(journal.books, unit))
            open_seals(journal, unit)
    elif before is not None and before.packer != packer and _was_in_use(journal, before):
        journal.effect.reused[unit] = before.entry_index
    for line in movement.inputs:
        holding = journal.source(line, custodian=packer, site=movement.site, owner=movement.owner_from)
        lot = journal.lot(line)
        mass_mg = journal.amount(line, holding.mass_mg, f"from {packer} at {holding.site}")
        if lot.instance:
            _check_free(journal, lot.lot, line.pointer)
            mass_mg = lot.mass_mg
        _put_in(journal, lot.lot, mass_mg)
    known = _Known(journal, packer, (), movement.units)
    for child in movement.units:
        inner = journal.books.get(UnitRecord, child)
        if inner is None or not inner.open or not known.may_know(inner):
            raise _unknown(journal, child)
        _check_free(journal, child, movement.pointer)
        if child == unit or unit in _inside(journal.books, child):
            raise _impossible(journal, "unit.nested-in-itself", f"{unit} would be inside itself", unit)
        _put_in(journal, child, 0)
    close_seals(journal)
    journal.books.put(
        UnitRecord(
            unit=unit,
            packer=packer,
            site=movement.site,
            entry_index=journal.recording.index,
            event_time_us=movement.event_time_us,
            open=True,
        )
    )
    _mark_event(journal, unit)


def book_unpack(journal: Journal) -> None:
    """Takes children out of a unit: all of them where none are listed. Its seals are open from then on.

    Raises:
        Impossible: The unit is not open, does not contain what is taken out, or belongs to others.
    """
    movement = journal.movement
    opener = acting_custodian(journal, movement.custodian_from)
    unit = journal.books.get(UnitRecord, movement.parent)
    known = _Known(journal, opener, (), (movement.parent,))
    if unit is None or not unit.open or not known.may_know(unit):
        raise _unknown(journal, movement.parent)
    inside = members(journal.books, unit.unit)
    if opener != unit.packer and not _has_any(journal, opener, unit.unit):
        raise _impossible(
            journal, "custody.not-holder", f"{opener} has nothing of what is in {unit.unit}", unit.unit
        )
    if movement.inputs or movement.units:
        by_child: dict[str, list[MemberRecord]] = {}
        for member in inside:
            by_child.setdefault(member.child, []).append(member)
        for line in movement.inputs:
            _take_out(journal, line.lot, line.mass_mg, by_child.get(line.lot, ()), line.pointer)
        for child in movement.units:
            _take_out(journal, child, None, by_child.get(child, ()), movement.pointer)
    else:
        _end_members(journal, inside)
    open_seals(journal, unit.unit)
    still = bool(members(journal.books, unit.unit))
    journal.books.put(replace(unit, open=still))
    _mark_event(journal, unit.unit)


def undo_packing(journal: Journal, event: EventRecord) -> None:
    """Takes back what an event put into its unit or took out of it, and what it did to the seals."""
    books = journal.books
    unit = books.get(UnitRecord, event.unit)
    if unit is None:
        return
    place = (event.entry_index, event.position)
    for member in books.group(MemberRecord, "unit", event.unit):
        if (member.since_index, member.since_position) == place:
            index = journal.recording.index
            books.put(replace(member, until_us=member.since_us, until_index=index, until_position=None))
        elif (member.until_index, member.until_position) == place:
            _check_still_free(journal, member)
            if not member.mass_mg and event.unit in _inside(books, member.child):
                detail = f"{event.unit} would be inside itself, for it is inside {member.child} by now"
                raise _impossible(journal, "unit.nested-in-itself", detail, event.unit)
            books.put(replace(member, until_us=None, until_index=None, until_position=None))
    still = bool(members(books, event.unit))
    books.put(replace(unit, open=still))
    undo_seals(journal, event)


def _merged(lines: list[Line]) -> list[Line]:
    """One line for each lot; a mass that one of them leaves open stays open."""
    by_lot: dict[str, Line] = {}
    for line in lines:
        other = by_lot.get(line.lot)
        if other is None:
            by_lot[line.lot] = line
        else:
            open_ = line.mass_mg is None or other.mass_mg is None
            mass_mg = None if open_ else (line.mass_mg or 0) + (other.mass_mg or 0)
            by_lot[line.lot] = replace(other, mass_mg=mass_mg)
    return list(by_lot.values())


def _check_agreement(journal: Journal, packed: Mapping[str, int]) -> None:
    allowed = journal.recording.policy.thresholds["whole.excess_share"]
    listed = {line.lot: line for line in _merged(list(journal.movement.inputs))}
    for lot, mass_mg in sorted(packed.items()):
        line = listed.get(lot)
        stated = None if line is None else line.mass_mg
        agrees = line is not None and (stated is None or abs(stated - mass_mg) <= mass_mg * allowed)
        if not agrees:
            raise Impossible(
                Finding(
                    "unit.disagrees",
                    f"the units contain {mass_mg} mg of {lot}; the list says {stated or 0}",
                    journal.movement.pointer if line is None else line.pointer,
                    "List exactly what the units contain, or the units alone; record packing and unpacking.",
                    {"lot": lot, "packed_mg": mass_mg, "listed_mg": stated},
                )
            )


def _still_has(journal: Journal, party: str, unit: str) -> bool:
    """Whether a party has all that a unit contains."""
    inside = contents(journal.books, unit)
    return all(_held(journal.books, party, lot) >= mass_mg for lot, mass_mg in inside.items())


def _has_any(journal: Journal, party: str, unit: str) -> bool:
    return any(_held(journal.books, party, lot) > 0 for lot in contents(journal.books, unit))


def _held(books: Books, party: str, lot: str) -> int:
    holdings = books.group(HoldingRecord, "lot", lot)
    return sum(holding.mass_mg for holding in holdings if holding.custodian == party)


def _was_in_use(journal: Journal, unit: UnitRecord) -> bool:
    """Whether a unit that is closed now had something in it at the time of the event.

    What came out before its last packing does not count, for that may be another packer's; nor what a
    correction took out, which was inside no time at all.
    """
    at_us = journal.movement.event_time_us
    return any(
        member.until_us is not None
        and member.since_us <= at_us < member.until_us
        and unit.event_time_us < member.until_us
        for member in journal.books.group(MemberRecord, "unit", unit.unit)
    )


def _inside(books: Books, unit: str) -> set[str]:
    """Every unit inside a unit, directly or not."""
    seen: set[str] = set()
    waiting = [unit]
    while waiting:
        for member in members(books, waiting.pop()):
            if not member.mass_mg and member.child not in seen:
                seen.add(member.child)
                waiting.append(member.child)
    return seen


def _check_free(journal: Journal, child: str, pointer: str) -> None:
    """One thing is inside one unit at a time."""
    for member in _around(journal.books, child):
        if member.unit != journal.movement.parent:
            raise Impossible(
                Finding(
                    "unit.packed-already",
                    f"{child} is inside {member.unit}",
                    pointer,
                    "Record first that it was unpacked.",
                    {"child": child, "unit": member.unit},
                )
            )


def _check_still_free(journal: Journal, member: MemberRecord) -> None:
    """A thing that was packed again meanwhile cannot go back into the unit that it came out of."""
    lot = journal.books.get(LotRecord, member.child)
    if member.mass_mg and (lot is None or not lot.instance):
        return
    for other in _around(journal.books, member.child):
        raise Impossible(
            Finding(
                "unit.packed-already",
                f"{member.child} is inside {other.unit} by now",
                journal.movement.pointer,
                "Correct first the event by which it was packed again.",
                {"child": member.child, "unit": other.unit},
            )
        )


def _around(books: Books, child: str) -> Iterator[MemberRecord]:
    for member in books.group(MemberRecord, "child", child):
        if member.until_us is None:
            yield member


def _put_in(journal: Journal, child: str, mass_mg: int) -> None:
    key = (journal.movement.parent, child, journal.recording.index, journal.position)
    same = journal.books.get(MemberRecord, *key)
    if same is not None and same.until_us is None:
        mass_mg += same.mass_mg
    journal.books.put(MemberRecord(*key, mass_mg, journal.movement.event_time_us))


def _take_out(
    journal: Journal, child: str, mass_mg: int | None, found: Sequence[MemberRecord], pointer: str
) -> None:
    there = sum(member.mass_mg for member in found)
    if not found or (mass_mg is not None and mass_mg > there):
        raise Impossible(
            Finding(
                "unit.not-inside",
                f"{journal.movement.parent} contains {there} mg of {child}",
                pointer,
                "Correct what was taken out, or record first that it was packed.",
                {"child": child, "inside_mg": there, "taken_mg": mass_mg},
            )
        )
    _end_members(journal, found)
    if mass_mg is not None and mass_mg < there:
        _put_in(journal, child, there - mass_mg)


def _end_members(journal: Journal, ended: Sequence[MemberRecord]) -> None:
    until_us, index = journal.movement.event_time_us, journal.recording.index
    for member in ended:
        after = replace(member, until_us=until_us, until_index=index, until_position=journal.position)
        journal.books.put(after)


def _mark_event(journal: Journal, unit: str) -> None:
    event = journal.books.get(EventRecord, journal.recording.issuer, journal.movement.event_id)
    if event is not None:
        journal.books.put(replace(event, unit=unit))


def _unknown(journal: Journal, unit: str) -> Impossible:
    return _impossible(journal, "unit.unknown", f"no unit {unit} is packed", unit)


def _impossible(journal: Journal, code: str, detail: str, unit: str) -> Impossible:
    return Impossible(
        Finding(
            code,
            detail,
            journal.movement.pointer,
            "Record the packing first, or list the lots themselves.",
            {"unit": unit},
        )
    )
