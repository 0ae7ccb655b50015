"""A refusal, of a dry run as well, says the same of what others have and of what is not there."""

from typing import Any

import pytest

from ledger.movements.movement import Line
from tests.support.court import DAY_US, KG, START_US, Court, accepted, name, out, party, refusals, site

ORE = name("mine", "lot/ore")
UNIT = name("mine", "unit/1")
POOL = name("plant", "pool/1")
REO = {"Nd": 600 * KG, "Pr": 200 * KG}
OWN = name("recycler", "lot/own")
"""What the curious have themselves."""


@pytest.fixture
def court() -> Court:
    """The mine has ore in a unit and an export abroad; the plant runs a pool; a recycler is curious."""
    made = Court()
    made.extract("mine", "lot/ore", REO, "rock-ore")
    made.extract("recycler", "lot/own", REO, "magnet-scrap")
    accepted(made.file("pack", "mine", inputs=(share(ORE, KG),), parent=UNIT, seals=("s-1",)))
    fed = made.extract("plant", "lot/fed", REO, "mixed-carbonate")
    accepted(made.file("feed", "plant", inputs=(share(fed, KG),), pool=POOL, process="separation"))
    return made


def share(lot: str, mass_mg: int | None = None) -> Line:
    return Line(lot, mass_mg, pointer="/events/0")


def answer(court: Court, kind: str, firm: str, thing: str, **said: Any) -> list[str]:
    """Everything that a refusal says, with the name that was tried left out."""
    recorded = court.file(kind, firm, event_id="urn:tried", **said)
    assert recorded.refused
    return [repr(finding).replace(thing, "*") for finding in recorded.refused]


def alike(court: Court, kind: str, firm: str, there: str, tries: Any) -> list[str]:
    """The codes of two refusals that say the same: of a name that is there, and of one that is not."""
    nowhere = there + "-none"
    found = answer(court, kind, firm, there, **tries(there))
    assert found == answer(court, kind, firm, nowhere, **tries(nowhere))
    return refusals(court.file(kind, firm, event_id="urn:tried", **tries(there)))


TO = {"custodian_to": party("store"), "owner_to": party("store")}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ship", TO),
        ("release", {"custodian_to": party("motors"), "owner_to": party("motors")}),
        ("transfer", {"owner_to": party("plant"), "invoice": "urn:invoice:1"}),
        ("lose", {"reason": "lost"}),
        ("pack", {"parent": name("recycler", "unit/1"), "seals": ("s-2",)}),
        (
            "process",
            {"process": "blending", "outputs": (out(name("recycler", "lot/b"), KG, {"Nd": KG // 2}),)},
        ),
        ("feed", {"process": "blending", "pool": name("recycler", "pool/1")}),
    ],
)
def test_a_lot_that_others_have(court: Court, kind: str, said: dict[str, Any]) -> None:
    """A recycler is not even told that what it tries is an ore."""

    def tries(lot: str) -> dict[str, Any]:
        return {"inputs": (share(lot, KG),), **said}

    assert alike(court, kind, "recycler", ORE, tries) == ["custody.not-holder"]


def test_a_recycler_that_has_the_ore_is_told(court: Court) -> None:
    lot = court.extract("recycler", "lot/ore", REO, "rock-ore")
    made = out(name("recycler", "lot/b"), KG, {"Nd": KG // 4})
    said = {"inputs": (share(lot, KG),), "outputs": (made,), "process": "blending"}
    assert "recycler.ore-input" in refusals(court.file("process", "recycler", **said))


@pytest.mark.parametrize("kind", ["draw", "close", "feed"])
def test_a_pool_that_others_run(court: Court, kind: str) -> None:
    outputs = (out(name("recycler", "lot/d"), KG, {"Nd": KG // 2}),) if kind == "draw" else ()

    def tries(pool: str) -> dict[str, Any]:
        inputs = (share(OWN, KG),) if kind == "feed" else ()
        said = {"outputs": outputs, "inputs": inputs, "process": "blending"}
        return {**said, "pool": pool, "measured_mg": {"Nd": 1}}

    expected = "name.foreign" if kind == "feed" else "custody.not-holder"
    assert alike(court, kind, "recycler", POOL, tries) == [expected]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ship", TO),
        ("lose", {"reason": "lost"}),
        ("stocktake", {}),
        ("receive", {"custodian_from": party("mine"), "shipment": "urn:never"}),
        ("pack", {"parent": name("recycler", "unit/1"), "seals": ("s-2",)}),
    ],
)
def test_what_is_in_a_unit_of_others(court: Court, kind: str, said: dict[str, Any]) -> None:
    def tries(unit: str) -> dict[str, Any]:
        return {"units": (unit,), **said}

    assert alike(court, kind, "recycler", UNIT, tries) == ["unit.unknown"]


def test_a_unit_of_others_is_not_opened(court: Court) -> None:
    assert alike(court, "unpack", "recycler", UNIT, lambda unit: {"parent": unit}) == ["unit.unknown"]


def test_a_consignee_opens_what_was_sent_to_it(court: Court) -> None:
    said = {"custodian_to": party("plant"), "owner_to": party("plant"), "units": (UNIT,)}
    accepted(court.file("ship", "mine", event_id="urn:sent", site_to=site("plant"), **said))
    got = {"custodian_from": party("mine"), "shipment": "urn:sent", "units": (UNIT,), "final": True}
    accepted(court.file("receive", "plant", at_us=court.now_us, **got))
    accepted(court.file("unpack", "plant", parent=UNIT))


def test_a_name_of_others_is_not_told_to_be_taken(court: Court) -> None:
    def tries(lot: str) -> dict[str, Any]:
        return {"outputs": (out(lot, KG, {"Nd": KG // 2}, "rock-ore"),)}

    assert alike(court, "opening", "recycler", ORE, tries) == ["name.foreign"]


@pytest.mark.parametrize("kind", ["refuse", "return"])
def test_a_shipment_to_others(court: Court, kind: str) -> None:
    accepted(court.file("ship", "mine", event_id="urn:sent", inputs=(share(ORE, KG),), **TO))

    def tries(name: str) -> dict[str, Any]:
        lines = (share(OWN, KG),) if kind == "return" else ()
        back = {"custodian_to": party("mine"), "owner_to": party("mine"), "reason": "wet"}
        return {"shipment": name, "inputs": lines, **back}

    assert alike(court, kind, "recycler", "urn:sent", tries) == ["shipment.unknown"]


def test_when_a_lot_of_others_was_born_is_not_told(court: Court) -> None:
    claim = {"custodian_from": party("mine"), "shipment": "urn:never", "inputs": (share(ORE, KG),)}
    recorded = court.file("receive", "plant", at_us=START_US - 300 * DAY_US, **claim)
    (finding,) = recorded.refused
    assert finding.code == "time.before-birth"
    assert "2026" not in finding.detail
    assert set(finding.evidence) == {"event_time"}
