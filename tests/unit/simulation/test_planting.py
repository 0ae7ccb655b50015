"""What is planted: how much, when, of which goods, and just under which threshold."""

import gc
from collections import Counter
from typing import cast

import pytest

from ledger.materials.fingerprints import fingerprints
from ledger.records.periods import DAY_US, filing_deadline_us
from ledger.records.policy import THRESHOLDS
from ledger.simulation.cast import Cast
from ledger.simulation.chronicle import Draft
from ledger.simulation.folder import Writer
from ledger.simulation.patterns import NOT_UNDER, PATTERNS
from ledger.simulation.planting import Plot
from ledger.simulation.simulate import Nation


class Drafts:
    """What a simulation would write, kept as drafts."""

    def __init__(self) -> None:
        self.found: list[Draft] = []
        self.statements = 0

    def write(self, draft: Draft) -> None:
        self.found.append(draft)

    def close(self) -> None:
        pass


def drafted(seed: int, movements: int, plant: float) -> tuple[Nation, list[Draft]]:
    nation, drafts = Nation(seed, movements, plant), Drafts()
    nation.run(cast(Writer, drafts), lambda done, whole: None)
    return nation, drafts.found


def test_every_pattern_is_planned_where_there_is_room() -> None:
    nation = Nation(seed=4, movements=20_000, plant=0.1)
    counts = Counter(pattern.name for pattern, _ in nation.planting.instances)
    assert counts.keys() == {pattern.name for pattern in PATTERNS}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_every_fifth_instance_of_a_pattern_with_a_threshold_is_evasive() -> None:
    nation = Nation(seed=4, movements=100_000, plant=0.01)
    planned = Counter(pattern.name for pattern, _ in nation.planting.instances)
    evasive = Counter(pattern.name for pattern, each in nation.planting.instances if each.evasive)
    for pattern in PATTERNS:
        assert planned[pattern.name] in (10, 11)
        assert evasive[pattern.name] == (planned[pattern.name] // 5 if pattern.evasive else 0)


def test_thirty_of_each_are_planned_where_there_is_room() -> None:
    nation = Nation(seed=4, movements=100_000, plant=0.03)
    assert min(Counter(pattern.name for pattern, _ in nation.planting.instances).values()) >= 30


STRANGERS = ("Y", "Er", "Yb", "Eu")
SCRAP_LIMIT = float(THRESHOLDS["fingerprint.share"])


@pytest.mark.parametrize("seed", [3, 4])
def test_old_magnets_have_of_ores_what_scrap_may_have_unless_ore_is_among_them(seed: int) -> None:
    _, drafts = drafted(seed, 4000, 0.35)
    labels = {
        lot: draft.label
        for draft in drafts
        if draft.label is not None and draft.label.pattern == "recycler-fingerprint"
        for lot, _ in draft.members["inputs"]
    }
    most: dict[str, list[float]] = {"honest": [], "evasive": [], "planted": []}
    for draft in drafts:
        if draft.kind == "extract" and "recycler" in draft.actor.roles:
            (lot,) = draft.members["outputs"]
            label = labels.get(lot.lot)
            kind = "honest" if label is None else "evasive" if label.evasive else "planted"
            most[kind].append(max(lot.shares.get(element, 0.0) for element in STRANGERS))
    assert all(0 <= share < 0.6 * SCRAP_LIMIT for share in most["honest"])
    assert any(most["honest"])
    assert all(0.8 * SCRAP_LIMIT < share < 1.15 * SCRAP_LIMIT for share in most["evasive"])
    assert all(share > 4 * SCRAP_LIMIT for share in most["planted"])
    assert all(most.values())


def test_what_is_recovered_from_magnets_is_made_of_what_magnets_have() -> None:
    nation, _ = drafted(5, 50, 0.0)
    stated = fingerprints()["recycled-magnet"].shares
    for place in range(50):
        contents = nation.planting.business.ore_body("recycled-magnet", 1.0 + place)
        assert contents.keys() == stated.keys()
        assert abs(sum(contents.values()) - 1.0 - place) < 1e-9
    assert "Y" in nation.planting.business.ore_body("bayan-obo", 1.0)


def test_a_cycle_is_played_where_every_honest_smelter_files_monthly() -> None:
    found = next(seed for seed in range(100) if Cast(seed, 1).by_kind["smelter"][0].monthly)
    nation, _ = drafted(found, 4000, 0.05)
    planned = Counter(pattern.name for pattern, _ in nation.planting.instances)["graph-cycle"]
    assert planned
    assert nation.planting.counts()["graph-cycle"] == planned


@pytest.mark.parametrize("seed", [7, 8])
def test_a_licence_is_of_a_kilogram_at_least_and_an_exhausted_one_of_less_than_leaves(seed: int) -> None:
    _, drafts = drafted(seed, 4000, 0.2)
    quantities = {
        draft.members["licence"]: draft.members["quantity_mg"]
        for draft in drafts
        if draft.kind == "apply-licence"
    }
    assert all(quantity >= 1_000_000 and quantity % 1_000_000 == 0 for quantity in quantities.values())
    planted = [
        draft
        for draft in drafts
        if draft.label is not None and draft.label.pattern == "licence-exhausted" and not draft.label.evasive
    ]
    assert planted
    for draft in planted:
        assert draft.members["inputs"][0][1] > quantities[draft.members["licence"]]


def test_every_restricted_end_user_is_sent_something_once_it_is_listed() -> None:
    _, drafts = drafted(13, 8000, 0.1)
    listed = [draft for draft in drafts if draft.kind == "list-restricted-party"]
    sent = [draft for draft in drafts if draft.label is not None and draft.label.pattern == "restricted"]
    assert len(listed) == len(sent) > 0


@pytest.mark.parametrize("plant", [0.01, 0.1, 0.2, 0.5])
@pytest.mark.parametrize(("seed", "movements"), [(21, 3000), (22, 5000)])
def test_as_much_is_planted_as_was_asked_for(seed: int, movements: int, plant: float) -> None:
    nation, drafts = drafted(seed, movements, plant)
    moved = [draft for draft in drafts if not draft.act]
    share = sum(draft.label is not None for draft in moved) / len(moved)
    assert abs(share - plant) <= 0.05 * plant
    played = nation.planting.counts()
    assert sum(played.values()) > 0.6 * len(nation.planting.instances)


@pytest.mark.parametrize(("movements", "most"), [(3000, 4), (6000, 2)])
def test_nearly_every_pattern_comes_about_up_to_a_tenth(movements: int, most: int) -> None:
    nation, _ = drafted(24, movements, 0.1)
    played = nation.planting.counts()
    assert played.keys() == {pattern.name for pattern in PATTERNS}
    assert sum(not count for count in played.values()) <= most


def test_what_makes_up_in_the_end_is_single_statements_filed_at_once() -> None:
    nation, _ = drafted(25, 3000, 0.5)
    chronicle = nation.planting.world.chronicle
    late = [
        (pattern, instance)
        for pattern, instance in nation.planting.instances
        if (begun_us := instance.begun_us) is not None and begun_us == instance.planned_us
    ]
    prompt = [instance for pattern, instance in late if pattern.prompt]
    assert len(prompt) > 50
    assert all(chronicle.moved[instance.number] == 1 for instance in prompt)


def test_more_is_planned_without_parties_of_its_own_only_where_goods_were_not_there() -> None:
    nation, _ = drafted(23, 4000, 0.2)
    first = Counter(pattern.name for pattern, _ in Nation(23, 4000, 0.2).planting.instances)
    last = Counter(pattern.name for pattern, _ in nation.planting.instances)
    more = last - first
    assert more
    assert not first - last
    assert not any(pattern.rogues for pattern in PATTERNS if more[pattern.name])
    numbers = [each.number for _, each in nation.planting.instances]
    assert len(set(numbers)) == len(numbers)
    none, _ = drafted(23, 1000, 0.0)
    assert none.planting.instances == []


@pytest.mark.parametrize(("seed", "plant"), [(27, 0.1), (28, 0.0)])
def test_goods_at_the_end_of_their_way_are_forgotten(seed: int, plant: float) -> None:
    nation, drafts = drafted(seed, 4000, plant)
    since_us = drafts[-1].filed_us - 120 * DAY_US
    waiting = {
        actor.name: [stock for stock in actor.stocks if stock.since_us < since_us]
        for actor in nation.cast.actors
    }
    honest = [actor.name for actor in nation.cast.actors if not actor.planted]
    assert sum(len(waiting[name]) for name in honest) < 20
    assert max(map(len, waiting.values())) < 20


def test_goods_are_illegal_by_what_the_ledger_finds_illegal_alone() -> None:
    _, drafts = drafted(6, 6000, 0.1)
    sources = {draft.label.number: draft for draft in drafts if draft.label is not None and draft.taints}
    assert {number.rpartition("-")[0] for number in sources} == {"quota", "disclosure"}
    heard = {source for draft in drafts for source in draft.sources}
    assert heard <= sources.keys()
    assert any(number.startswith("quota") for number in heard)
    made = [draft for draft in drafts if draft.illegal]
    assert made
    for draft in made:
        assert draft.sources
        assert draft.kind in ("process", "draw", "ship", "export", "release")
        assert all(draft.at_us > sources[source].at_us - 1 for source in draft.sources)
    moved = [draft for draft in drafts if not draft.act and draft.label is None]
    assert len(made) < 0.5 * len(moved)


def test_every_threshold_has_a_variant_under_it_or_a_reason_why_not() -> None:
    under = {name for pattern in PATTERNS for name in pattern.under}
    assert under | NOT_UNDER.keys() == THRESHOLDS.keys()
    assert not under & NOT_UNDER.keys()
    assert all(pattern.evasive for pattern in PATTERNS if pattern.under)
    assert {pattern.name for pattern in PATTERNS if pattern.evasive and not pattern.under} == {
        "capacity",
        "late",
        "licence-expired",
        "restricted",
        "unsent",
    }


def test_evasive_variants_stay_just_under_the_policy() -> None:
    nation, drafts = drafted(15, 6000, 0.15)
    evasive: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.label is not None and draft.label.evasive and not draft.act:
            evasive.setdefault(draft.label.pattern, []).append(draft)
    sent = {draft.event_id: draft for draft in drafts}
    hour_us = 3_600_000_000
    for draft in evasive["unreceived"]:
        if draft.kind == "receive":
            late_us = draft.at_us - sent[draft.members["shipment"]].members["due"]
            assert 68 * hour_us < late_us < 72 * hour_us
    for draft in evasive["late"]:
        assert 0 < filing_deadline_us(draft.at_us, nation.policy) - draft.filed_us < hour_us
    for draft in evasive["after-recording"]:
        assert 200_000_000 < draft.at_us - draft.filed_us < 300_000_000
    for draft in evasive["hs-assayed"]:
        share, _ = draft.members["results"]["Dy"]
        assert 0.005 < share < 0.011
    assert {"stock-difference", "invoice-missing", "overdrawn"} <= evasive.keys()


def test_instances_that_wait_for_their_time_or_are_over_take_little_memory() -> None:
    nation, drafts = Nation(29, 4000, 0.2), Drafts()
    found: list[tuple[int, int]] = []

    def look(done: int, whole: int) -> None:
        if not found or done >= whole:
            plots = (each for each in gc.get_objects() if isinstance(each, Plot))
            held = [each for each in plots if each.planting is nation.planting]
            found.append((len(held), sum("chance" in vars(each) for each in held)))

    nation.run(cast(Writer, drafts), look)
    (waiting, begun), (under_way, _) = found
    assert waiting > 400
    assert begun == 0
    assert 0 < under_way < 0.1 * len(nation.planting.instances)
