"""A movement as the books and the rules see it: what an event with ``ree:movement`` says, in plain values.

``ledger.movements.reading`` makes it from an event and says what is wrong with the event; ``ledger.movements.
writing`` makes events from plain values. docs/movements.md has every kind with an example.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from ledger.records.quick import quick

KINDS: Final = (
    "opening",
    "extract",
    "process",
    "feed",
    "draw",
    "close",
    "ship",
    "receive",
    "cancel",
    "refuse",
    "return",
    "transfer",
    "export",
    "disclose",
    "impart",
    "import",
    "release",
    "pack",
    "unpack",
    "assay",
    "stocktake",
    "lose",
    "dispose",
    "destroy",
)
"""The values of ``ree:movement``. ``correct`` is no value: an event with an errorDeclaration corrects."""


@quick
@dataclass(frozen=True, slots=True)
class Composition:
    """What a lot contains, as declared.

    Attributes:
        contained_mg: REO equivalent in whole mg by element, for the gross mass it was declared with.
        treo_fraction: REO equivalent per dry, ignited mass; above 1 for metals.
        moisture: Fraction of the gross mass. ``loi``: loss on ignition of the dry mass.
        element_fractions: Oxide shares of REO, normalised to sum 1.
        declared: The members as sent, numbers as their decimal text.
    """

    contained_mg: Mapping[str, int]
    treo_fraction: Fraction
    moisture: Fraction
    loi: Fraction
    element_fractions: Mapping[str, Fraction]
    declared: Mapping[str, object] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Line:
    """One lot or instance of a movement.

    Attributes:
        lot: Its id: the EPC class, or the instance's EPC.
        mass_mg: Gross mass as stated; None where the movement takes all there is (``whole`` without scale).
        composition: Of a lot that is born, and of a receipt that states one; else None.
        product: Catalogue code, or "".
        instance: Whether it is one indivisible thing.
        moisture: As weighed at a receipt, where it changed; None where it did not.
        custody_model, pieces: As declared in ``ree:lots``.
        pointer: Where it stands in the payload.
    """

    lot: str
    mass_mg: int | None
    composition: Composition | None = None
    product: str = ""
    instance: bool = False
    moisture: Fraction | None = None
    custody_model: str = ""
    pieces: int | None = None
    pointer: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Movement:
    """What happened to goods, or to technology, as one event says it.

    Attributes:
        kind: One of ``KINDS``.
        event_id: Unique for its issuer.
        event_time_us: When it happened.
        zone_offset_min: The event's offset from UTC in minutes.
        pointer: Where the event stands in the payload.
        site: Where it happened (bizLocation, else readPoint).
        inputs: What leaves, is used, shipped, received, packed, counted or ended.
        outputs: What is born (opening, extract, import, process, draw).
        units: Logistic units listed alone: they mean their open contents.
        owner_from, owner_to, custodian_from, custodian_to: From the source and destination lists; "" where
            not stated.
        site_to: Destination location of a shipment, or "".
        shipment: Event id (or despatch advice) of the shipment that a receipt, cancel, refuse, return names.
        despatch_advice, invoice, licence, declaration: Business transactions, or "".
        final: Whether a receipt ends its shipment. ``whole``: take all book mass that is left.
        process: Name of the process, for its bounds (materials.processes), or "".
        declared_losses_mg: REO in mg by element; the key "" is a loss declared for all together.
        measured_mg: In-process REO by element, for ``close``; counted for a stocktake stands in the lines.
        pool: The pool's id, for feed, draw and close.
        consignee, end_user, end_use, destination: Of an export or impart (destination is a country code).
        origin: Of an import: country code, "undeclared", or "" ; of an extraction: the mine's site.
        origin_declaration: Its SHA-256 in hex, or "".
        technology: Of an impart: the item's code, as control lists name it. ``scope``: how many of each form.
        manner: Whether a technology leaves the country (``export``) or is given to a foreign organisation
            within it (``release``).
        disclosed: It happened and would have been refused: told after the fact.
        reason: Why, for cancel, refuse, return, disclose, lose, dispose, destroy and corrections.
        parent: The unit that is packed or unpacked. ``seals``: its seals.
        results: Of an assay: REO share by element with standard uncertainty, as (value, uncertainty).
        treo_result: Measured REO fraction with its uncertainty, or None.
        test: URI of an assay's test report.
        laboratory, document_sha256: Who measured, and the report's digest; or that of the documents of a
            technology. ``sampled``: whether the business step was sampling, which uses up an instance.
        due_us: When a shipment is due, or None.
        unit_price: Decimal text per kg with currency, or "".
        corrects: Event id that this event replaces or undoes, or "".
        did_not_occur: The corrected event did not happen and nothing replaces it.
        attachments: (role, media type, size in bytes, SHA-256 in hex).
        counterparties: Every other party that the movement names.
    """

    kind: str
    event_id: str
    event_time_us: int
    zone_offset_min: int
    pointer: str
    site: str = ""
    inputs: tuple[Line, ...] = ()
    outputs: tuple[Line, ...] = ()
    units: tuple[str, ...] = ()
    owner_from: str = ""
    owner_to: str = ""
    custodian_from: str = ""
    custodian_to: str = ""
    site_to: str = ""
    shipment: str = ""
    despatch_advice: str = ""
    invoice: str = ""
    licence: str = ""
    declaration: str = ""
    final: bool = True
    whole: bool = False
    process: str = ""
    declared_losses_mg: Mapping[str, int] = field(default_factory=dict)
    measured_mg: Mapping[str, int] = field(default_factory=dict)
    pool: str = ""
    consignee: str = ""
    end_user: str = ""
    end_use: str = ""
    destination: str = ""
    origin: str = ""
    origin_declaration: str = ""
    technology: str = ""
    manner: str = ""
    scope: Mapping[str, int] = field(default_factory=dict)
    disclosed: bool = False
    reason: str = ""
    parent: str = ""
    seals: tuple[str, ...] = ()
    results: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    treo_result: tuple[Fraction, Fraction] | None = None
    test: str = ""
    laboratory: str = ""
    document_sha256: str = ""
    sampled: bool = False
    due_us: int | None = None
    unit_price: str = ""
    corrects: str = ""
    did_not_occur: bool = False
    attachments: tuple[tuple[str, str, int, str], ...] = ()
    counterparties: tuple[str, ...] = ()
