"""Receipts of lots whose birth is not recorded, or was taken back."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.movements.movement import Line
from ledger.records.lots import HoldingRecord, LotRecord, LotVersionRecord
from ledger.records.taint import taint
from ledger.statements.acts.adjust import OFFICIAL, adjust_holding
from ledger.statements.acts.base import ActContext
from tests.support.books import KG, MINER, PLANT, REFINER, START_US, born, composition
from tests.support.yard import ORE, REO, Yard

DESADV = "urn:desadv:1"
OTHER_HALL = "https://plant.example/site/other"
SENT = 400_000


def awaited(lot: str = "urn:lot:late", mass_mg: int = SENT) -> Line:
    """A line of a receipt that says what the lot contains."""
    return born(lot, mass_mg, {element: part * mass_mg // KG for element, part in REO.items()})


def test_a_lot_is_received_before_its_birth_with_what_the_receipt_says(yard: Yard) -> None:
    yard.do("receive", by=REFINER, inputs=(awaited(),), custodian_from=MINER, shipment=DESADV)
    lot = yard.lot("urn:lot:late")
    assert (lot.birth, lot.mass_mg, lot.producer) == ("awaited", SENT, "")
    assert set(lot.cells) == {(element, "awaited:urn:lot:late", "domestic") for element in REO}
    assert yard.provisional("urn:lot:late") == SENT


def test_its_birth_takes_its_place_and_its_shipment_settles_it(yard: Yard) -> None:
    yard.do("receive", by=REFINER, inputs=(awaited(),), custodian_from=MINER, shipment=DESADV)
    yard.do("dispose", {"urn:lot:late": 100_000}, REFINER, reason="r")
    node = yard.lot("urn:lot:late").node
    yard.extract("urn:lot:late", 500_000)
    lot = yard.lot("urn:lot:late")
    assert (lot.birth, lot.node, lot.producer) == ("extract", node, MINER)
    yard.ship({"urn:lot:late": SENT}, despatch_advice=DESADV)
    assert yard.account("suspense", "urn:lot:late") == 0
    assert (yard.mass("urn:lot:late"), yard.mass("urn:lot:late", MINER)) == (300_000, 100_000)


def test_a_second_receipt_of_it_adds_to_the_first(yard: Yard) -> None:
    for mass_mg in (SENT, 100_000):
        line = awaited(mass_mg=mass_mg)
        yard.do("receive", by=REFINER, inputs=(line,), custodian_from=MINER, shipment=DESADV, final=False)
    assert yard.mass("urn:lot:late") == SENT + 100_000
    assert yard.lot("urn:lot:late").mass_mg == SENT


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (Line("urn:lot:late", SENT), ["lot.unknown"]),
        (Line("urn:lot:late", None), ["receipt.massless"]),
        (Line(ORE, None), ["receipt.massless"]),
        (Line(ORE, 0), ["receipt.massless"]),
    ],
)
def test_a_receipt_before_its_shipment_says_what_and_how_much(
    yard: Yard, line: Line, codes: list[str]
) -> None:
    said = {"inputs": (line,), "custodian_from": MINER, "shipment": DESADV}
    assert yard.refused("receive", None, REFINER, **said) == codes


def test_a_lot_whose_birth_was_taken_back_is_not_received_without_what_it_contains(yard: Yard) -> None:
    born_by = yard.extract("urn:lot:2")
    yard.undo(born_by)
    found = yard.books.get(LotRecord, "urn:lot:2")
    assert found is not None
    assert found.voided_at is not None
    said = {"custodian_from": MINER, "shipment": DESADV}
    assert yard.refused("receive", {"urn:lot:2": 1}, REFINER, **said) == ["lot.unknown"]


def test_a_lot_whose_birth_was_taken_back_is_awaited_again(yard: Yard) -> None:
    yard.undo(yard.extract("urn:lot:late"))
    yard.do("receive", by=REFINER, inputs=(awaited(),), custodian_from=MINER, shipment=DESADV)
    lot = yard.lot("urn:lot:late")
    assert (lot.birth, lot.mass_mg, lot.voided_at) == ("awaited", SENT, None)
    assert (yard.mass("urn:lot:late"), yard.provisional("urn:lot:late")) == (SENT, SENT)
    yard.extract("urn:lot:late", 500_000)
    yard.ship({"urn:lot:late": SENT}, despatch_advice=DESADV)
    assert (yard.account("suspense", "urn:lot:late"), yard.provisional("urn:lot:late")) == (0, 0)


def test_its_mass_is_not_judged_by_the_moisture_of_the_birth_that_was_taken_back(yard: Yard) -> None:
    wet = replace(
        composition({"Nd": 90_000}, KG), declared={"moistureFraction": "0.5"}, moisture=Fraction(1, 2)
    )
    yard.undo(yard.do("extract", outputs=(Line("urn:lot:late", KG, wet),)))
    yard.do("receive", by=REFINER, inputs=(awaited(),), custodian_from=MINER, shipment=DESADV)
    assert yard.mass("urn:lot:late") == SENT


@pytest.mark.parametrize("counted_mg", [0, SENT - 4_000, SENT, SENT + 4_000])
def test_a_lot_that_is_awaited_anew_is_worth_what_the_new_receipt_says(yard: Yard, counted_mg: int) -> None:
    """What an adjustment gave or took is worth as much as the rest; every sum is checked at each event."""
    said = {"by": REFINER, "inputs": (awaited(),), "custodian_from": MINER, "shipment": DESADV}
    first = yard.do("receive", **said)
    holding = yard.books.get(HoldingRecord, "urn:lot:late", REFINER, REFINER, PLANT)
    assert holding is not None
    context = ActContext(yard.index, START_US, "urn:regulator", "kid", b"", "log")
    adjust_holding(yard.books, yard.lot("urn:lot:late"), holding, counted_mg, context, OFFICIAL)
    yard.index += 1
    if counted_mg > SENT:
        yard.do("lose", {"urn:lot:late": counted_mg - SENT}, REFINER, reason="r")
    else:
        yard.do(
            "receive", by=REFINER, inputs=(awaited(mass_mg=SENT),), custodian_from=MINER, shipment="urn:2"
        )
    yard.undo(first, REFINER)
    other = born("urn:lot:late", KG, {"La": 400_000})
    yard.do("receive", by=REFINER, inputs=(other,), custodian_from=MINER, shipment="urn:other")
    lot = yard.books.get(LotRecord, "urn:lot:late")
    assert lot is not None
    assert {cell[0] for cell in lot.cells} == ({"La"} if counted_mg > SENT else {"Nd", "Pr"})
    versions = yard.books.group(LotVersionRecord, "lot", "urn:lot:late")
    assert {version.birth for version in versions} == ({"awaited"} if counted_mg > SENT else set())


def test_a_lot_that_is_awaited_anew_stays_what_an_authority_found_it_to_be(yard: Yard) -> None:
    born_by = yard.extract("urn:lot:late")
    taint(yard.books, yard.lot("urn:lot:late").node, 7)
    yard.undo(born_by)
    yard.do("receive", by=REFINER, inputs=(awaited(),), custodian_from=MINER, shipment=DESADV)
    assert yard.lot("urn:lot:late").tainted_by == 7
