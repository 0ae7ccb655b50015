"""What an event of each kind of movement is in EPCIS, and what it carries: one table, as data.

Decides: which event type, action, business step and disposition a kind has, where its goods stand, which
members it must carry and which it may. docs/movements.md shows the same table; a test keeps both equal.

Source: EPCIS 2.0.1 (event types), CBV 2.0 chapter 7 (business steps, dispositions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Masses = Literal["needed", "zero", "optional"]

#: Members of the REE namespace that any movement may carry.
COMMON: Final = frozenset({"movement", "lots", "units", "whole", "reason", "attachments"})
_SALE: Final = frozenset({"due", "seals", "unitPrice"})
_IMPORT: Final = frozenset({"originDeclaration", "declaration", "seals", "unitPrice"})
_EXPORT: Final = _SALE | {"licence", "declaration", "consignee", "endUser", "endUse", "destination"}

#: Lists in which an event of each type names what goes in and what comes out.
OBJECT_LISTS: Final = ("epcList", "quantityList")
CHILD_LISTS: Final = ("childEPCs", "childQuantityList")
INPUT_LISTS: Final = ("inputEPCList", "inputQuantityList")
OUTPUT_LISTS: Final = ("outputEPCList", "outputQuantityList")
_NO_LISTS: Final = ("", "")


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one kind.

    Attributes:
        event_type: The EPCIS event type.
        action: Its action; "" where the type has none.
        steps: The business steps that it may have; empty where any or none will do.
        disposition: The one that it must have, or "".
        inputs, outputs: The pair of lists (things, quantities) of what goes in and what is born.
        needs: What it must carry, by the names in ``reading`` and in docs/movements.md.
        may: Members of the REE namespace that it may carry besides the common ones.
        masses: Whether the masses of its lines are needed, may be zero, or may be left out.
    """

    event_type: str
    action: str = ""
    steps: tuple[str, ...] = ()
    disposition: str = ""
    inputs: tuple[str, str] = _NO_LISTS
    outputs: tuple[str, str] = _NO_LISTS
    needs: tuple[str, ...] = ()
    may: frozenset[str] = frozenset()
    masses: Masses = "needed"


_PARTIES: Final = ("owner_from", "custodian_from", "owner_to", "custodian_to")
_END: Final = Form("ObjectEvent", "DELETE", inputs=OBJECT_LISTS, needs=("site", "reason"))

FORMS: Final[Mapping[str, Form]] = {
    "opening": Form("ObjectEvent", "ADD", outputs=OBJECT_LISTS, needs=("site",)),
    "extract": Form(
        "ObjectEvent",
        "ADD",
        ("commissioning",),
        outputs=OBJECT_LISTS,
        needs=("site",),
        may=frozenset({"origin", "process"}),
    ),
    "process": Form(
        "TransformationEvent",
        inputs=INPUT_LISTS,
        outputs=OUTPUT_LISTS,
        needs=("site", "process", "declaredLosses"),
    ),
    "feed": Form(
        "TransformationEvent",
        inputs=INPUT_LISTS,
        needs=("site", "pool", "process"),
        may=frozenset({"declaredLosses"}),
    ),
    "draw": Form(
        "TransformationEvent",
        outputs=OUTPUT_LISTS,
        needs=("site", "pool", "process"),
        may=frozenset({"declaredLosses"}),
    ),
    "close": Form("ObjectEvent", "OBSERVE", ("stock_taking",), needs=("site", "pool", "measured")),
    "ship": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        "in_transit",
        inputs=OBJECT_LISTS,
        needs=("site", *_PARTIES),
        may=_SALE,
    ),
    "receive": Form(
        "ObjectEvent",
        "OBSERVE",
        ("receiving",),
        inputs=OBJECT_LISTS,
        needs=("site", "shipment", "custodian_from"),
        may=frozenset({"final", "seals"}),
        masses="zero",
    ),
    "cancel": Form(
        "ObjectEvent",
        "OBSERVE",
        ("void_shipping",),
        inputs=OBJECT_LISTS,
        needs=("shipment", "reason"),
        masses="optional",
    ),
    "refuse": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        "returned",
        inputs=OBJECT_LISTS,
        needs=("shipment", "custodian_to", "reason"),
        masses="optional",
    ),
    "return": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        "in_transit",
        inputs=OBJECT_LISTS,
        needs=("site", "shipment", *_PARTIES, "reason"),
        may=_SALE,
    ),
    "transfer": Form(
        "TransactionEvent",
        "ADD",
        inputs=OBJECT_LISTS,
        needs=("owner_from", "owner_to", "invoice"),
        may=frozenset({"unitPrice"}),
    ),
    "export": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        "in_transit",
        inputs=OBJECT_LISTS,
        needs=("site", *_PARTIES, "declaration", "consignee", "endUser", "destination"),
        may=_EXPORT,
    ),
    "disclose": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        "in_transit",
        inputs=OBJECT_LISTS,
        needs=("site", *_PARTIES, "consignee", "endUser", "destination", "reason"),
        may=_EXPORT,
    ),
    "impart": Form(
        "TransactionEvent",
        "ADD",
        needs=("manner", "consignee", "endUser", "destination"),
        may=frozenset({"licence", "endUse", "scope", "document", "disclosed"}),
    ),
    "import": Form(
        "ObjectEvent",
        "ADD",
        ("commissioning",),
        outputs=OBJECT_LISTS,
        needs=("site", "origin"),
        may=_IMPORT,
    ),
    "release": Form(
        "ObjectEvent",
        "OBSERVE",
        ("shipping",),
        inputs=OBJECT_LISTS,
        needs=("site", "custodian_to"),
        may=_SALE,
    ),
    "pack": Form(
        "AggregationEvent",
        "ADD",
        ("packing",),
        inputs=CHILD_LISTS,
        needs=("site", "parent", "seals"),
    ),
    "unpack": Form(
        "AggregationEvent",
        "DELETE",
        ("unpacking",),
        inputs=CHILD_LISTS,
        needs=("site", "parent"),
        may=frozenset({"seals"}),
        masses="optional",
    ),
    "assay": Form(
        "ObjectEvent",
        "OBSERVE",
        ("inspecting", "sampling"),
        inputs=OBJECT_LISTS,
        needs=("test", "results", "laboratory", "document"),
        masses="optional",
    ),
    "stocktake": Form(
        "ObjectEvent",
        "OBSERVE",
        ("stock_taking",),
        inputs=OBJECT_LISTS,
        needs=("site",),
        masses="zero",
    ),
    "lose": _END,
    "dispose": _END,
    "destroy": _END,
}
"""The form of every kind, by the value of ``ree:movement``."""

ARRIVAL: Final = Form(
    "ObjectEvent",
    "OBSERVE",
    ("arriving",),
    inputs=OBJECT_LISTS,
    needs=("site", "origin"),
    may=_IMPORT,
)
"""The other form of ``import``: a lot that the ledger already knows comes (back) in."""

BIRTHS: Final = frozenset({"opening", "extract", "import", "process", "draw"})
"""Kinds whose outputs are born, and need their composition."""

EVENT_MEMBERS: Final = (
    frozenset(
        member
        for form in (*FORMS.values(), ARRIVAL)
        for member in (*form.needs, *form.may)
        if member not in {"site", "parent", "invoice", "test", "results", *_PARTIES}
    )
    | COMMON
)
"""Every member of the REE namespace that an event may carry."""
