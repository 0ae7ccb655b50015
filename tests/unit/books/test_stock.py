"""Title, assays, counts and losses."""

from fractions import Fraction

import pytest

from ledger.books.apply import apply_movement
from ledger.movements.movement import Line
from ledger.records.lots import AssayRecord, AttachmentRecord, StocktakeRecord
from tests.support.books import KG, MINER, REFINER
from tests.support.yard import MINE, ORE, PLANT, STORE, TRADER, Yard

LAB = "https://lab.example/party"


def sell(yard: Yard, mass_mg: int | None, by: str = MINER, **said: object) -> str:
    return yard.do(
        "transfer", {ORE: mass_mg}, by, **{"owner_from": by, "owner_to": TRADER, "site": "", **said}
    )


# --- transfer --------------------------------------------------------------


def test_a_transfer_moves_title_and_leaves_custody(yard: Yard) -> None:
    sell(yard, 400_000)
    assert yard.held(ORE) == {(MINER, MINER, MINE): 600_000, (TRADER, MINER, MINE): 400_000}


def test_an_owner_sells_what_somebody_else_keeps(yard: Yard) -> None:
    sell(yard, KG)
    sell(yard, KG, TRADER, owner_to=REFINER)
    assert yard.held(ORE) == {(REFINER, MINER, MINE): KG}


def test_an_owner_says_where_when_it_is_in_several_places(yard: Yard) -> None:
    sell(yard, 400_000)
    event = yard.do("ship", {ORE: 100_000}, custodian_to=REFINER, owner_from=TRADER)
    yard.receive({ORE: 100_000}, event)
    said = {"owner_from": TRADER, "owner_to": REFINER, "site": ""}
    assert yard.refused("transfer", {ORE: 1}, TRADER, **said) == ["custody.ambiguous"]
    sell(yard, 1, TRADER, owner_to=REFINER, custodian_from=MINER)
    sell(yard, 1, TRADER, owner_to=REFINER, site=PLANT)
    assert yard.held(ORE)[REFINER, MINER, MINE] == 1
    assert yard.held(ORE)[REFINER, REFINER, PLANT] == 1


def test_what_the_seller_has_itself_is_sold_first(yard: Yard) -> None:
    event = yard.do("ship", {ORE: 100_000}, custodian_to=REFINER)
    yard.receive({ORE: 100_000}, event)
    sell(yard, 1)
    assert yard.held(ORE)[TRADER, MINER, MINE] == 1


@pytest.mark.parametrize(
    ("lines", "by", "said", "codes"),
    [
        ({ORE: KG + 10_001}, MINER, {}, ["balance.overdrawn"]),
        ({ORE: 1}, TRADER, {"owner_to": REFINER}, ["custody.not-holder"]),
        ({ORE: 1}, TRADER, {"owner_from": MINER}, ["custody.not-holder"]),
        ({ORE: 1}, MINER, {"owner_to": ""}, ["transfer.no-buyer"]),
        ({ORE: 1}, MINER, {"owner_to": MINER}, ["transfer.no-buyer"]),
        ({ORE: 1}, MINER, {"site": PLANT}, ["custody.not-holder"]),
        ({"urn:lot:none": 1}, MINER, {}, ["custody.not-holder"]),
    ],
)
def test_nobody_sells_what_it_does_not_own(
    yard: Yard, lines: dict[str, int | None], by: str, said: dict[str, object], codes: list[str]
) -> None:
    said = {"owner_to": TRADER, "site": "", **said}
    assert yard.refused("transfer", lines, by, **said) == codes


# --- assay -----------------------------------------------------------------


def test_an_assay_stands_beside_what_was_declared(yard: Yard) -> None:
    yard.do(
        "assay",
        {ORE: None},
        LAB,
        results={"Nd": (Fraction(3, 4), Fraction(1, 100))},
        treo_result=(Fraction(2, 5), Fraction(1, 1000)),
        document_sha256="ab",
        laboratory=LAB,
    )
    found = yard.books.group(AssayRecord, "lot", ORE)
    assert [(assay.laboratory, assay.document_sha256) for assay in found] == [(LAB, "ab")]
    assert found[0].results == {"Nd": ["3/4", "1/100"], "treo": ["2/5", "1/1000"]}
    assert (yard.mass(by=MINER), yard.effects[-1].postings) == (KG, [])


def test_sampling_uses_up_a_thing_and_nothing_of_a_lot(yard: Yard) -> None:
    yard.thing()
    yard.do("assay", {ORE: None, "urn:thing:1": None}, LAB, sampled=True)
    assert (yard.mass("urn:thing:1", MINER), yard.account("lost", "urn:thing:1")) == (0, 1_000)
    assert yard.mass(by=MINER) == KG
    assert yard.refused("assay", {"urn:thing:1": None}, LAB, sampled=True) == ["custody.not-holder"]


def test_inspecting_uses_up_nothing(yard: Yard) -> None:
    yard.thing()
    yard.do("assay", {"urn:thing:1": None}, LAB)
    assert yard.mass("urn:thing:1", MINER) == 1_000


def test_what_is_not_known_is_not_assayed(yard: Yard) -> None:
    assert yard.refused("assay", {"urn:lot:none": None}, LAB) == ["lot.unknown"]


# --- stocktake -------------------------------------------------------------


def test_a_count_stands_against_the_books_and_moves_nothing(yard: Yard) -> None:
    sell(yard, 400_000)
    yard.do("stocktake", inputs=(Line(ORE, 500_000), Line(ORE, 499_000)))
    found = yard.books.group(StocktakeRecord, "site", MINE)
    assert [(count.lot, count.party, count.counted_mg, count.book_mg) for count in found] == [
        (ORE, MINER, 999_000, KG)
    ]
    assert yard.effects[-1].postings == []


def test_what_is_elsewhere_or_somebody_elses_is_not_in_the_count(yard: Yard) -> None:
    yard.do("stocktake", {ORE: 5}, site=STORE)
    yard.do("stocktake", {ORE: 5}, TRADER)
    assert [count.book_mg for count in yard.books.records(StocktakeRecord)] == [0, 0]


def test_nobody_counts_for_others_or_what_is_not_known(yard: Yard) -> None:
    assert yard.refused("stocktake", {ORE: 5}, TRADER, custodian_from=MINER) == ["custody.not-holder"]
    assert yard.refused("stocktake", {"urn:lot:none": 5}) == ["lot.unknown"]


# --- loss ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lose", "dispose", "destroy"])
def test_what_is_lost_ends_in_its_account(yard: Yard, kind: str) -> None:
    yard.do(kind, {ORE: 250_000}, reason="fire")
    assert (yard.mass(by=MINER), yard.account("lost")) == (750_000, 250_000)
    lost = [line for line in yard.effects[-1].postings if line.account == "lost"]
    assert [(line.reference, line.site) for line in lost] == [(kind, MINE)]


def test_a_thing_is_lost_whole(yard: Yard) -> None:
    yard.thing()
    assert yard.refused("lose", {"urn:thing:1": 500}, reason="r") == ["lot.indivisible"]
    yard.do("destroy", {"urn:thing:1": None}, reason="r")
    assert yard.account("lost", "urn:thing:1") == 1_000


@pytest.mark.parametrize(
    ("mass_mg", "by", "said", "codes"),
    [
        (KG + 10_001, MINER, {}, ["balance.overdrawn"]),
        (1, REFINER, {}, ["custody.not-holder"]),
        (1, REFINER, {"custodian_from": MINER}, ["custody.not-holder"]),
        (1, MINER, {"owner_from": REFINER}, ["custody.not-holder"]),
    ],
)
def test_nobody_loses_what_it_does_not_have(
    yard: Yard, mass_mg: int, by: str, said: dict[str, object], codes: list[str]
) -> None:
    assert yard.refused("lose", {ORE: mass_mg}, by, reason="r", **said) == codes


# --- documents -------------------------------------------------------------


def test_documents_are_kept_by_the_event_that_names_them(yard: Yard) -> None:
    """One weighbridge ticket may stand for two events of a statement."""
    ticket = ("weighbridge-ticket", "application/pdf", 4711, "ab" * 32)
    report = ("contract", "text/plain", 5, "cd" * 32)
    recording = yard.recording(MINER)
    for position, attached in enumerate(((ticket,), (ticket, report))):
        moved = yard.said("lose", {ORE: 1}, MINER, reason="spilt", attachments=attached)
        apply_movement(moved, recording, position)
    kept = [
        (one.position, one.role, one.media_type, one.size_bytes, one.sha256_hex)
        for one in yard.books.records(AttachmentRecord)
    ]
    assert sorted(kept) == sorted([(0, *ticket), (1, *ticket), (1, *report)])
    assert len(yard.books.group(AttachmentRecord, "sha256", "ab" * 32)) == 2
