"""One movement of each kind, the same in every run: for the tests of reading and for docs/movements.md."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ledger.findings import Finding
from ledger.movements.movement import Movement
from ledger.movements.reading import read_movements
from ledger.statements.epcis import read_document
from ledger.strict_json import parse_json
from tests.support import movements as make
from tests.support.epcis_documents import document
from tests.support.movements import DIGEST, MINE, NOON_US, PLANT, WORKS
from tests.support.movements_written import payload_of

ORE = "https://mine.example/lots/CARB-2611"
OXIDE = "https://plant.example/lots/PRND-2611"
REST = "https://plant.example/lots/LACE-2611"
DRUM = "https://plant.example/drums/77"
PALLET = "https://id.gs1.org/00/069012340000000184"
ADVICE = "urn:epcglobal:cbv:bt:6901234000009:DA-77"
INVOICE = "urn:epcglobal:cbv:bt:6901234000009:INV-77"
SHIPMENT = "urn:uuid:5b1d7c1e-0000-4000-8000-000000000007"

PRND = make.born(OXIDE, 980, treo="0.99", elements={"Pr": "0.25", "Nd": "0.75"}, product="prnd-oxide")
LACE = make.born(REST, 2090, treo="0.985", elements={"La": "0.33", "Ce": "0.67"}, product="lace-oxide")


def _examples() -> dict[str, Movement]:
    ids = (f"urn:uuid:5b1d7c1e-0000-4000-8000-{number:012d}" for number in range(1, 100))

    def named(made: Movement) -> Movement:
        members = {name: getattr(made, name) for name in Movement.__slots__}
        return Movement(**{**members, "event_id": next(ids)})

    return {
        "opening": named(make.opening(ORE, 1800, moisture="0.08")),
        "extract": named(make.extract(ORE, 5200, custody_model="segregated")),
        "process": named(make.process({ORE: 5200}, [PRND, LACE], lost_kg=80)),
        "feed": named(make.feed({ORE: 5200})),
        "draw": named(make.draw([PRND], declared_losses_mg={"Nd": 1_500_000})),
        "close": named(make.close({"Pr": "40.5", "Nd": 118})),
        "ship": named(
            make.ship(
                {ORE: 5200},
                units=(PALLET,),
                site_to=WORKS,
                despatch_advice=ADVICE,
                invoice=INVOICE,
                due_us=NOON_US + 172_800_000_000,
                unit_price="38.4 CNY",
            )
        ),
        "receive": named(
            make.receive(
                [make.share(ORE, "5198.6", moisture=Fraction("0.079"))], shipment=SHIPMENT, final=False
            )
        ),
        "cancel": named(make.cancel({ORE: 5200}, shipment=SHIPMENT)),
        "refuse": named(make.refuse({ORE: 5200}, shipment=SHIPMENT)),
        "return": named(make.return_({ORE: 300}, shipment=SHIPMENT)),
        "transfer": named(make.transfer({ORE: 1000}, invoice=INVOICE)),
        "export": named(make.export({OXIDE: 500}, licence="EL-2026-0042", end_use="motors")),
        "disclose": named(make.disclose({OXIDE: 20})),
        "import": named(make.import_(ORE, 900, origin="MM", origin_declaration=DIGEST)),
        "release": named(make.release([make.thing(DRUM)])),
        "pack": named(make.pack(PALLET, [make.share(OXIDE, 480), make.thing(DRUM)])),
        "unpack": named(make.unpack(PALLET)),
        "assay": named(
            make.assay(
                {OXIDE: None},
                {"Pr": ("0.248", "0.003"), "Nd": ("0.751", "0.006")},
                treo_result=(Fraction("0.991"), Fraction("0.002")),
            )
        ),
        "stocktake": named(make.stocktake({OXIDE: "979.2"})),
        "lose": named(make.lose({OXIDE: "0.8"})),
        "dispose": named(make.lose({REST: 40}, kind="dispose", reason="contaminated with iron")),
        "destroy": named(make.lose([make.thing(DRUM)], kind="destroy", reason="crushed by a forklift")),
        "impart": named(
            make.impart(
                "1E902.a",
                licence="EL-2026-0043",
                end_use="a separation line in Japan",
                scope={"documents": 12, "training": 1},
                document_sha256=DIGEST,
            )
        ),
    }


EXAMPLES: Mapping[str, Movement] = _examples()
"""By kind."""

ISSUERS: Mapping[str, str] = dict.fromkeys(EXAMPLES, PLANT) | dict.fromkeys(
    ("ship", "cancel", "transfer"), MINE
)
"""Who signs each."""


def example_event(kind: str) -> dict[str, Any]:
    """The example as an EPCIS event, as parsed from its JSON."""
    value: Any = parse_json(payload_of([EXAMPLES[kind]]))
    event: dict[str, Any] = value["epcisBody"]["eventList"][0]
    return event


AT = "/epcisBody/eventList/0"


def judged(event: dict[str, Any], issuer: str = "") -> tuple[tuple[Movement, ...], list[Finding]]:
    """The movement in an event that is valid EPCIS."""
    read = read_document(document(event))
    assert read.findings == []
    return read_movements(read.events, issuer)


def findings_of(event: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer relative to the event) of every finding."""
    _, findings = judged(event)
    assert all(finding.detail.endswith(".") and finding.mend.endswith(".") for finding in findings)
    return [(finding.code, finding.pointer.removeprefix(AT)) for finding in findings]


def unpointed(movement: Movement) -> Movement:
    """The movement without the places where its parts stood."""
    bare = {
        name: tuple(sorted((replace(line, pointer="") for line in getattr(movement, name)), key=repr))
        for name in _LINES
    }
    return replace(movement, pointer="", **bare)


_LINES = ("inputs", "outputs")


def change(event: dict[str, Any], path: str, value: Any = None) -> dict[str, Any]:
    """The event with the member at this path (keys with blanks between them) left out, or put to a value."""
    changed = copy.deepcopy(event)
    *way, last = (int(key) if key.isdigit() else key for key in path.split())
    place: Any = changed
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed
