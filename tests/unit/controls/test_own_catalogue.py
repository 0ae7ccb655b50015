"""Products of one's own, by policy: books and rules know them from the entry on that states them."""

from typing import Any

from ledger.movements.movement import Line
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
    accepted(makes(court, "before"))
    assert court.lot(name("plant", "before")).stage == ""
    court.set_policy(products=[OWN])
    assert refusals(makes(court, "after")) == ["actor.role"]
    assert court.lot(name("plant", "before")).stage == "", "what was born before stays what it was"


def test_a_control_list_that_names_it_holds_for_it() -> None:
    def export(court: Court) -> Any:
        lot = court.extract("magnets", f"lot/{court.index}", MASSES, "own-powder", mass_mg=100 * KG)
        abroad = {"consignee": "urn:x", "custodian_to": "urn:x", "owner_to": "urn:x", "end_user": "urn:x"}
        return court.file("export", "magnets", inputs=(Line(lot, KG),), destination="DE", **abroad)

    court = Court()
    items = ({"control_ref": "list-1"},)
    court.books.put(ControlListRecord("list-1", 0, starts_us=0, ends_us=None, items=items, conditions={}))
    assert flags(export(court)) == []
    court.set_policy(products=[OWN])
    assert refusals(export(court)) == ["licence.missing"]
    assert party("magnets")
