"""seal.reused: by the times of both uses of a seal or unit, whichever is recorded first."""

from itertools import combinations, permutations, product
from typing import Any

import pytest

from ledger.books.seals import on_unit
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.lots import SealRecord, UnitRecord
from tests.support.court import DAY_US, HOUR_US, KG, Court, accepted, flags, name, refusals

DRUM = name("plant", "drum/1")
TOLD = [f"unit:{DRUM}"]
REUSED = ["seal.reused"]
PACK_A, OPEN_A, PACK_B, OPEN_B = "pack drum/A", "unpack drum/A", "pack drum/B", "unpack drum/B"


def stocked() -> Court:
    court = Court()
    for firm in ("plant", "recycler"):
        born_us = court.now_us - 9 * DAY_US
        court.extract(firm, "lot/1", {"La": 50 * KG}, "la-oxide", mass_mg=100 * KG, at_us=born_us)
    return court


def do(court: Court, said: str, hour: float = 0, firm: str = "plant", **members: Any) -> Recorded:
    """Packs 1 kg into a unit under the seal S-1, or empties the unit: at an hour of some day."""
    kind, _, unit = said.partition(" ")
    if kind == "pack" and not members.get("did_not_occur"):
        members = {"seals": ("S-1",), "inputs": (Line(name(firm, "lot/1"), KG),), **members}
    at_us = court.now_us - 8 * DAY_US + round(hour * HOUR_US)
    return court.file(kind, firm, at_us=at_us, **{"parent": name("plant", unit), "event_id": said, **members})


def undo(court: Court, said: str) -> Recorded:
    return do(court, said, corrects=said, did_not_occur=True)


def told(court: Court, *filed: tuple[str, float]) -> list[str]:
    """Which of some movements tell of a seal, each once."""
    found = [said for said, hour in filed if flags(do(court, said, hour)) == REUSED]
    assert len(court.alerts("seal.reused")) == len(found)
    return found


def seals_on(court: Court, unit: str) -> tuple[str, ...]:
    """What is on a unit now: on a closed one nothing."""
    found = court.books.get(UnitRecord, name("plant", unit))
    assert found is not None
    uses = on_unit(court.books, found.unit)
    assert found.open or not uses
    return tuple(use.seal for use in uses)


def test_a_seal_is_used_again_once_it_was_opened() -> None:
    assert told(stocked(), (PACK_A, 1), (OPEN_A, 5), (PACK_B, 10)) == []


def test_a_seal_on_two_units_is_noticed() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (PACK_B, 2)) == [PACK_B]
    (alert,) = court.alerts("seal.reused")
    (first, _) = court.books.group(SealRecord, "seal", "S-1")
    assert (alert.subject, alert.evidence["since_entry"]) == ("seal:S-1", first.since_index)


def test_of_several_units_the_first_is_named_and_one_alert_is_opened() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (PACK_B, 2), ("pack drum/C", 3)) == [PACK_B, "pack drum/C"]
    (first, *_) = court.books.group(SealRecord, "seal", "S-1")
    since = [alert.evidence["since_entry"] for alert in court.alerts("seal.reused")]
    assert since == [first.since_index] * 2


def test_the_same_unit_is_no_other() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (OPEN_A, 5)) == []
    assert flags(do(court, PACK_A, 3, event_id="again")) == []


@pytest.mark.parametrize(
    ("order", "teller"),
    [
        ((PACK_A, OPEN_A, PACK_B), PACK_B),
        ((PACK_A, PACK_B, OPEN_A), PACK_B),
        ((PACK_B, PACK_A, OPEN_A), PACK_A),
    ],
)
def test_two_uses_at_one_time_are_told_once_in_any_order(order: tuple[str, ...], teller: str) -> None:
    hours = {PACK_A: 1, OPEN_A: 15, PACK_B: 10}
    assert told(stocked(), *((said, hours[said]) for said in order)) == [teller]


