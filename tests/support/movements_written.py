"""Movements for tests by way of an EPCIS document: written to JSON and read by the strict reader."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from ledger.movements import writing
from ledger.movements.assembling import Common
from ledger.movements.movement import Line, Movement
from ledger.movements.reading import read_movements
from ledger.movements.writing import LotContent, document, dump_document
from ledger.statements.epcis import read_document
from tests.support.movements import CONTRACT, NOON_US

Event: TypeAlias = dict[str, Any]


def content(line: Line) -> LotContent:
    """A line as the builders take it."""
    said = {} if line.composition is None else line.composition.declared
    shares = said.get("elementFractions", {})
    assert isinstance(shares, Mapping)
    moisture = str(said.get("moistureFraction", ""))
    if line.moisture is not None and not moisture:
        moisture = str(Decimal(line.moisture.numerator) / line.moisture.denominator)
    return LotContent(
        lot=line.lot,
        mass_mg=line.mass_mg,
        product=line.product,
        treo_fraction=str(said.get("treoFraction", "")),
        element_fractions=shares,
        moisture=moisture,
        loi=str(said.get("lossOnIgnition", "")),
        custody_model=line.custody_model,
        pieces=line.pieces,
        instance=line.instance,
    )


def _exact(value: Fraction) -> str:
    return str(Decimal(value.numerator) / value.denominator)


def _common(made: Movement) -> dict[str, Any]:
    given = {name: getattr(made, name) for name in Common.__annotations__ if hasattr(made, name)}
    given["at_us"] = made.event_time_us
    if made.did_not_occur:
        del given["reason"]
    return {
        name: value
        for name, value in given.items()
        if value is not None and value is not False and value not in ("", ())
    }


_IMPARTED = (
    *("manner", "consignee", "end_user", "end_use", "destination", "licence", "scope", "document_sha256"),
    "disclosed",
)
_GOODS_ONLY: Mapping[str, Callable[..., Event]] = {
    "opening": writing.opening,
    "transfer": writing.transfer,
    "stocktake": writing.stocktake,
    "lose": writing.lose,
    "dispose": writing.dispose,
    "destroy": writing.destroy,
}


def as_event(made: Movement) -> Event:
    """The movement as an EPCIS event."""
    common = _common(made)
    ins = [content(line) for line in made.inputs] + [LotContent(unit) for unit in made.units]
    outs = [content(line) for line in made.outputs]
    if made.kind in _GOODS_ONLY:
        return _GOODS_ONLY[made.kind](ins + outs, **common)
    return _EVENTS[made.kind](made, ins, outs, common)


def _shipped(made: Movement, ins: list[LotContent], _: Any, common: dict[str, Any]) -> Event:
    ends = {"consignor": made.custodian_from, "consignee": made.custodian_to}
    if made.kind == "ship":
        return writing.ship(ins, **ends, **common)
    if made.kind == "return":
        return writing.return_(ins, **ends, shipment=made.shipment, **common)
    of_export = {
        name: getattr(made, name) for name in ("end_user", "end_use", "destination", "declaration", "licence")
    }
    build = writing.export if made.kind == "export" else writing.disclose
    event = build(ins, **ends, **of_export, **common)
    event["ree:consignee"] = made.consignee
    return event


def _imported(made: Movement, ins: list[LotContent], outs: list[LotContent], common: Any) -> Event:
    return writing.import_(
        outs or ins,
        origin=made.origin,
        origin_declaration=made.origin_declaration,
        known=bool(made.inputs or made.units),
        declaration=made.declaration,
        **common,
    )


_EVENTS: Mapping[str, Callable[[Movement, list[LotContent], list[LotContent], dict[str, Any]], Event]] = {
    "extract": lambda m, i, o, c: writing.extract(o, origin="" if m.origin == m.site else m.origin, **c),
    "import": _imported,
    "process": lambda m, i, o, c: writing.process(
        i, o, process=m.process, losses_mg=m.declared_losses_mg, **c
    ),
    "feed": lambda m, i, o, c: writing.feed(m.pool, i, process=m.process, **c),
    "draw": lambda m, i, o, c: writing.draw(
        m.pool, o, process=m.process, losses_mg=m.declared_losses_mg or None, **c
    ),
    "close": lambda m, i, o, c: writing.close(m.pool, m.measured_mg, **c),
    "ship": _shipped,
    "return": _shipped,
    "export": _shipped,
    "disclose": _shipped,
    "impart": lambda m, i, o, c: writing.impart(
        m.technology,
        contract=CONTRACT,
        **{name: getattr(m, name) for name in _IMPARTED},
        **c,
    ),
    "release": lambda m, i, o, c: writing.release(i, user=m.custodian_to, **c),
    "receive": lambda m, i, o, c: writing.receive(
        i, consignor=m.custodian_from, shipment=m.shipment, final=m.final, **c
    ),
    "cancel": lambda m, i, o, c: writing.cancel(i, shipment=m.shipment, **c),
    "refuse": lambda m, i, o, c: writing.refuse(i, consignor=m.custodian_to, shipment=m.shipment, **c),
    "pack": lambda m, i, o, c: writing.pack(m.parent, i, **c),
    "unpack": lambda m, i, o, c: writing.unpack(m.parent, i, **c),
    "assay": lambda m, i, o, c: writing.assay(
        i,
        results={symbol: (_exact(value), _exact(u)) for symbol, (value, u) in m.results.items()},
        treo=None if m.treo_result is None else (_exact(m.treo_result[0]), _exact(m.treo_result[1])),
        laboratory=m.laboratory,
        test=m.test,
        document_sha256=m.document_sha256,
        sampled=m.sampled,
        **c,
    ),
}


def read_events(*events: Event, issuer: str = "") -> tuple[Movement, ...]:
    """The movements that a document of these events holds; it is valid and has no findings."""
    payload = dump_document(document(events, NOON_US))
    read = read_document(payload)
    assert read.findings == [], read.findings
    movements, findings = read_movements(read.events, issuer)
    assert findings == [], findings
    return movements


def through_epcis(*made: Movement, issuer: str = "") -> tuple[Movement, ...]:
    """The movements again, written to JSON and read by the strict reader."""
    return read_events(*(as_event(each) for each in made), issuer=issuer)


def payload_of(made: Iterable[Movement]) -> bytes:
    """The bytes of an EPCIS document with these movements."""
    return dump_document(document([as_event(each) for each in made], NOON_US))
