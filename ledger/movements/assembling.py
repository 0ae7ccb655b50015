"""The parts of which movements' events are put together: goods, parties, what is said of lots.

Decides: where each plain value stands in an EPCIS event. ``writing`` has a function for each kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Required, TypeAlias, TypedDict

from ledger.movements.dumping import Number, kilograms, number, offset_text, time_text
from ledger.movements.goods import is_unit
from ledger.movements.parties import party_uri

Event: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LotContent:
    """A lot, an instance or a logistic unit of an event.

    Attributes:
        lot: Its id.
        mass_mg: Gross mass; None for a unit, and where a movement takes all there is.
        product: Catalogue code, for what is born.
        treo_fraction: REO equivalent per dry, ignited mass.
        element_fractions: Share of REO by element, as oxide.
        moisture, loi: Fractions; "" where not stated.
        custody_model, pieces: As docs/movements.md has them.
        instance: Whether it is one indivisible thing, named in an EPC list.
    """

    lot: str
    mass_mg: int | None = None
    product: str = ""
    treo_fraction: Number = ""
    element_fractions: Mapping[str, Number] = field(default_factory=dict)
    moisture: Number = ""
    loi: Number = ""
    custody_model: str = ""
    pieces: int | None = None
    instance: bool = False


Goods: TypeAlias = Sequence[LotContent]


class Common(TypedDict, total=False):
    """What every builder takes by name; each but the first two may be left out.

    ``event_id``, ``at_us`` (microseconds since 1970 UTC), ``site``; ``zone_offset_min`` (480 unless given);
    parties; business transactions; ``whole``, ``reason``, ``seals``, ``due_us``, ``unit_price`` ("605.5 CNY"
    per kg), ``attachments`` as (role, media type, size, SHA-256 in hex); ``more``, members that are put into
    the event as they are.
    """

    event_id: Required[str]
    at_us: Required[int]
    site: str
    zone_offset_min: int
    owner_from: str
    owner_to: str
    custodian_from: str
    custodian_to: str
    site_to: str
    purchase_order: str
    despatch_advice: str
    invoice: str
    whole: bool
    reason: str
    seals: Sequence[str]
    due_us: int
    unit_price: str
    attachments: Sequence[tuple[str, str, int, str]]
    disposition: str
    more: Mapping[str, Any]


def losses(masses_mg: Mapping[str, int]) -> Event:
    """The value of ``ree:declaredLosses`` and ``ree:measured``: by element, or ``{"": total}``."""
    if "" in masses_mg:
        return {"uom": "KGM", "total": kilograms(masses_mg[""])}
    return {"uom": "KGM", "elements": {symbol: kilograms(mass) for symbol, mass in masses_mg.items()}}


def lot_entry(lot: LotContent) -> Event:
    """A lot's entry in ``ree:lots``; empty where nothing is said."""
    entry: Event = {}
    if lot.product:
        entry["product"] = lot.product
    if lot.treo_fraction != "":
        entry["treoFraction"] = number(lot.treo_fraction)
    if lot.element_fractions:
        entry["elementFractions"] = {symbol: number(share) for symbol, share in lot.element_fractions.items()}
    if lot.moisture != "":
        entry["moistureFraction"] = number(lot.moisture)
    if lot.loi != "":
        entry["lossOnIgnition"] = number(lot.loi)
    if lot.custody_model:
        entry["chainOfCustodyModel"] = lot.custody_model
    if lot.pieces is not None:
        entry["pieces"] = lot.pieces
    if lot.instance and lot.mass_mg is not None:
        entry["netMass"] = {"quantity": kilograms(lot.mass_mg), "uom": "KGM"}
    return entry


def begin(kind: str, event_type: str, common: Common, **members: Any) -> Event:
    """What every event has."""
    offset = common.get("zone_offset_min", 480)
    event: Event = {
        "type": event_type,
        "eventID": common["event_id"],
        "eventTime": time_text(common["at_us"], offset),
        "eventTimeZoneOffset": offset_text(offset),
        **members,
        "ree:movement": kind,
    }
    if "disposition" in common:
        event["disposition"] = common["disposition"]
    if "site" in common:
        event["bizLocation"] = {"id": common["site"]}
    _put_parties(event, common)
    given: Mapping[str, Any] = common
    transactions = [
        {"type": word, "bizTransaction": given[name]} for name, word in _TRANSACTIONS.items() if name in given
    ]
    if transactions:
        event["bizTransactionList"] = transactions
    _put_rest(event, common)
    return event


_TRANSACTIONS: Final = {"purchase_order": "po", "despatch_advice": "desadv", "invoice": "inv"}
_ENDS: Final = (
    ("sourceList", "source", (("owning_party", "owner_from"), ("possessing_party", "custodian_from"))),
    (
        "destinationList",
        "destination",
        (("owning_party", "owner_to"), ("possessing_party", "custodian_to"), ("location", "site_to")),
    ),
)


