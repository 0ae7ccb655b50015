"""Processes: origins shared out to the milligram, gains that no mine explains, losses, owners, taint."""

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.transformations import attribute, split
from ledger.movements.movement import Line, Movement
from ledger.records.cells import Cell
from ledger.records.lots import MOST_TOLD, EdgeRecord, LotRecord
from tests.support.books import MINER, PLANT, REFINER, Desk, born, identity, movement
from tests.support.counted import CountedYard

TOLLER = "https://toller.example/party"


def stocked(**lots: dict[Cell, int]) -> Desk:
    """Books with lots of 1,000 mg in the plant's hands, with these cells."""
    desk = Desk()
    for name, cells in lots.items():
        elements: dict[str, int] = {}
        for (element, _, _), mass_mg in cells.items():
            elements[element] = elements.get(element, 0) + mass_mg
        desk.book(movement("opening", f"event:{name}", outputs=(born(name, 1000, elements),)))
        desk.books.put(replace(desk.lot(name), cells=cells))
    return desk


def process(
    inputs: dict[str, int | None], *outputs: Line, event_id: str = "event:process", **members: Any
) -> Movement:
    taken = tuple(Line(lot, mass_mg) for lot, mass_mg in inputs.items())
    return movement("process", event_id, inputs=taken, outputs=outputs, **members)


A: dict[Cell, int] = {("Nd", "mine:a", "domestic"): 400, ("La", "mine:a", "domestic"): 100}
B: dict[Cell, int] = {("Nd", "mine:b", "import"): 200, ("La", "mine:b", "import"): 300}


def test_origins_and_statuses_are_carried_by_element() -> None:
    desk = stocked(a=A, b=B)
    effect = desk.book(
        process({"a": 1000, "b": 1000}, born("x", 700, {"Nd": 590}), born("y", 700, {"La": 390, "Nd": 6}))
    )
    # 596 Nd, two thirds from mine a: 397.33 and 198.67, whole 397 and 199; x takes 590 of them.
    assert desk.lot("x").cells == {("Nd", "mine:a", "domestic"): 393, ("Nd", "mine:b", "import"): 197}
    assert desk.lot("y").cells == {
        ("La", "mine:a", "domestic"): 98,
        ("La", "mine:b", "import"): 292,
        ("Nd", "mine:a", "domestic"): 4,
        ("Nd", "mine:b", "import"): 2,
    }
    assert effect.contained_in == {"La": 400, "Nd": 600}
    assert effect.contained_out == {"La": 390, "Nd": 596}
    assert effect.difference == {"La": 10, "Nd": 4}
    assert effect.gain == {}
    assert [(lot.lot, mass_mg) for lot, mass_mg in effect.used] == [("a", 1000), ("b", 1000)]
    assert effect.cells_in == {**A, **B}
    assert [lot.lot for lot in effect.born] == ["x", "y"]
    assert desk.held("x") == {(REFINER, REFINER, PLANT): 700}
    assert desk.held("a") == {}


def test_parts_of_lots_are_exact() -> None:
    desk = stocked(a=A, b=B)
    effect = desk.book(process({"a": 333, "b": 7}, born("x", 100, {"Nd": 134})))
    nd = Fraction(400 * 333, 1000) + Fraction(200 * 7, 1000)
    assert effect.contained_in == {"Nd": nd, "La": Fraction(100 * 333, 1000) + Fraction(300 * 7, 1000)}
    assert effect.difference == {"Nd": nd - 134, "La": effect.contained_in["La"]}
    assert effect.cells_in["Nd", "mine:a", "domestic"] == Fraction(400 * 333, 1000)
    assert desk.held("a") == {(REFINER, REFINER, PLANT): 667}


def test_every_output_comes_from_every_input() -> None:
    desk = stocked(a=A, b=B)
    desk.book(process({"a": 500, "b": 5}, born("x", 9, {"Nd": 9}), born("y", 9, {"Nd": 9})))
    pairs = {(edge.child, edge.parent) for edge in desk.books.records(EdgeRecord)}
    inputs = {desk.lot("a").node, desk.lot("b").node}
    assert pairs == {(desk.lot(child).node, parent) for child in "xy" for parent in inputs}