@pytest.mark.parametrize(
    ("opened", "tellers"), [(5, []), (10, []), (10.5, [OPEN_A]), (15, [OPEN_A]), (25, [OPEN_A])]
)
def test_a_packing_that_is_filed_after_a_later_use_had_ended_waits_for_its_own_end(
    opened: float, tellers: list[str]
) -> None:
    assert told(stocked(), (PACK_B, 10), (OPEN_B, 20), (PACK_A, 1), (OPEN_A, opened)) == tellers


def test_an_honest_unpacking_that_is_filed_late_is_told_and_its_own_filing_is_not() -> None:
    assert told(stocked(), (PACK_A, 1), (PACK_B, 10), (OPEN_A, 5), (OPEN_B, 20)) == [PACK_B]


def test_at_the_moment_of_opening_the_seal_is_free() -> None:
    assert told(stocked(), (PACK_A, 1), (OPEN_A, 10), (PACK_B, 10)) == []
    assert told(stocked(), (PACK_A, 1), (OPEN_A, 10), (PACK_B, 0), (OPEN_B, 1)) == []


def test_what_is_opened_as_it_is_packed_overlaps_what_is_around_it_alone() -> None:
    assert told(stocked(), (PACK_A, 5), (OPEN_A, 5), (PACK_B, 5)) == []
    assert told(stocked(), (PACK_A, 5), (OPEN_A, 5), (PACK_B, 1), (OPEN_B, 9)) == [OPEN_B]


def _orders() -> list[tuple[str, ...]]:
    said = (PACK_A, OPEN_A, PACK_B, OPEN_B)
    return [
        order
        for order in permutations(said)
        if order.index(PACK_A) < order.index(OPEN_A) and order.index(PACK_B) < order.index(OPEN_B)
    ]


@pytest.mark.parametrize("order", _orders())
def test_two_uses_are_told_once_if_they_overlap_and_else_only_where_an_unpacking_is_filed_late(
    order: tuple[str, ...],
) -> None:
    spans = list(combinations(range(4), 2))
    late = order[1] in (PACK_A, PACK_B)
    for (since_a, until_a), (since_b, until_b) in product(spans, spans):
        hours = {PACK_A: since_a, OPEN_A: until_a, PACK_B: since_b, OPEN_B: until_b}
        tellers = told(stocked(), *((said, hours[said]) for said in order))
        overlap = since_a < until_b and since_b < until_a
        assert len(tellers) == (overlap or late), hours
        assert not late or tellers == [order[1]]


def test_a_packing_adds_to_a_unit_and_tells_of_its_own_seals_alone() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (PACK_B, 2)) == [PACK_B]
    more = {"event_id": "more", "seals": ("S-1", "S-2")}
    assert flags(do(court, PACK_A, 3, **more)) == []
    assert seals_on(court, "drum/A") == ("S-1", "S-2")
    assert len(court.books.group(SealRecord, "seal", "S-1")) == 2
    assert flags(do(court, PACK_A, event_id="more", corrects="more", did_not_occur=True)) == []
    assert seals_on(court, "drum/A") == ("S-1",)


def test_a_packing_that_did_not_occur_frees_its_seal() -> None:
    court = stocked()
    accepted(do(court, PACK_A, 1))
    assert flags(undo(court, PACK_A)) == []
    assert seals_on(court, "drum/A") == ()
    assert told(court, (PACK_B, 10), (OPEN_B, 20)) == []


def test_an_opened_packing_that_did_not_occur_was_no_use_either() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (OPEN_A, 15)) == []
    accepted(undo(court, PACK_A))
    assert told(court, (PACK_B, 10)) == []


@pytest.mark.parametrize(
    ("unit", "hour", "found"), [("drum/A", 12, []), ("drum/A", 9, REUSED), ("drum/B", 9, [])]
)
def test_a_packing_that_is_corrected_is_judged_as_it_is_now(unit: str, hour: float, found: list[str]) -> None:
    court = stocked()
    assert told(court, (PACK_B, 1), (OPEN_B, 10), (PACK_A, 12)) == []
    corrected = {"corrects": PACK_A, "event_id": "mended"}
    assert flags(do(court, f"pack {unit}", hour, **corrected)) == found
    assert seals_on(court, unit) == ("S-1",)


