"""Products of one's own, by policy: books and rules know them from the entry on that states them."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.movements.movement import Line
from ledger.records.lots import LotRecord
from ledger.records.oversight import ControlListRecord
from tests.support.court import KG, Court, accepted, flags, name, out, party, refusals

OWN: dict[str, str] = {
    "code": "own-powder",
    "name_en": "own powder",
    "name_zh": "自有粉末",
    "stage": "magnet",
    "form": "magnet",
    "hs_code": "8505111000",
    "control_refs": "list-1",
    "source": "our laboratory",
    "verified": "false",
}
MASSES = {"Nd": 30 * KG}


def makes(court: Court, thing: str) -> Any:
    lot = court.extract("plant", f"in/{thing}", MASSES, "mixed-carbonate")
    made = out(name("plant", thing), 100 * KG, MASSES, "own-powder")
    return court.file("process", "plant", inputs=(Line(lot, None),), outputs=(made,), process="rework")


def test_its_stage_decides_who_may_make_it() -> None:
    court = Court()
    assert refusals(makes(court, "before")) == ["lot.product-unknown"]
    court.set_policy(products=[OWN | {"stage": "separated_compound"}])
    accepted(makes(court, "known"))
    court.set_policy(products=[OWN])
    assert refusals(makes(court, "after")) == ["actor.role"]
    assert court.lot(name("plant", "known")).stage == "separated_compound", "it stays what it was"


def test_a_control_list_that_names_it_holds_for_it() -> None:
    def export(court: Court) -> Any:
        lot = court.extract("magnets", f"lot/{court.index}", MASSES, "own-powder", mass_mg=100 * KG)
        abroad = {"consignee": "urn:x", "custodian_to": "urn:x", "owner_to": "urn:x", "end_user": "urn:x"}
        return court.file("export", "magnets", inputs=(Line(lot, KG),), destination="DE", **abroad)

    court = Court()
    items = ({"control_ref": "list-1"},)
    court.books.put(ControlListRecord("list-1", 0, starts_us=0, ends_us=None, items=items, conditions={}))
    court.set_policy(products=[OWN | {"control_refs": ""}])
    assert flags(export(court)) == []
    court.set_policy(products=[OWN])
    assert refusals(export(court)) == ["licence.missing"]
    assert party("magnets")


@pytest.mark.parametrize("code", ["own-powder", "Nd-Oxide", "nd-oxide ", "钕", "x" * 200])
@pytest.mark.parametrize("kind", ["extract", "opening", "import"])
def test_no_lot_is_born_as_what_the_catalogue_does_not_know(kind: str, code: str) -> None:
    court = Court()
    lot = out(name("mine", "lot/x"), 100 * KG, MASSES, code)
    said: dict[str, Any] = {"origin": "MM"}
    before = court.books.records(LotRecord)
    recorded = court.file(kind, "mine", outputs=(lot,), **(said if kind == "import" else {}))
    assert "lot.product-unknown" in refusals(recorded)
    assert [each.evidence["product"] for each in recorded.refused if each.code == "lot.product-unknown"] == [
        code
    ]
    assert court.books.records(LotRecord) == before


def test_nor_drawn_nor_received_as_it() -> None:
    court = Court()
    accepted(
        court.file(
            "opening", "plant", outputs=(out(name("plant", "in"), 100 * KG, MASSES, "mixed-carbonate"),)
        )
    )
    pool = {"pool": "https://plant.example/pool/1", "process": "separation"}
    accepted(court.file("feed", "plant", inputs=(Line(name("plant", "in"), None),), **pool))
    drawn = out(name("plant", "drawn"), 20 * KG, {"Nd": 10 * KG}, "no-such-product")
    assert refusals(court.file("draw", "plant", outputs=(drawn,), **pool)) == ["lot.product-unknown"]
    received = out(name("mine", "awaited"), 20 * KG, {"Nd": 10 * KG}, "no-such-product")
    said = {"inputs": (received,), "custodian_from": party("mine"), "shipment": "urn:late"}
    assert refusals(court.file("receive", "plant", **said)) == ["lot.product-unknown"]
    said["inputs"] = (replace(received, product=""),)
    accepted(court.file("receive", "plant", **said))


def test_what_left_the_catalogue_stays_what_it_was_and_is_not_born_again() -> None:
    court = Court()
    court.set_policy(products=[OWN])
    lot = court.extract("magnets", "lot/1", MASSES, "own-powder", mass_mg=100 * KG)
    court.set_policy(products=[])
    accepted(court.file("dispose", "magnets", inputs=(Line(lot, KG),), reason="broken"))
    made = out(name("magnets", "lot/2"), 100 * KG, MASSES, "own-powder")
    assert "lot.product-unknown" in refusals(court.file("extract", "magnets", outputs=(made,)))
    assert court.lot(lot).stage == "magnet"