def test_a_lot_may_stand_twice_among_the_inputs() -> None:
    desk = stocked(a=A)
    twice = movement(
        "process", "e", inputs=(Line("a", 400), Line("a", 600)), outputs=(born("x", 9, {"Nd": 400}),)
    )
    effect = desk.book(twice)
    assert effect.contained_in["Nd"] == 400
    assert len(desk.books.records(EdgeRecord)) == 1


@pytest.mark.parametrize("count", [1, MOST_TOLD, MOST_TOLD + 1])
def test_a_lot_tells_what_it_was_made_of_unless_it_is_too_much(count: int) -> None:
    names = [f"lot-{number:02d}" for number in range(count)]
    desk = stocked(**dict.fromkeys(names, A))
    desk.book(process(dict.fromkeys(reversed(names), 10), born("x", 9, {"Nd": 9})))
    nodes = tuple(desk.lot(name).node for name in names)
    assert desk.lot("x").made_of == (nodes if count <= MOST_TOLD else None)
    assert desk.lot(names[0]).made_of == ()


def test_a_gain_bears_no_mine_as_origin() -> None:
    desk = stocked(a=A, b=B)
    effect = desk.book(process({"a": 1000, "b": 1000}, born("x", 900, {"Nd": 660, "Dy": 6})))
    assert desk.lot("x").cells == {
        ("Nd", "mine:a", "domestic"): 400,
        ("Nd", "mine:b", "import"): 200,
        ("Nd", "unexplained", "domestic"): 40,
        ("Nd", "unexplained", "import"): 20,
        # There was no dysprosium: the statuses are those of everything that went in.
        ("Dy", "unexplained", "domestic"): 3,
        ("Dy", "unexplained", "import"): 3,
    }
    assert effect.gain == {"Nd": 60, "Dy": 6}
    assert effect.difference == {"Nd": -60, "Dy": -6, "La": 400}


def test_a_declared_loss_leaves_less_that_the_inputs_explain() -> None:
    desk = stocked(a=A)
    effect = desk.book(process({"a": 1000}, born("x", 900, {"Nd": 395}), declared_losses_mg={"Nd": 15}))
    assert desk.lot("x").cells == {("Nd", "mine:a", "domestic"): 385, ("Nd", "unexplained", "domestic"): 10}
    assert (effect.gain, effect.lost, effect.difference) == ({"Nd": 10}, {"Nd": 15}, {"Nd": -10, "La": 100})


def test_a_loss_of_more_than_there_was_explains_nothing() -> None:
    desk = stocked(a=A)
    effect = desk.book(process({"a": 1000}, born("x", 9, {"La": 7}), declared_losses_mg={"La": 150, "Y": 3}))
    assert desk.lot("x").cells == {("La", "unexplained", "domestic"): 7}
    assert effect.difference == {"La": -57, "Y": -3, "Nd": 400}


def test_a_begun_milligram_is_no_gain() -> None:
    desk = stocked(a={("Nd", "mine:a", "domestic"): 999})
    effect = desk.book(process({"a": 500}, born("x", 500, {"Nd": 500})))
    assert effect.gain == {}
    assert effect.difference == {"Nd": Fraction(-1, 2)}
    assert desk.lot("x").cells == {("Nd", "mine:a", "domestic"): 500}
    effect = desk.book(process({"a": 500}, born("y", 500, {"Nd": 501}), event_id="event:2"))
    assert effect.gain == {"Nd": 1}


def test_nothing_in_and_something_out_is_unexplained_domestic() -> None:
    desk = stocked(a={})
    desk.book(process({"a": 500}, born("x", 500, {"Nd": 5})))
    assert desk.lot("x").cells == {("Nd", "unexplained", "domestic"): 5}


def test_losses_declared_together_are_spread_by_what_is_lacking() -> None:
    desk = stocked(a=A, b=B)
    losses = {"": 90, "Nd": 20}
    effect = desk.book(
        process({"a": 1000, "b": 1000}, born("x", 900, {"Nd": 480, "La": 350}), declared_losses_mg=losses)
    )
    # La lacks 50; Nd lacks 120, of which 20 are declared for it alone.
    assert effect.lost == {"La": 30, "Nd": 20 + 60}
    assert effect.difference == {"La": 20, "Nd": 40}
    assert identity(desk.books)["lost"] == {"La": 30, "Nd": 80}


