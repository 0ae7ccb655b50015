"""From drafts to payloads: EPCIS documents and official acts as their issuers write them.

Decides: how a draft's plain values stand on the wire. Every number is rounded as instruments show it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ledger.movements import writing
from ledger.movements.assembling import Common
from ledger.movements.writing import LotContent
from ledger.simulation.chronicle import Draft, time_text
from ledger.simulation.goods import Lot


def born(lots: Iterable[Lot]) -> list[LotContent]:
    """Lots with their composition, as their maker declares them."""
    return [content(lot, lot.mass_mg, lot.moisture or None) for lot in lots]


def content(lot: Lot, mass_mg: int, moisture: float | None) -> LotContent:
    """A lot with its composition."""
    return LotContent(
        lot.lot,
        mass_mg,
        lot.product,
        f"{lot.treo:.5f}",
        {element: f"{share:.5f}" for element, share in lot.shares.items()},
        "" if moisture is None else f"{moisture:.4f}",
    )


def goods(lines: Iterable[tuple[str, int | None]]) -> list[LotContent]:
    """Lots that are known, with a mass."""
    return [LotContent(lot, mass_mg) for lot, mass_mg in lines]


def masses(by_element: Mapping[str, float]) -> dict[str, int]:
    """Masses by element to the gram; at least one is named."""
    found = {element: round(mass / 1000) * 1000 for element, mass in by_element.items()}
    return {element: mass for element, mass in sorted(found.items()) if mass > 0} or {"": 0}


def received(draft: Draft) -> list[LotContent]:
    """Goods as they arrived: with the supplier's certificate where the ledger cannot know the lot yet."""
    found = []
    for name, mass_mg in draft.members["inputs"]:
        lot, moisture = draft.members["stated"].get(name, (None, None))
        if lot is not None and lot.filed_us >= draft.filed_us:
            found.append(content(lot, mass_mg, moisture if moisture is not None else lot.moisture or None))
        elif moisture is not None:
            found.append(LotContent(name, mass_mg, moisture=f"{moisture:.4f}"))
        else:
            found.append(LotContent(name, mass_mg))
    return found


def _common(draft: Draft) -> dict[str, Any]:
    members = draft.members
    common: dict[str, Any] = {name: members[name] for name in Common.__annotations__ if name in members}
    common["event_id"], common["at_us"] = draft.event_id, draft.at_us
    if "unit_price" in members:
        common["unit_price"] = f"{members['unit_price']:.2f} CNY"
    return common


