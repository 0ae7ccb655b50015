"""What happens in the demonstration: a lot of carbonate becomes oxide, then magnets, and leaves the country.

The documents are plain EPCIS 2.0 records. The story fills the ten days before ``end``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from api.demo.cast import Member

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    {"ree": "https://w3id.org/reledger/ree#"},
]
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Scene:
    """One record of the story.

    Attributes:
        title: What happens, in a sentence.
        actor: Who signs it.
        document: The EPCIS document.
    """

    title: str
    actor: Member
    document: dict[str, Any]


def sites(members: Mapping[str, Member]) -> Iterator[tuple[Member, dict[str, Any]]]:
    """The sites that the authority lists: (whose, act)."""
    for name, description in (
        ("mine", {"name": "Open pit and dressing plant", "country": "CN"}),
        ("plant", {"name": "Separation plant", "country": "CN"}),
        ("maker", {"name": "Magnet works", "country": "CN"}),
    ):
        member = members[name]
        yield (
            member,
            {
                "act": "list-site",
                "site": member.site(),
                "party": member.party,
                "description": description,
            },
        )


def scenes(members: Mapping[str, Member], end: datetime) -> Iterator[Scene]:
    """The story, in the order in which it is recorded."""
    mine, plant, maker, importer = (members[name] for name in ("mine", "plant", "maker", "importer"))
    carbonate = mine.lot(1, "RE-CARB-2611")
    oxide = plant.lot(1, "PRND-OX-2611")
    magnets = maker.lot(1, "NDFEB-N42-2611")

    def at(hours: int) -> datetime:
        return end - timedelta(hours=240 - hours)

    yield Scene(
        "the mine produces 5,200 kg of mixed carbonate",
        mine,
        _document(
            _object(at(0), "ADD", "commissioning", mine, [(carbonate, 5200)])
            | {"ilmd": {"ree:product": "mixed carbonate", "ree:treoFraction": "0.45"}}
        ),
    )
    yield Scene(
        "the mine ships it to the separation plant", mine, _shipping(at(24), mine, plant, carbonate, 5200)
    )
    yield Scene(
        "the plant receives it; its scale says 5,198 kg",
        plant,
        _receiving(at(60), mine, plant, carbonate, 5198),
    )
    yield Scene(
        "the plant separates it: 980 kg of PrNd oxide",
        plant,
        _document(_transformation(at(120), plant, (carbonate, 5198), (oxide, 980), "separation")),
    )
    yield Scene("the plant ships the oxide", plant, _shipping(at(130), plant, maker, oxide, 980))
    yield Scene("the magnet works receive it", maker, _receiving(at(150), plant, maker, oxide, 980))
    yield Scene(
        "the works make 2,650 kg of magnets",
        maker,
        _document(_transformation(at(200), maker, (oxide, 980), (magnets, 2650), "sintering")),
    )
    yield Scene("the works export them", maker, _shipping(at(216), maker, importer, magnets, 2650))
    yield Scene("the importer receives them", importer, _receiving(at(238), maker, importer, magnets, 2650))


def _document(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": event["eventTime"],
        "epcisBody": {"eventList": [event]},
    }


def _event(kind: str, when: datetime, step: str, member: Member) -> dict[str, Any]:
    return {
        "type": kind,
        "eventID": f"urn:uuid:{uuid4()}",
        "eventTime": when.astimezone(BEIJING).isoformat(timespec="seconds"),
        "eventTimeZoneOffset": "+08:00",
        "bizStep": step,
        "readPoint": {"id": member.site()},
    }


def _object(
    when: datetime, action: str, step: str, member: Member, lots: list[tuple[str, int]]
) -> dict[str, Any]:
    return _event("ObjectEvent", when, step, member) | {
        "action": action,
        "quantityList": [_quantity(lot, mass_kg) for lot, mass_kg in lots],
    }


def _quantity(lot: str, mass_kg: int) -> dict[str, Any]:
    return {"epcClass": lot, "quantity": mass_kg, "uom": "KGM"}


def _between(sender: Member, receiver: Member) -> dict[str, Any]:
    return {
        "sourceList": [{"type": "owning_party", "source": sender.party}],
        "destinationList": [{"type": "owning_party", "destination": receiver.party}],
    }


def _shipping(when: datetime, sender: Member, receiver: Member, lot: str, mass_kg: int) -> dict[str, Any]:
    event = _object(when, "OBSERVE", "shipping", sender, [(lot, mass_kg)])
    return _document(event | {"disposition": "in_transit"} | _between(sender, receiver))


def _receiving(when: datetime, sender: Member, receiver: Member, lot: str, mass_kg: int) -> dict[str, Any]:
    event = _object(when, "OBSERVE", "receiving", receiver, [(lot, mass_kg)])
    return _document(event | {"disposition": "in_progress"} | _between(sender, receiver))


def _transformation(
    when: datetime, member: Member, consumed: tuple[str, int], made: tuple[str, int], process: str
) -> dict[str, Any]:
    return _event("TransformationEvent", when, "creating_class_instance", member) | {
        "inputQuantityList": [_quantity(*consumed)],
        "outputQuantityList": [_quantity(*made)],
        "ree:process": process,
    }