def test_what_is_lacking_nowhere_is_spread_by_what_went_in() -> None:
    desk = stocked(a=A)
    effect = desk.book(
        process({"a": 1000}, born("x", 900, {"Nd": 400, "La": 100}), declared_losses_mg={"": 10})
    )
    assert effect.lost == {"La": 2, "Nd": 8}
    assert effect.gain == {"La": 2, "Nd": 8}


def test_a_loss_of_nothing_is_refused() -> None:
    desk = stocked(a={})
    assert desk.refusals(process({"a": 1}, declared_losses_mg={"": 10})) == ["loss.unplaced"]


def test_a_separated_compound_counts_once() -> None:
    desk = stocked(a={**A, ("Nd", "bin:z", "scrap"): 10, ("Nd", "mine:a", "counted"): 20})
    opening = {("Nd", "opening:p", "opening"): 30}
    desk.books.put(replace(desk.lot("a"), cells={**desk.lot("a").cells, **opening}))
    moved = process(
        {"a": 1000}, born("x", 500, {"Nd": 460}, "nd-oxide"), born("y", 500, {"La": 100}, "mixed-carbonate")
    )
    effect = desk.book(moved)
    assert effect.counted_mg == 430
    assert desk.lot("x").cells == {
        ("Nd", "bin:z", "scrap"): 10,
        ("Nd", "mine:a", "counted"): 420,
        ("Nd", "opening:p", "counted"): 30,
    }
    assert desk.lot("y").cells == {("La", "mine:a", "domestic"): 100}
    again = desk.book(process({"x": 500}, born("z", 500, {"Nd": 460}, "nd-fluoride"), event_id="event:2"))
    assert again.counted_mg == 0


@pytest.mark.parametrize(
    ("product", "counted_mg", "beyond_mg"),
    [
        ("", 0, 0),
        ("rock-ore", 0, 0),
        ("mixed-concentrate", 0, 0),
        ("mixed-carbonate", 0, 0),
        ("magnet-scrap", 0, 0),
        ("nd-oxide", 300, 0),
        ("nd-metal", 300, 300),
        ("ndfeb-alloy", 300, 300),
        ("ndfeb-magnet", 300, 300),
    ],
)
def test_a_separated_compound_counts_and_what_skips_it(product: str, counted_mg: int, beyond_mg: int) -> None:
    desk = stocked(a=A)
    effect = desk.book(process({"a": 1000}, born("x", 500, {"Nd": 300}, product)))
    assert (effect.counted_mg, effect.counted_beyond_mg) == (counted_mg, beyond_mg)


def test_awaited_origins_are_carried_like_any() -> None:
    desk = stocked(a={("Nd", "awaited:q", "domestic"): 10})
    desk.book(process({"a": 1000}, born("x", 9, {"Nd": 9})))
    assert desk.lot("x").cells == {("Nd", "awaited:q", "domestic"): 9}


def test_taint_is_inherited() -> None:
    desk = stocked(a=A, b=B)
    desk.books.put(replace(desk.lot("b"), tainted_by=9))
    desk.book(process({"a": 10}, born("x", 9, {"Nd": 4})))
    assert desk.lot("x").tainted_by is None
    desk.book(process({"a": 10, "b": 1}, born("y", 9, {"Nd": 4}), event_id="event:2"))
    assert desk.lot("y").tainted_by == 9
    desk.books.put(replace(desk.lot("a"), tainted_by=4))
    desk.book(process({"a": 10, "b": 1}, born("z", 9, {"Nd": 4}), event_id="event:3"))
    assert desk.lot("z").tainted_by == 4


# Owners and custodians


def tolled(owner_of_b: str) -> Desk:
    """Lot a is the refiner's own; lot b is in its hands, for another owner."""
    desk = stocked(a=A)
    desk.book(
        movement(
            "opening",
            "event:b",
            outputs=(born("b", 1000, {"Nd": 100}),),
            owner_to=owner_of_b,
        )
    )
    return desk


def test_the_owner_of_the_inputs_owns_the_outputs() -> None:
    desk = tolled(TOLLER)
    desk.book(process({"b": 1000}, born("x", 9, {"Nd": 9})))
    assert desk.held("x") == {(TOLLER, REFINER, PLANT): 9}


