"""seal.reused over random histories of packings, unpackings and corrections: no overlap stays unseen."""

import random
from collections.abc import Iterator
from itertools import combinations

import pytest

from ledger.records.lots import SealRecord, UnitRecord
from tests.support.court import Court, name
from tests.unit.controls.test_seals import do, seals_on, stocked

UNITS = ("drum/A", "drum/B", "drum/C")


def some_history(dice: random.Random) -> Court:
    """Books after up to a dozen movements of three units under two seals, at a few times, in any order."""
    court = stocked()
    booked: dict[str, str] = {}
    for number in range(dice.randrange(3, 14)):
        event, hour = f"event {number}", dice.randrange(8)
        seals = tuple(dice.sample(("S-1", "S-2"), dice.choice((1, 1, 2))))
        if booked and dice.random() < 0.2:
            wrong = dice.choice(sorted(booked))
            undone = dice.random() < 0.5
            how = {"event_id": wrong, "did_not_occur": True} if undone else {"event_id": event}
            said = booked[wrong]
            if not do(court, said, hour, corrects=wrong, **how).refused:
                del booked[wrong]
                booked.update({} if undone else {event: said})
        else:
            kind = dice.choice(("pack", "unpack"))
            said = f"{kind} {dice.choice(UNITS)}"
            sealed = {"seals": seals} if kind == "pack" else {}
            if not do(court, said, hour, event_id=event, **sealed).refused:
                booked[event] = said
        for unit in UNITS:
            if court.books.get(UnitRecord, name("plant", unit)) is not None:
                seals_on(court, unit)
    return court


def overlapping(court: Court) -> Iterator[tuple[SealRecord, SealRecord]]:
    """Uses of one seal on two units at one time, those without an end lasting; the one filed first, first.

    Of what began before another that had ended, the end is waited for.
    """
    uses = [
        use
        for use in court.books.records(SealRecord)
        if use.until_us is None or use.until_position is not None
    ]
    for pair in combinations(sorted(uses, key=lambda use: use.since_index), 2):
        first, second = pair
        if first.seal == second.seal and first.unit != second.unit:
            starts, ends = zip(*((use.since_us, use.until_us or 1 << 62) for use in pair), strict=True)
            waited_for = second.until_us is None and first.until_us is not None and starts[1] < starts[0]
            if starts[0] < ends[1] and starts[1] < ends[0] and not waited_for:
                yield first, second


@pytest.mark.parametrize("seed", range(8))
def test_every_overlap_was_told_once_both_uses_were_recorded(seed: int) -> None:
    dice = random.Random(seed)
    seen = 0
    for _ in range(20):
        court = some_history(dice)
        alerts = court.alerts("seal.reused")
        for first, second in overlapping(court):
            seen += 1
            told = [alert.entry_index for alert in alerts if alert.subject == f"seal:{first.seal}"]
            assert max(told, default=-1) >= second.since_index, (first, second)
    assert seen > 5
