"""Movements for tests, made directly as plain values.

``extract("https://mine.example/lots/1", 5200, treo="0.45", elements={"Nd": "0.2", "La": "0.8"})`` is a
``Movement``; ``movements_written`` takes the same by way of an EPCIS document. Masses are in kg.
Compositions are computed here with rationals, apart from the reader's own arithmetic.
"""

import itertools
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from ledger.movements.movement import Composition, Line, Movement
from ledger.movements.writing import KG

Kilograms: TypeAlias = int | str | Decimal

MINE = "https://mine.example/"
PLANT = "https://plant.example/"
PIT = "https://mine.example/sites/one"
WORKS = "https://plant.example/sites/works"
POOL = "https://plant.example/pools/cascade"
CONTRACT = "https://plant.example/contracts/T-7"
NOON_US = 1_795_147_200_000_000
"""2026-11-20T04:00:00Z."""
BAYAN_OBO: Mapping[str, str] = {"La": "0.25", "Ce": "0.5", "Pr": "0.06", "Nd": "0.18", "Sm": "0.01"}
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

_numbers = itertools.count(1)


def new_event_id() -> str:
    """An event id that no other call gives in this process; the same from run to run."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"event {next(_numbers)}").urn


def mg(kilograms: Kilograms) -> int:
    """Whole milligrams of kilograms that have no finer digits."""
    exact = Decimal(kilograms) * KG
    assert exact == int(exact)
    return int(exact)


def composition(
    mass_mg: int,
    treo: str = "0.45",
    elements: Mapping[str, str] = BAYAN_OBO,
    moisture: str = "",
    loi: str = "",
) -> Composition:
    """What a lot of this mass contains."""
    fractions = {symbol: Fraction(text) for symbol, text in elements.items() if Fraction(text)}
    whole = sum(fractions.values())
    dry = mass_mg * (1 - Fraction(moisture or 0)) * (1 - Fraction(loi or 0))
    exact = {symbol: dry * Fraction(treo) * part / whole for symbol, part in fractions.items()}
    total = round(dry * Fraction(treo))
    contained = {symbol: round(mass) for symbol, mass in exact.items()}
    if sum(contained.values()) != total:
        contained = {symbol: int(mass) for symbol, mass in exact.items()}
        rests = sorted(exact, key=lambda symbol: (contained[symbol] - exact[symbol], symbol))
        for symbol in rests[: total - sum(contained.values())]:
            contained[symbol] += 1
    declared: dict[str, object] = {"treoFraction": treo, "elementFractions": dict(elements)}
    if moisture:
        declared["moistureFraction"] = moisture
    if loi:
        declared["lossOnIgnition"] = loi
    return Composition(
        contained_mg={symbol: mass for symbol, mass in contained.items() if mass},
        treo_fraction=Fraction(treo),
        moisture=Fraction(moisture or 0),
        loi=Fraction(loi or 0),
        element_fractions={symbol: part / whole for symbol, part in fractions.items()},
        declared=declared,
    )


def born(
    lot: str,
    kilograms: Kilograms,
    *,
    treo: str = "0.45",
    elements: Mapping[str, str] = BAYAN_OBO,
    moisture: str = "",
    loi: str = "",
    product: str = "mixed-carbonate",
    instance: bool = False,
    custody_model: str = "",
    pieces: int | None = None,
) -> Line:
    """A lot that comes to be."""
    return Line(
        lot,
        mg(kilograms),
        composition(mg(kilograms), treo, elements, moisture, loi),
        product,
        instance,
        custody_model=custody_model,
        pieces=pieces,
    )


def share(lot: str, kilograms: Kilograms | None = None, **members: Any) -> Line:
    """Some of a lot; all that is left where no mass is given."""
    return Line(lot, None if kilograms is None else mg(kilograms), **members)


def thing(epc: str, kilograms: Kilograms | None = None) -> Line:
    """An instance."""
    return share(epc, kilograms, instance=True)


Goods: TypeAlias = "Mapping[str, Kilograms | None] | Sequence[Line]"


def lines(goods: Goods) -> tuple[Line, ...]:
    """Lines as they are, or shares from {lot: kg}."""
    if isinstance(goods, Mapping):
        return tuple(share(lot, kilograms) for lot, kilograms in goods.items())
    return tuple(goods)


def movement(
    kind: str, *, inputs: Goods = (), outputs: Goods = (), at_us: int = NOON_US, **fields: Any
) -> Movement:
    """A movement with these fields."""
    fields.setdefault("event_id", new_event_id())
    return Movement(
        kind=kind,
        event_time_us=at_us,
        zone_offset_min=480,
        pointer="/epcisBody/eventList/0",
        inputs=lines(inputs),
        outputs=lines(outputs),
        **fields,
    )


def birth(kind: str, lot: str, kilograms: Kilograms, fields: dict[str, Any]) -> Movement:
    """A movement that bears one lot; fields of the lot are taken out of ``fields``."""
    of_lot = {
        name: fields.pop(name)
        for name in ("treo", "elements", "moisture", "loi", "product", "instance", "custody_model", "pieces")
        if name in fields
    }
    return movement(kind, outputs=[born(lot, kilograms, **of_lot)], **fields)


def extract(lot: str, kilograms: Kilograms, *, site: str = PIT, **fields: Any) -> Movement:
    """A lot from a mine."""
    fields.setdefault("origin", site)
    return birth("extract", lot, kilograms, {"site": site, **fields})


def opening(lot: str, kilograms: Kilograms, *, site: str = PIT, **fields: Any) -> Movement:
    """A lot from before the ledger."""
    return birth("opening", lot, kilograms, {"site": site, **fields})


def import_(lot: str, kilograms: Kilograms, *, site: str = WORKS, **fields: Any) -> Movement:
    """A lot from abroad, its origin undeclared unless given."""
    fields.setdefault("origin", "undeclared")
    return birth("import", lot, kilograms, {"site": site, **fields})


def process(
    inputs: Goods,
    outputs: Sequence[Line],
    *,
    lost_kg: Kilograms | Mapping[str, Kilograms] = 0,
    site: str = WORKS,
    **fields: Any,
) -> Movement:
    """A batch."""
    fields.setdefault("process", "separation")
    lost = {s: mg(m) for s, m in lost_kg.items()} if isinstance(lost_kg, Mapping) else {"": mg(lost_kg)}
    return movement("process", inputs=inputs, outputs=outputs, declared_losses_mg=lost, site=site, **fields)


def feed(inputs: Goods, *, pool: str = POOL, site: str = WORKS, **fields: Any) -> Movement:
    """Lots into a pool."""
    fields.setdefault("process", "separation")
    return movement("feed", inputs=inputs, pool=pool, site=site, **fields)


def draw(outputs: Sequence[Line], *, pool: str = POOL, site: str = WORKS, **fields: Any) -> Movement:
    """Lots out of a pool."""
    fields.setdefault("process", "separation")
    return movement("draw", outputs=outputs, pool=pool, site=site, **fields)


def close(
    measured_kg: Mapping[str, Kilograms], *, pool: str = POOL, site: str = WORKS, **fields: Any
) -> Movement:
    """A pool as measured."""
    measured = {symbol: mg(mass) for symbol, mass in measured_kg.items()}
    return movement("close", measured_mg=measured, pool=pool, site=site, **fields)


def _sent(kind: str, inputs: Goods, consignor: str, consignee: str, fields: dict[str, Any]) -> Movement:
    fields = {
        "owner_from": consignor,
        "custodian_from": consignor,
        "owner_to": consignee,
        "custodian_to": consignee,
        "site": PIT,
        "counterparties": (consignee,),
        **fields,
    }
    return movement(kind, inputs=inputs, **fields)


def ship(inputs: Goods, *, consignor: str = MINE, consignee: str = PLANT, **fields: Any) -> Movement:
    """Goods sent and sold."""
    return _sent("ship", inputs, consignor, consignee, fields)


def return_(
    inputs: Goods, *, shipment: str, consignor: str = PLANT, consignee: str = MINE, **fields: Any
) -> Movement:
    """Goods sent back."""
    fields = {"reason": "off specification", "site": WORKS, **fields}
    return _sent("return", inputs, consignor, consignee, {"shipment": shipment, **fields})


def export(
    inputs: Goods, *, consignor: str = PLANT, consignee: str = "https://importer.example/", **fields: Any
) -> Movement:
    """Goods sent abroad."""
    fields = {
        "consignee": consignee,
        "end_user": consignee,
        "destination": "JP",
        "declaration": "310120260000000001",
        "site": WORKS,
        **fields,
    }
    return _sent("export", inputs, consignor, consignee, fields)


def disclose(inputs: Goods, **fields: Any) -> Movement:
    """An export that is owned up to."""
    made = export(inputs, **{"reason": "the licence had run out", **fields})
    return _replaced(made, kind="disclose")


def impart(technology: str, *, consignee: str = "https://importer.example/", **fields: Any) -> Movement:
    """Technology that is handed over."""
    fields = {
        "manner": "export",
        "consignee": consignee,
        "end_user": consignee,
        "destination": "JP",
        "counterparties": (consignee,),
        **fields,
    }
    return movement("impart", technology=technology, **fields)


def release(inputs: Goods, *, user: str = "https://user.example/", **fields: Any) -> Movement:
    """Goods that leave the books."""
    fields = {"site": WORKS, "counterparties": (user,), **fields}
    return movement("release", inputs=inputs, custodian_to=user, **fields)


def receive(inputs: Goods, *, shipment: str, consignor: str = MINE, **fields: Any) -> Movement:
    """Goods that arrive."""
    fields = {"site": WORKS, "counterparties": (consignor,), **fields}
    return movement("receive", inputs=inputs, shipment=shipment, custodian_from=consignor, **fields)


def cancel(inputs: Goods, *, shipment: str, **fields: Any) -> Movement:
    """A shipment that the consignor takes back."""
    fields = {"reason": "the lorry broke down", "site": PIT, **fields}
    return movement("cancel", inputs=inputs, shipment=shipment, **fields)


def refuse(inputs: Goods, *, shipment: str, consignor: str = MINE, **fields: Any) -> Movement:
    """A shipment that the consignee does not take."""
    fields = {"reason": "wet through", "site": WORKS, "counterparties": (consignor,), **fields}
    return movement("refuse", inputs=inputs, shipment=shipment, custodian_to=consignor, **fields)


def transfer(inputs: Goods, *, owner_from: str = MINE, owner_to: str = PLANT, **fields: Any) -> Movement:
    """Goods sold where they lie."""
    fields = {"invoice": "https://mine.example/invoices/1", "counterparties": (owner_to,), **fields}
    return movement("transfer", inputs=inputs, owner_from=owner_from, owner_to=owner_to, **fields)


def pack(unit: str, inputs: Goods, *, seals: tuple[str, ...] = ("S-1",), **fields: Any) -> Movement:
    """Goods that go into a unit."""
    return movement("pack", inputs=inputs, **{"site": PIT, "parent": unit, "seals": seals, **fields})


def unpack(unit: str, inputs: Goods = (), **fields: Any) -> Movement:
    """Goods that come out of a unit."""
    return movement("unpack", inputs=inputs, **{"site": WORKS, "parent": unit, **fields})


def assay(inputs: Goods, results: Mapping[str, tuple[str, str]], **fields: Any) -> Movement:
    """What a laboratory found: (share of REO, uncertainty) by element."""
    fields = {
        "laboratory": "https://laboratory.example/",
        "test": "https://laboratory.example/reports/1",
        "document_sha256": DIGEST,
        **fields,
    }
    found = {symbol: (Fraction(value), Fraction(u)) for symbol, (value, u) in results.items()}
    return movement("assay", inputs=inputs, results=found, **fields)


def stocktake(inputs: Goods, *, site: str = WORKS, **fields: Any) -> Movement:
    """What was counted."""
    return movement("stocktake", inputs=inputs, site=site, **fields)


def lose(inputs: Goods, *, kind: str = "lose", site: str = WORKS, **fields: Any) -> Movement:
    """Goods that are gone; ``kind`` may be dispose or destroy."""
    return movement(kind, inputs=inputs, site=site, **{"reason": "a drum burst", **fields})


def undone(made: Movement) -> Movement:
    """The movement as one that did not occur."""
    return _replaced(made, corrects=made.event_id, did_not_occur=True, reason="did_not_occur")


def replacing(wrong: Movement, right: Movement) -> Movement:
    """The movement as one that takes another's place."""
    return _replaced(right, corrects=wrong.event_id, reason=right.reason or "incorrect_data")


def _replaced(made: Movement, **fields: Any) -> Movement:
    members = {name: getattr(made, name) for name in Movement.__slots__}
    return Movement(**{**members, **fields})