def test_the_outputs_of_several_owners_need_a_stated_one() -> None:
    desk = tolled(TOLLER)
    moved = process({"a": 10, "b": 10}, born("x", 9, {"Nd": 4}))
    assert desk.refusals(moved) == ["owner.ambiguous"]
    desk.book(replace(moved, owner_to=TOLLER))
    assert desk.held("x") == {(TOLLER, REFINER, PLANT): 9}


def test_somebody_elses_lot_cannot_be_processed() -> None:
    desk = tolled(TOLLER)
    moved = process({"b": 10}, born("x", 9, {"Nd": 4}))
    assert desk.refusals(moved, TOLLER) == ["custody.not-holder"]
    assert desk.refusals(replace(moved, custodian_from=REFINER), TOLLER) == ["custody.not-holder"]
    assert desk.refusals(replace(moved, owner_from=REFINER)) == ["custody.not-holder"]
    assert desk.refusals(replace(moved, site="https://plant.example/site/other")) == ["custody.not-holder"]


# Refusals


def test_no_more_is_used_than_there_is() -> None:
    desk = stocked(a=A)
    out = born("x", 9, {"Nd": 4})
    assert desk.refusals(process({"a": 1011}, out)) == ["balance.overdrawn"]
    effect = desk.book(process({"a": 1010}, out))
    assert (effect.used[0][1], effect.whole_excess_mg) == (1000, 10)
    assert desk.refusals(process({"a": 1}, born("y", 9, {"Nd": 4}), event_id="e:2")) == ["custody.not-holder"]


def test_the_whole_is_what_the_books_have() -> None:
    desk = stocked(a=A)
    effect = desk.book(process({"a": None}, born("x", 9, {"Nd": 4})))
    assert effect.used[0][1] == 1000
    desk = stocked(a=A)
    effect = desk.book(process({"a": 1300}, born("x", 9, {"Nd": 4}), whole=True))
    assert (effect.used[0][1], effect.whole_excess_mg) == (1000, 300)


def test_an_indivisible_thing_is_used_whole() -> None:
    desk = Desk()
    desk.book(movement("opening", "e", outputs=(born("drum", 100, {"Nd": 50}, instance=True),)))
    assert desk.lot("drum").instance
    assert desk.refusals(process({"drum": 60}, born("x", 9, {"Nd": 9}))) == ["lot.indivisible"]
    desk.book(process({"drum": None}, born("x", 9, {"Nd": 9})))


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        ((born("a", 9, {"Nd": 4}),), "lot.exists"),
        ((born("x", 9, {"Nd": 4}), born("x", 9, {"Nd": 4})), "lot.exists"),
        ((Line("x", 9),), "composition.required"),
        ((replace(born("x", 9, {"Nd": 4}), mass_mg=None),), "lot.massless"),
    ],
)
def test_outputs_that_are_none(outputs: tuple[Line, ...], code: str) -> None:
    assert stocked(a=A).refusals(process({"a": 10}, *outputs)) == [code]


def test_an_unknown_or_undone_lot_cannot_be_used() -> None:
    desk = stocked(a=A)
    assert desk.refusals(process({"q": 10}, born("x", 9, {"Nd": 4}))) == ["custody.not-holder"]
    desk.books.put(replace(desk.lot("a"), voided_at=3))
    assert desk.refusals(process({"a": 10}, born("x", 9, {"Nd": 4}))) == ["lot.unknown"]


# The arithmetic by itself

ORIGINS = st.sampled_from(["mine:a", "mine:b", "mine:c", "opening:p"])
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["La", "Nd"]), ORIGINS, st.sampled_from(["domestic", "import"])),
    st.integers(1, 10**12),
    min_size=1,
    max_size=8,
)
MASSES = st.dictionaries(st.sampled_from(["La", "Nd", "Dy"]), st.integers(0, 10**12), max_size=3)


