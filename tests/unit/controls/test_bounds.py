"""balance.too-much: no sum outgrows what the books can hold, and who adds too much up disturbs nobody."""

import pytest

from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.cells import MOST_MG
from ledger.records.lots import ShipmentLineRecord, ShipmentRecord, StocktakeRecord
from ledger.records.oversight import QuotaRecord
from tests.support.court import KG, Court, accepted, flags, name, out, party, refusals, site

HEAVY = 10**17
"""The heaviest line that is read."""
MINED = QuotaRecord(party("mine"), 2026, "mining", "any", 1000 * KG, 0, 0)


def mine(court: Court, contained_mg: list[int], number: int = 0) -> Recorded:
    lines = tuple(
        out(name("mine", f"lot/{number}/{place}"), HEAVY, {"La": mass_mg}, "mixed-concentrate")
        for place, mass_mg in enumerate(contained_mg)
    )
    return court.file("extract", "mine", outputs=lines)


def drawn(court: Court) -> int:
    found = court.books.get(QuotaRecord, party("mine"), 2026, "mining", "any")
    assert found is not None
    return found.drawn_mg


@pytest.mark.parametrize(("over", "found"), [(0, []), (1, ["balance.too-much"])])
def test_an_allotment_is_drawn_up_to_what_is_held(over: int, found: list[str]) -> None:
    court = Court()
    court.books.put(MINED)
    said = mine(court, [HEAVY] * 9 + [HEAVY + over])
    assert refusals(said) == found
    assert drawn(court) == (0 if found else MOST_MG)
    if found:
        assert said.refused[0].evidence == {"sum": "drawn_mg", "mass_mg": MOST_MG + 1, "most_mg": MOST_MG}


def test_what_went_before_counts_and_the_next_honest_statement_goes_through() -> None:
    court = Court()
    court.books.put(MINED)
    accepted(mine(court, [HEAVY] * 10))
    assert refusals(mine(court, [1], 1)) == ["balance.too-much"]
    assert drawn(court) == MOST_MG
    assert (
        flags(court.file("opening", "plant", outputs=(out(name("plant", "lot"), KG, {"La": KG // 2}),))) == []
    )


@pytest.mark.parametrize(("last_mg", "found"), [(HEAVY, []), (HEAVY + 1, ["balance.too-much"])])
def test_a_count_of_one_lot_in_many_lines(last_mg: int, found: list[str]) -> None:
    court = Court()
    lot = court.extract("mine", "lot/1", {"La": KG})
    lines = (*[Line(lot, HEAVY)] * 9, Line(lot, last_mg))
    assert refusals(court.file("stocktake", "mine", inputs=lines)) == found
    assert [each.counted_mg for each in court.books.records(StocktakeRecord)] == ([] if found else [MOST_MG])


@pytest.mark.parametrize(("lines", "found"), [(10, []), (11, ["balance.too-much"])])
def test_a_receipt_of_one_lot_in_many_lines(lines: int, found: list[str]) -> None:
    court = Court()
    lot = court.extract("mine", "lot/1", {"La": KG})
    goods = (Line(lot, 2 * KG),)
    accepted(court.file("ship", "mine", inputs=goods, custodian_to=party("plant"), event_id="urn:sent"))
    said = court.file(
        "receive",
        "plant",
        inputs=(Line(lot, HEAVY),) * lines,
        custodian_from=party("mine"),
        shipment="urn:sent",
        site=site("plant"),
    )
    assert refusals(said) == found
    line = court.books.get(ShipmentLineRecord, party("mine"), "urn:sent", lot)
    assert line is not None
    assert (line.left_mg, line.weighed_mg) == ((2 * KG, 0) if found else (0, MOST_MG))
    shipment = court.books.get(ShipmentRecord, party("mine"), "urn:sent")
    assert shipment is not None
    assert shipment.state == ("open" if found else "received")
