"""Exports of magnets under a licence, for tests of what a licence allows and of what is given back."""

from typing import Any

from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import ControlListRecord, LicenceRecord
from tests.support.court import HOUR_US, KG, Court, party

LICENCE = "urn:licence:1"
BUYER = "https://buyer.example/party"
MOTORS = "https://motors.abroad.example/party"
HEAVY = {"Nd": 29 * KG, "Dy": KG}


def court_with_list(**members: Any) -> Court:
    court = Court()
    court.set_policy(rules={"hs.mismatch": {"action": "off"}, "export.structuring": {"action": "off"}})
    items = ({"control_ref": "mofcom-18-2025"}, {"elements": ["Tb", "Dy"], "least_share": "0.001"})
    said = {"starts_us": 0, "ends_us": None, "items": items, "conditions": {}, **members}
    court.books.put(ControlListRecord("mofcom-18-2025", 0, **said))
    return court


def grant(court: Court, **members: Any) -> None:
    said: dict[str, Any] = {
        "exporter": party("magnets"),
        "kind": "general",
        "state": "granted",
        "items": ("ndfeb-dy-magnet",),
        "destinations": ("DE",),
        "consignees": (BUYER,),
        "end_users": (MOTORS,),
        "end_use": "traction motors",
        "quantity_mg": 100 * KG,
        "drawn_mg": 0,
        "applied_at": 0,
        "applied_us": 0,
        "valid_from_us": 0,
        "valid_to_us": court.now_us + HOUR_US,
        **members,
    }
    court.books.put(LicenceRecord(LICENCE, **said))


def export(
    court: Court,
    kg: int = 50,
    masses: dict[str, int] = HEAVY,
    product: str = "ndfeb-dy-magnet",
    **members: Any,
) -> Recorded:
    number = court.index
    lot = court.extract("magnets", f"lot/{number}", masses, product, mass_mg=200 * KG)
    said = {
        "inputs": (Line(lot, kg * KG),),
        "licence": LICENCE,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": MOTORS,
        "end_use": "traction motors",
        "destination": "DE",
        "declaration": "urn:declaration:1",
        **members,
    }
    return court.file("export", "magnets", **said)


def licence(court: Court) -> LicenceRecord:
    found = court.books.get(LicenceRecord, LICENCE)
    assert found is not None
    return found