@given(CELLS, st.integers(1, 10**9), MASSES, MASSES)
def test_attribution_is_exact_and_never_more_than_the_inputs_explain(
    weights: dict[Cell, int], denominator: int, out: dict[str, int], lost: dict[str, int]
) -> None:
    cells, gain = attribute(weights, denominator, out, lost)
    for element in ("La", "Nd", "Dy"):
        mine = {cell: mass for cell, mass in cells.items() if cell[0] == element}
        assert sum(mine.values()) == out.get(element, 0)
        unexplained = sum(mass for cell, mass in mine.items() if cell[1] == "unexplained")
        assert unexplained == gain.get(element, 0)
        exact = Fraction(sum(mass for cell, mass in weights.items() if cell[0] == element), denominator)
        left = max(exact - lost.get(element, 0), Fraction(0))
        assert sum(mine.values()) - unexplained < left + 1
        for cell, mass in mine.items():
            if cell[1] != "unexplained":
                fair = Fraction(weights[cell], denominator) / exact * (out[element] - unexplained)
                assert abs(mass - fair) < 1


@given(CELLS, st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_a_split_loses_nothing_by_row_or_by_column(cells: dict[Cell, int], parts: list[int]) -> None:
    totals: dict[str, int] = {}
    for (element, _, _), mass in cells.items():
        totals[element] = totals.get(element, 0) + mass
    outputs = [
        {element: floor(mass * part / sum(parts)) for element, mass in totals.items()} for part in parts[1:]
    ]
    first = {element: mass - sum(out[element] for out in outputs) for element, mass in totals.items()}
    shares = split(cells, [first, *outputs])
    for out, share in zip([first, *outputs], shares, strict=True):
        for element, mass in out.items():
            assert sum(part for cell, part in share.items() if cell[0] == element) == mass
        assert all(part > 0 for part in share.values())
    for cell, mass in cells.items():
        assert sum(share.get(cell, 0) for share in shares) == mass


def test_lots_are_what_the_journal_bears() -> None:
    desk = stocked(a=A)
    desk.book(
        process({"a": 1000}, born("x", 9, {"Nd": 9}, "nd-oxide", pieces=3, custody_model="mass-balance"))
    )
    lot = desk.lot("x")
    assert isinstance(lot, LotRecord)
    assert (lot.birth, lot.stage, lot.pieces, lot.custody_model) == (
        "process",
        "separated_compound",
        3,
        "mass-balance",
    )


def parts_of_many(yard: CountedYard, many: int, mass_mg: int | None) -> Movement:
    """A process of a part of many lots, whose masses have hardly a divisor in common."""
    lines = []
    for at in range(many):
        lot, whole_mg = f"https://mine.example/lot/{at}", 10**16 + 2 * at**3 + 1
        yard.do("extract", outputs=(born(lot, whole_mg, {"Nd": whole_mg // 3}),))
        lines.append(Line(lot, mass_mg))
    return replace(
        yard.said("process", None, MINER, outputs=(born("urn:made", 1, {"Nd": 1}),), process="mixing"),
        inputs=tuple(lines),
    )


@pytest.mark.parametrize(("many", "mass_mg"), [(400, None), (100, 1_000_003)])
def test_whole_lots_or_parts_of_a_hundred_go_into_one_process(many: int, mass_mg: int | None) -> None:
    yard = CountedYard()
    effect = yard.book(parts_of_many(yard, many, mass_mg))
    assert sum(line.mass_mg for line in effect.postings if line.account == "holding" and line.mass_mg < 0)


def test_parts_of_hundreds_whose_sum_nobody_could_write_are_refused() -> None:
    yard = CountedYard()
    moved = parts_of_many(yard, 400, 1_000_003)
    with pytest.raises(Impossible) as refused:
        yard.book(moved)
    assert [finding.code for finding in refused.value.findings] == ["balance.too-fine"]
    assert all(finding.detail and finding.mend for finding in refused.value.findings)


def test_a_sum_too_fine_to_be_written_is_refused_wherever_it_is_posted() -> None:
    yard = CountedYard()
    moved = yard.said("process", None, MINER)
    journal = Journal(moved, yard.recording(), 0)
    journal.post("difference", contained={"Nd": Fraction(1, 10**4_000)}, custodian=MINER)
    with pytest.raises(Impossible) as refused:
        journal.post("difference", contained={"Nd": Fraction(1, 10**4_300)}, custodian=MINER)
    assert [finding.code for finding in refused.value.findings] == ["balance.too-fine"]
