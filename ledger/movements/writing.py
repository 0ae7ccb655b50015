"""Writing movements: EPCIS events and documents from plain values.

Decides: nothing that ``reading`` does not demand. A function for each kind puts every member in its place.
Masses are whole milligrams and are written as exact decimal kilograms. Whether the values are right is for
the reader to say; only a float is refused at once, for it cannot be written exactly.

    event = extract(
        [LotContent("https://mine.example/lots/1", 5_200 * KG, "concentrate", "0.45", {"La": "1"})],
        event_id="urn:uuid:...", at_us=now_us, site="https://mine.example/sites/one",
    )
    payload = dump_document(document([event], now_us))
"""

from collections.abc import Iterable, Mapping
from typing import Final, Unpack

from ledger.movements.assembling import (
    Common,
    Event,
    Goods,
    LotContent,
    aggregation,
    begin,
    birth,
    declared,
    ended,
    losses,
    observed,
    put_export,
    put_goods,
    put_lots,
    sent,
)
from ledger.movements.dumping import KG, TONNE, Number, dump_document, number, time_text
from ledger.movements.technology import technology_uri
from ledger.statements.epcis import REE

__all__ = [
    "KG",
    "TONNE",
    "LotContent",
    "assay",
    "cancel",
    "close",
    "correct",
    "destroy",
    "disclose",
    "dispose",
    "document",
    "draw",
    "dump_document",
    "export",
    "extract",
    "feed",
    "impart",
    "import_",
    "lose",
    "opening",
    "pack",
    "process",
    "receive",
    "refuse",
    "release",
    "return_",
    "ship",
    "stocktake",
    "transfer",
    "undo",
    "unpack",
]

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def document(events: Iterable[Event], creation_time_us: int) -> Event:
    """An EPCIS document with these events.

    Args:
        creation_time_us: Microseconds since 1970 UTC.
    """
    return {
        "@context": [CONTEXT, {"ree": REE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(creation_time_us, 0),
        "epcisBody": {"eventList": list(events)},
    }


def opening(lots: Goods, **common: Unpack[Common]) -> Event:
    """Lots that a party held before the ledger began."""
    return birth("opening", lots, common, bizStep="commissioning")


def extract(lots: Goods, *, origin: str = "", **common: Unpack[Common]) -> Event:
    """Lots from a mine, or from a source of scrap.

    Args:
        origin: The mine's (or the source's) URI where it is not the site.
    """
    event = birth("extract", lots, common, bizStep="commissioning")
    if origin:
        event["ree:origin"] = origin
    return event


def import_(
    lots: Goods,
    *,
    origin: str = "undeclared",
    origin_declaration: str = "",
    known: bool = False,
    declaration: str = "",
    **common: Unpack[Common],
) -> Event:
    """Lots from abroad.

    Args:
        origin: Country code, or ``undeclared``.
        origin_declaration: SHA-256 in hex of the declaration of origin, or of a foreign ledger's proof.
        known: The ledger knows the lots already (re-import, hand-over).
        declaration: Number of the customs declaration.
    """
    if known:
        event = observed("import", lots, common, bizStep="arriving")
    else:
        event = birth("import", lots, common, bizStep="commissioning")
    event["ree:origin"] = origin
    if origin_declaration:
        event["ree:originDeclaration"] = origin_declaration
    if declaration:
        event["ree:declaration"] = declaration
    return event


def process(
    inputs: Goods,
    outputs: Goods,
    *,
    process: str,
    losses_mg: Mapping[str, int],
    **common: Unpack[Common],
) -> Event:
    """A batch: inputs leave, outputs are born.

    Args:
        process: Name of the process.
        losses_mg: Declared losses of REO by element, or ``{"": total}``.
    """
    event = begin("process", "TransformationEvent", common)
    put_goods(event, "inputEPCList", "inputQuantityList", inputs)
    put_goods(event, "outputEPCList", "outputQuantityList", outputs)
    put_lots(event, [*inputs, *outputs], ilmd=True)
    event["ree:process"] = process
    event["ree:declaredLosses"] = losses(losses_mg)
    return event


def feed(pool: str, inputs: Goods, *, process: str, **common: Unpack[Common]) -> Event:
    """Lots that go into a pool."""
    event = begin("feed", "TransformationEvent", common)
    put_goods(event, "inputEPCList", "inputQuantityList", inputs)
    put_lots(event, inputs, ilmd=False)
    event["transformationID"] = pool
    event["ree:process"] = process
    return event


def draw(
    pool: str,
    outputs: Goods,
    *,
    process: str,
    losses_mg: Mapping[str, int] | None = None,
    **common: Unpack[Common],
) -> Event:
    """Lots that are born from a pool."""
    event = begin("draw", "TransformationEvent", common)
    put_goods(event, "outputEPCList", "outputQuantityList", outputs)
    put_lots(event, outputs, ilmd=True)
    event["transformationID"] = pool
    event["ree:process"] = process
    if losses_mg is not None:
        event["ree:declaredLosses"] = losses(losses_mg)
    return event


def close(pool: str, measured_mg: Mapping[str, int], **common: Unpack[Common]) -> Event:
    """What was measured in a pool, REO by element."""
    event = begin("close", "ObjectEvent", common, action="OBSERVE", bizStep="stock_taking")
    event["quantityList"] = [{"epcClass": pool}]
    event["ree:pool"] = pool
    event["ree:measured"] = losses(measured_mg)
    return event


def ship(goods: Goods, *, consignor: str, consignee: str, **common: Unpack[Common]) -> Event:
    """Goods that leave a site. The consignor owns them and the consignee will, unless owners are given."""
    return sent("ship", goods, consignor, consignee, common)


def return_(
    goods: Goods, *, consignor: str, consignee: str, shipment: str, **common: Unpack[Common]
) -> Event:
    """Goods that go back; ``shipment`` is the eventID under which they came, or its despatch advice."""
    event = sent("return", goods, consignor, consignee, common)
    event["ree:shipment"] = shipment
    return event


def export(
    goods: Goods,
    *,
    consignor: str,
    consignee: str,
    end_user: str,
    destination: str,
    declaration: str,
    licence: str = "",
    end_use: str = "",
    **common: Unpack[Common],
) -> Event:
    """Goods that leave the country.

    Args:
        destination: Country code.
        declaration: Number of the customs declaration.
        licence: Number of the export licence, where one is needed.
    """
    event = sent("export", goods, consignor, consignee, common)
    return put_export(event, consignee, end_user, destination, declaration, licence, end_use)


def disclose(
    goods: Goods,
    *,
    consignor: str,
    consignee: str,
    end_user: str,
    destination: str,
    declaration: str = "",
    licence: str = "",
    end_use: str = "",
    **common: Unpack[Common],
) -> Event:
    """An export that would have been refused, told after the fact with its ``reason``."""
    event = sent("disclose", goods, consignor, consignee, common)
    return put_export(event, consignee, end_user, destination, declaration, licence, end_use)


def impart(
    technology: str,
    *,
    manner: str,
    contract: str,
    consignee: str,
    end_user: str,
    destination: str,
    licence: str = "",
    end_use: str = "",
    scope: Mapping[str, int] | None = None,
    document_sha256: str = "",
    disclosed: bool = False,
    **common: Unpack[Common],
) -> Event:
    """Technology that is handed to a foreign organisation.

    Args:
        technology: The item's code, as control lists name it.
        manner: ``export``, or ``release`` within the country.
        contract: URI of the contract or order.
        destination: Country of the organisation.
        scope: How many of each form, or None.
        document_sha256: Digest in hex of the documents, or "".
        disclosed: Told after the fact, with its ``reason``.
    """
    event = begin("impart", "TransactionEvent", common, action="ADD")
    event["quantityList"] = [{"epcClass": technology_uri(technology)}]
    event.setdefault("bizTransactionList", []).append({"type": "po", "bizTransaction": contract})
    event["ree:manner"] = manner
    put_export(event, consignee, end_user, destination, "", licence, end_use)
    if scope:
        event["ree:scope"] = dict(scope)
    if document_sha256:
        event["ree:document"] = document_sha256
    if disclosed:
        event["ree:disclosed"] = True
    return event


def release(goods: Goods, *, user: str, **common: Unpack[Common]) -> Event:
    """Goods that leave the books to a user."""
    common.setdefault("custodian_to", user)
    return observed("release", goods, common, bizStep="shipping")


def receive(
    goods: Goods, *, consignor: str, shipment: str, final: bool = True, **common: Unpack[Common]
) -> Event:
    """Goods that arrive, as weighed.

    Args:
        shipment: eventID of the consignor's shipment, or its despatch advice.
        final: Whether nothing more of it will come.
    """
    common.setdefault("custodian_from", consignor)
    event = observed("receive", goods, common, bizStep="receiving")
    event["ree:shipment"] = shipment
    if not final:
        event["ree:final"] = False
    return event


def cancel(goods: Goods, *, shipment: str, **common: Unpack[Common]) -> Event:
    """The consignor takes a shipment back before it arrives; ``reason`` says why."""
    event = observed("cancel", goods, common, bizStep="void_shipping")
    event["ree:shipment"] = shipment
    return event


def refuse(goods: Goods, *, consignor: str, shipment: str, **common: Unpack[Common]) -> Event:
    """The consignee refuses a shipment: it goes back to the consignor; ``reason`` says why."""
    common.setdefault("custodian_to", consignor)
    common.setdefault("disposition", "returned")
    event = observed("refuse", goods, common, bizStep="shipping")
    event["ree:shipment"] = shipment
    return event


def transfer(goods: Goods, **common: Unpack[Common]) -> Event:
    """Title passes from ``owner_from`` to ``owner_to`` and custody stays; ``invoice`` names the sale."""
    event = begin("transfer", "TransactionEvent", common, action="ADD")
    put_goods(event, "epcList", "quantityList", goods)
    put_lots(event, goods, ilmd=False)
    return event


def pack(unit: str, children: Goods, **common: Unpack[Common]) -> Event:
    """Lots, instances and units go into a unit, which ``seals`` close."""
    return aggregation("pack", unit, children, common, action="ADD", bizStep="packing")


def unpack(unit: str, children: Goods = (), **common: Unpack[Common]) -> Event:
    """Children come out of a unit; all of them where none is named."""
    return aggregation("unpack", unit, children, common, action="DELETE", bizStep="unpacking")


def assay(
    goods: Goods,
    *,
    results: Mapping[str, tuple[Number, Number]],
    laboratory: str,
    test: str,
    document_sha256: str,
    treo: tuple[Number, Number] | None = None,
    sampled: bool = False,
    **common: Unpack[Common],
) -> Event:
    """What a laboratory found.

    Args:
        results: (share of REO, standard uncertainty) by element.
        treo: (REO fraction, standard uncertainty), or None.
        test: URI of the test report. ``document_sha256``: its digest in hex.
        sampled: Whether the instance is used up by it.
    """
    event = observed("assay", goods, common, bizStep="sampling" if sampled else "inspecting")
    found = {**results, "TREO": treo} if treo is not None else results
    event.setdefault("bizTransactionList", []).append({"type": "testres", "bizTransaction": test})
    event["sensorElementList"] = [
        {
            "sensorReport": [
                {
                    "type": "Dimensionless",
                    "value": number(result[0]),
                    "uom": "C62",
                    "ree:element": symbol,
                    "ree:uncertainty": number(result[1]),
                }
                for symbol, result in found.items()
            ]
        }
    ]
    event["ree:laboratory"] = laboratory
    event["ree:document"] = document_sha256
    return event


def stocktake(goods: Goods, **common: Unpack[Common]) -> Event:
    """What was counted."""
    return observed("stocktake", goods, common, bizStep="stock_taking")


def lose(goods: Goods, **common: Unpack[Common]) -> Event:
    """Goods that are gone; ``reason`` says how."""
    return ended("lose", goods, common, "decommissioning", "unknown")


def dispose(goods: Goods, **common: Unpack[Common]) -> Event:
    """Goods that were disposed of; ``reason`` says why."""
    return ended("dispose", goods, common, "decommissioning", "disposed")


def destroy(goods: Goods, **common: Unpack[Common]) -> Event:
    """Goods that were destroyed; ``reason`` says why."""
    return ended("destroy", goods, common, "destroying", "destroyed")


def undo(event: Event, *, declared_at_us: int, reason: str = "") -> Event:
    """Says that an event did not occur: the event again, with an errorDeclaration."""
    return declared(event, declared_at_us, "did_not_occur", reason, [])


def correct(
    event: Event, replacement: Event, *, declared_at_us: int, reason: str = ""
) -> tuple[Event, Event]:
    """Puts another event in the place of one that was wrong: both belong in one document.

    Args:
        event: The wrong event as it was recorded.
        replacement: The right one, with an eventID of its own.
    """
    ids = [replacement["eventID"]]
    return declared(event, declared_at_us, "incorrect_data", reason, ids), replacement