def _put_parties(event: Event, common: Mapping[str, Any]) -> None:
    for member, inner, words in _ENDS:
        found = [{"type": word, inner: party_uri(common[name])} for word, name in words if common.get(name)]
        if found:
            event[member] = found


def _put_rest(event: Event, common: Common) -> None:
    if common.get("whole"):
        event["ree:whole"] = True
    if common.get("reason"):
        event["ree:reason"] = common["reason"]
    if "seals" in common:
        event["ree:seals"] = list(common["seals"])
    if "due_us" in common:
        event["ree:due"] = time_text(common["due_us"], 0)
    if common.get("unit_price"):
        amount, currency = common["unit_price"].split(" ")
        event["ree:unitPrice"] = {"amount": number(amount), "currency": currency}
    if common.get("attachments"):
        event["ree:attachments"] = [
            {"role": role, "mediaType": media_type, "size": size, "sha256": sha256}
            for role, media_type, size, sha256 in common["attachments"]
        ]
    if "more" in common:
        event.update(common["more"])


def put_goods(event: Event, things: str, quantities: str, goods: Goods) -> None:
    """Puts goods into a pair of lists: things by name, lots with their quantity."""
    names = [each.lot for each in goods if each.instance or is_unit(each.lot)]
    if names:
        event[things] = names
    shares = [_quantity(each) for each in goods if not each.instance and not is_unit(each.lot)]
    if shares:
        event[quantities] = shares


def _quantity(lot: LotContent) -> Event:
    if lot.mass_mg is None:
        return {"epcClass": lot.lot}
    return {"epcClass": lot.lot, "quantity": kilograms(lot.mass_mg), "uom": "KGM"}


def put_lots(event: Event, goods: Goods, *, ilmd: bool) -> None:
    """Puts what is said of goods into ``ree:lots``, inside ilmd or at the event."""
    entries = {each.lot: entry for each in goods if (entry := lot_entry(each))}
    if not entries:
        return
    if ilmd:
        event["ilmd"] = {"ree:lots": entries}
    else:
        event["ree:lots"] = entries


def birth(kind: str, lots: Goods, common: Common, **members: Any) -> Event:
    """An event in which lots are born."""
    event = begin(kind, "ObjectEvent", common, action="ADD", **members)
    put_goods(event, "epcList", "quantityList", lots)
    put_lots(event, lots, ilmd=True)
    return event


def observed(kind: str, goods: Goods, common: Common, **members: Any) -> Event:
    """An event in which things are seen."""
    event = begin(kind, "ObjectEvent", common, action="OBSERVE", **members)
    put_goods(event, "epcList", "quantityList", goods)
    put_lots(event, goods, ilmd=False)
    return event


def ended(kind: str, goods: Goods, common: Common, step: str, disposition: str) -> Event:
    """An event in which things end."""
    common.setdefault("disposition", disposition)
    event = begin(kind, "ObjectEvent", common, action="DELETE", bizStep=step)
    put_goods(event, "epcList", "quantityList", goods)
    put_lots(event, goods, ilmd=False)
    return event


def sent(kind: str, goods: Goods, consignor: str, consignee: str, common: Common) -> Event:
    """An event in which things leave for another party."""
    common.setdefault("owner_from", consignor)
    common.setdefault("custodian_from", consignor)
    common.setdefault("owner_to", consignee)
    common.setdefault("custodian_to", consignee)
    common.setdefault("disposition", "in_transit")
    return observed(kind, goods, common, bizStep="shipping")


def aggregation(kind: str, unit: str, children: Goods, common: Common, **members: Any) -> Event:
    """An event in which things go into a unit, or come out."""
    event = begin(kind, "AggregationEvent", common, parentID=unit, **members)
    put_goods(event, "childEPCs", "childQuantityList", children)
    put_lots(event, children, ilmd=False)
    return event


def put_export(
    event: Event,
    consignee: str,
    end_user: str,
    destination: str,
    declaration: str,
    licence: str,
    end_use: str,
) -> Event:
    """Puts what an export carries besides into the event."""
    event["ree:consignee"] = consignee
    event["ree:endUser"] = end_user
    event["ree:destination"] = destination
    for member, value in (("declaration", declaration), ("licence", licence), ("endUse", end_use)):
        if value:
            event[f"ree:{member}"] = value
    return event


def declared(event: Event, declared_at_us: int, word: str, reason: str, corrective: Sequence[str]) -> Event:
    """The event again, with an errorDeclaration."""
    declaration: Event = {"declarationTime": time_text(declared_at_us, 0), "reason": word}
    if corrective:
        declaration["correctiveEventIDs"] = list(corrective)
    if reason:
        declaration["ree:reason"] = reason
    return {**event, "errorDeclaration": declaration}