@pytest.mark.parametrize("again", [(), ((OPEN_B, 20),)])
def test_an_unpacking_that_did_not_occur_leaves_the_seal_in_use(again: tuple[tuple[str, float], ...]) -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (OPEN_A, 5), (PACK_B, 10), *again) == []
    assert flags(undo(court, OPEN_A)) == REUSED
    assert seals_on(court, "drum/A") == ("S-1",)
    assert flags(do(court, OPEN_A, 15, event_id="opened")) == []


def test_an_unpacking_that_did_not_occur_after_a_reuse_that_was_told_tells_nothing_more() -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (OPEN_A, 15), (PACK_B, 10)) == [PACK_B]
    assert flags(undo(court, OPEN_A)) == []


@pytest.mark.parametrize(("hour", "found"), [(4, []), (6, []), (10, []), (15, REUSED)])
def test_an_unpacking_that_is_corrected_is_judged_by_its_new_time(hour: float, found: list[str]) -> None:
    court = stocked()
    assert told(court, (PACK_A, 1), (OPEN_A, 5), (PACK_B, 10)) == []
    assert flags(do(court, OPEN_A, hour, corrects=OPEN_A, event_id="mended")) == found
    assert seals_on(court, "drum/A") == ()


def test_what_an_unpacking_tells_refuses_nothing_whatever_policy_says() -> None:
    court = stocked()
    court.set_policy(rules={"seal.reused": {"action": "reject"}})
    assert told(court, (PACK_B, 10), (OPEN_B, 20), (PACK_A, 1), (OPEN_A, 15)) == [OPEN_A]
    accepted(do(court, PACK_A, 30, event_id="again"))
    assert refusals(do(court, PACK_B, 30, event_id="b again")) == REUSED


def test_units_may_be_many() -> None:
    court = stocked()
    packed = [do(court, f"pack drum/{n}", n, seals=(f"S-{n}",)) for n in range(3)]
    assert [flags(each) for each in packed] == [[], [], []]


# --- Units ------------------------------------------------------------------------------------------------


def shared() -> Court:
    """Names under another's prefix are allowed here, as they are to whoever another went over into."""
    court = stocked()
    court.set_policy(rules={"name.foreign": {"action": "off"}})
    return court


def packed_by_another(court: Court, hour: float) -> Recorded:
    """Another firm packs its own into the same drum, under another seal."""
    return do(court, PACK_A, hour, "recycler", event_id="another", parent=DRUM, seals=("S-2",))


def used_by_the_plant(court: Court, since: float, until: float) -> None:
    """The plant fills the drum and empties it."""
    assert flags(do(court, PACK_A, since, parent=DRUM)) == []
    assert flags(do(court, OPEN_A, until, parent=DRUM)) == []


@pytest.mark.parametrize(
    ("hour", "found"), [(0.5, []), (1, TOLD), (10, TOLD), (14.9, TOLD), (15, []), (20, [])]
)
def test_a_unit_that_another_had_in_use_is_told_though_it_is_closed_by_now(
    hour: float, found: list[str]
) -> None:
    court = shared()
    used_by_the_plant(court, 1, 15)
    accepted(packed_by_another(court, hour))
    assert [alert.subject for alert in court.alerts("seal.reused")] == found


def test_its_own_packer_may_fill_it_again() -> None:
    court = shared()
    used_by_the_plant(court, 1, 15)
    assert flags(do(court, PACK_A, 10, event_id="more", parent=DRUM)) == []


def test_a_unit_whose_packing_did_not_occur_was_in_nobodys_use() -> None:
    court = shared()
    used_by_the_plant(court, 1, 15)
    accepted(do(court, PACK_A, parent=DRUM, corrects=PACK_A, did_not_occur=True))
    assert flags(packed_by_another(court, 10)) == []


def test_what_a_firm_packed_itself_before_another_used_the_unit_is_not_the_others() -> None:
    court = shared()
    used_by_the_plant(court, 1, 5)
    assert flags(packed_by_another(court, 10)) == []
    assert flags(do(court, OPEN_A, 20, "recycler", event_id="opened again", parent=DRUM)) == []
    assert flags(do(court, PACK_A, 3, event_id="again", parent=DRUM, seals=("S-3",))) == []