def _opening(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.opening(born(draft.members["outputs"]), **common)


def _extract(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.extract(born(draft.members["outputs"]), origin=draft.members.get("mine", ""), **common)


def _import(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    members = draft.members
    declaration = "ab" * 32 if members.get("declared") else ""
    if "inputs" in members:
        return writing.import_(goods(members["inputs"]), origin=members["origin"], known=True, **common)
    return writing.import_(
        born(members["outputs"]), origin=members["origin"], origin_declaration=declaration, **common
    )


def _process(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    members = draft.members
    return writing.process(
        goods(members["inputs"]),
        born(members["outputs"]),
        process=members["process"],
        losses_mg=masses(members["losses"]),
        **common,
    )


def _feed(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    members = draft.members
    return writing.feed(members["pool"], goods(members["inputs"]), process=members["process"], **common)


def _draw(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    members = draft.members
    return writing.draw(
        members["pool"],
        born(members["outputs"]),
        process=members["process"],
        losses_mg=masses(members["losses"]),
        **common,
    )


def _close(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.close(draft.members["pool"], masses(draft.members["measured"]), **common)


def _parties(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return {"consignor": common.pop("custodian_from"), "consignee": common.pop("custodian_to")}


def _ship(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.ship(goods(draft.members["inputs"]), **_parties(draft, common), **common)


def _return(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    parties = _parties(draft, common)
    return writing.return_(
        goods(draft.members["inputs"]), shipment=draft.members["shipment"], **parties, **common
    )


def _abroad(draft: Draft) -> dict[str, Any]:
    members = draft.members
    return {
        name: members[name]
        for name in ("end_user", "destination", "declaration", "licence", "end_use")
        if members.get(name)
    }


def _export(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.export(
        goods(draft.members["inputs"]), **_parties(draft, common), **_abroad(draft), **common
    )


def _disclose(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.disclose(
        goods(draft.members["inputs"]), **_parties(draft, common), **_abroad(draft), **common
    )


def _release(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.release(goods(draft.members["inputs"]), user=common["custodian_to"], **common)


def _receive(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.receive(
        received(draft),
        consignor=common.pop("custodian_from"),
        shipment=draft.members["shipment"],
        final=draft.members.get("final", True),
        **common,
    )


def _cancel(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.cancel(goods(draft.members["inputs"]), shipment=draft.members["shipment"], **common)


def _refuse(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.refuse(
        goods(draft.members["inputs"]),
        consignor=common.pop("custodian_to"),
        shipment=draft.members["shipment"],
        **common,
    )


def _transfer(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.transfer(goods(draft.members["inputs"]), **common)


def _pack(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.pack(draft.members["unit"], goods(draft.members["inputs"]), **common)


def _unpack(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.unpack(draft.members["unit"], goods(draft.members["inputs"]), **common)


def _assay(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    members = draft.members
    return writing.assay(
        goods(members["inputs"]),
        results={
            element: (f"{share:.5f}", f"{deviation:.5f}")
            for element, (share, deviation) in members["results"].items()
        },
        treo=(f"{members['treo']:.5f}", "0.00300"),
        laboratory=members["laboratory"],
        test=members["test"],
        document_sha256=members["document"],
        **common,
    )


def _stocktake(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    return writing.stocktake(goods(draft.members["inputs"]), **common)


def _ended(draft: Draft, common: dict[str, Any]) -> dict[str, Any]:
    write = {"lose": writing.lose, "dispose": writing.dispose, "destroy": writing.destroy}[draft.kind]
    return write(goods(draft.members["inputs"]), **common)


EVENTS: Final[dict[str, Callable[[Draft, dict[str, Any]], dict[str, Any]]]] = {
    "opening": _opening,
    "extract": _extract,
    "import": _import,
    "process": _process,
    "feed": _feed,
    "draw": _draw,
    "close": _close,
    "ship": _ship,
    "return": _return,
    "export": _export,
    "disclose": _disclose,
    "release": _release,
    "receive": _receive,
    "cancel": _cancel,
    "refuse": _refuse,
    "transfer": _transfer,
    "pack": _pack,
    "unpack": _unpack,
    "assay": _assay,
    "stocktake": _stocktake,
    "lose": _ended,
    "dispose": _ended,
    "destroy": _ended,
}


def event_of(draft: Draft) -> dict[str, Any]:
    """The EPCIS event of a movement."""
    return EVENTS[draft.kind](draft, _common(draft))


def write_document(draft: Draft) -> bytes:
    """The EPCIS document of a movement; of a correction, with what it corrects."""
    corrected = draft.members.get("corrects")
    if corrected is None:
        events = [event_of(draft)]
    elif draft.members.get("did_not_occur"):
        events = [writing.undo(event_of(corrected), declared_at_us=draft.filed_us, reason="typing error")]
    else:
        events = list(
            writing.correct(
                event_of(corrected), event_of(draft), declared_at_us=draft.filed_us, reason="typing error"
            )
        )
    return writing.dump_document(writing.document(events, draft.filed_us))


def write_act(draft: Draft) -> bytes:
    """The payload of an act."""
    write = ACTS.get(draft.kind)
    members = draft.members if write is None else write(draft.members)
    return json.dumps({"act": draft.kind, **members}, ensure_ascii=False, separators=(",", ":")).encode()


def _kg(mass_mg: int) -> dict[str, Any]:
    return {"quantity": round(mass_mg / 1_000_000), "uom": "KGM"}


def _allot(members: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in members.items() if name != "mass_mg"}
    return {**rest, "mass": _kg(members["mass_mg"])}


def _apply(members: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in members.items() if name != "quantity_mg"}
    return {**rest, "quantity": _kg(members["quantity_mg"])}


def _grant(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "licence": members["licence"],
        "start": time_text(members["from_us"]),
        "end": time_text(members["to_us"]),
    }


def _invoice(members: dict[str, Any]) -> dict[str, Any]:
    cents = [round(line["mass_mg"] * members["price"] / 10_000) for line in members["lines"]]
    lines = [
        {
            "product": line["product"],
            "lot": line["lot"],
            "mass": _grams(line["mass_mg"]),
            "amount": _money(amount),
        }
        for line, amount in zip(members["lines"], cents, strict=True)
    ]
    return {
        "invoice": members["invoice"],
        "kind": members["kind"],
        "seller": members["seller"],
        "buyer": members["buyer"],
        "lines": lines,
        "amount": _money(sum(cents)),
        "currency": "CNY",
        "issued": time_text(members["issued_us"]),
        "shipments": members["shipments"],
    }


def _settle(members: dict[str, Any]) -> dict[str, Any]:
    cents = [round(line["mass_mg"] * members["price"] / 10_000) for line in members["lines"]]
    return {"invoice": members["invoice"], "amount": _money(sum(cents))}


def _customs(members: dict[str, Any]) -> dict[str, Any]:
    said = {name: members[name] for name in ("declaration", "declarant", "shipment", "hs_code", "controlled")}
    said |= {"mass": _grams(members["mass_mg"]), "destination": members["destination"]}
    said["declared"] = time_text(members["declared_us"])
    if members["licence"]:
        said["licence"] = members["licence"]
    return said


def _report(members: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in members.items() if name != "occurred_us"}
    return {**rest, "occurred": time_text(members["occurred_us"])}


def _grams(mass_mg: int) -> dict[str, Any]:
    return {"quantity": round(mass_mg / 1000), "uom": "GRM"}


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


ACTS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "allot-quota": _allot,
    "apply-licence": _apply,
    "grant-licence": _grant,
    "register-invoice": _invoice,
    "settle-invoice": _settle,
    "declare-customs": _customs,
    "report-export": _report,
}

__all__ = ["event_of", "time_text", "write_act", "write_document"]
