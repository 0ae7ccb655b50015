"""Seals and units that are in use twice at one time: one tag for two consignments."""

from collections.abc import Iterator
from dataclasses import replace

from ledger.controls.noticing import notice
from ledger.controls.rule import Case, Notice, rule
from ledger.records.books import key_of
from ledger.records.lots import SealRecord


@rule("seal.reused", movements=("pack", "unpack"))
def reused(case: Case) -> Iterator[Notice]:
    """A seal or unit is put to use while it is in use elsewhere; a unit, while another packer has it in use.

    The times of both uses decide, whichever was recorded first. So an unpacking may tell it as well: that is
    of what was packed before, and refuses nothing.
    """
    found = {("unit", name): index for name, index in case.effect.reused.items()}
    for seal, index in _met(case):
        found["seal", seal] = min(index, found.get(("seal", seal), index))
    for (kind, name), index in sorted(found.items()):
        told = notice(
            case,
            "seal.reused",
            f"the {kind} {name} is in use elsewhere at the same time, since entry {index}",
            "Record first that it was opened (unpack), or correct its number or the times.",
            subject=f"{kind}:{name}",
            name=name,
            since_entry=index,
        )
        yield replace(told, past=case.movement.kind == "unpack")


def _met(case: Case) -> Iterator[tuple[str, int]]:
    """The seals with a use that overlaps another now, and did not before; with the entry of the other."""
    before = case.effect.sealed
    for key, use_before in before.items():
        use = case.recording.books.get(SealRecord, *key)
        assert use is not None
        for other in case.recording.books.group(SealRecord, "seal", use.seal):
            if _overlap(use, other):
                other_before = before.get(key_of(other), other)
                if use_before is None or other_before is None or not _overlap(use_before, other_before):
                    yield use.seal, other.since_index


def _overlap(one: SealRecord, other: SealRecord) -> bool:
    """Whether a seal is known to be on two units at one time.

    A use without an end lasts. Only where the other one had ended before it was recorded, and began after it,
    is its own end waited for: that tells.
    """
    if one.unit == other.unit or _taken_back(one) or _taken_back(other):
        return False
    first, second = sorted((one, other), key=lambda use: (use.since_index, use.since_position))
    if first.until_us is not None and second.until_us is None:
        ended_before = (first.until_index, first.until_position) < (second.since_index, second.since_position)
        if ended_before and second.since_us < first.since_us:
            return False
    return _begins_within(one, other) and _begins_within(other, one)


def _begins_within(one: SealRecord, other: SealRecord) -> bool:
    """Whether a use begins before another ends."""
    return other.until_us is None or one.since_us < other.until_us


def _taken_back(use: SealRecord) -> bool:
    return use.until_us is not None and use.until_position is None
