"""Records of what is allowed and what was noticed: quotas, licences, lists, invoices, alerts, cases, tallies.

Masses are whole milligrams (of REO where said). Times are microseconds since 1970 UTC, dates ISO text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ledger.records.quick import quick

LICENCE_DECISION: Final = "licence.decision"
NO_ARRIVAL: Final = "export.no-arrival"
"""Kinds of DueRecord that acts put or settle."""

WITHDRAWN: Final = "withdrawn"
"""Ground of a DisputeRecord that is a dispute no more."""

PUBLISHED_QUOTAS: Final = "published-quotas"
"""Tally by activity and year: that allotments are published, so that who has none is allotted nothing."""

PRICED: Final = "priced"
"""Tally by lot and invoice: that a line of the invoice states a price of the lot, and for how much of it."""


@quick
@dataclass(frozen=True, slots=True)
class QuotaRecord:
    """An allotment and what was drawn on it.

    Attributes:
        activity: ``mining`` or ``separation``.
        ore_class: ``rock``, ``ionic`` or ``any``.
        allotted_mg: REO. ``drawn_mg`` too.
    """

    KEY: ClassVar[tuple[str, ...]] = ("party", "year", "activity", "ore_class")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"party": ("party", "year")}
    party: str
    year: int
    activity: str
    ore_class: str
    allotted_mg: int
    drawn_mg: int
    entry_index: int


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """An export licence from application to its end.

    Attributes:
        kind: ``single`` or ``general``.
        state: ``applied``, ``granted``, ``refused``, ``suspended`` or ``revoked``.
        items: Catalogue product codes, HS codes or control references that it covers; or codes of technology.
        destinations: Country codes; ``consignees`` and ``end_users`` are party ids.
        quantity_mg: Gross mass that it allows; ``drawn_mg`` of it is used. Both are 0 for technology.
        valid_from_us, valid_to_us: Half open; None before it is granted.
        clock: Pairs [stopped_us, started_us or None].
        shipments: Event ids of the exports that drew on it.
        reported: Post-export reports: event id -> steps reported.
        scope: Of technology: how many of each form; empty where no number is set.
    """

    KEY: ClassVar[tuple[str, ...]] = ("licence",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"exporter": ("exporter",), "state": ("state",)}
    licence: str
    exporter: str
    kind: str
    state: str
    items: tuple[str, ...]
    destinations: tuple[str, ...]
    consignees: tuple[str, ...]
    end_users: tuple[str, ...]
    end_use: str
    quantity_mg: int
    drawn_mg: int
    applied_at: int
    applied_us: int
    decided_at: int | None = None
    decided_us: int | None = None
    due_us: int | None = None
    valid_from_us: int | None = None
    valid_to_us: int | None = None
    clock: tuple[tuple[int, int | None], ...] = ()
    reason: str = ""
    shipments: tuple[str, ...] = ()
    reported: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope: Mapping[str, int] = field(default_factory=dict)

    @property
    def of_technology(self) -> bool:
        """Whether it is for technology, which has no mass; goods have at least 1 mg."""
        return self.quantity_mg == 0


@dataclass(frozen=True, slots=True)
class TechnologyTransferRecord:
    """Technology that was handed to a foreign organisation.

    Attributes:
        provider: Who handed over; ``issuer`` signed.
        technology: The item's code, as control lists name it.
        manner: ``export``, or ``release`` within the country.
        scope: How many of each form; empty where that is not stated.
        destination: Country of the organisation.
        document_sha256: Digest of the documents in hex, or "".
        disclosed: Told after the fact, for it would have been refused.
        voided_at: The entry that took it back, None while it stands.
    """

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "position")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "provider": ("provider",),
        "consignee": ("consignee",),
        "end_user": ("end_user",),
        "licence": ("licence",),
    }
    entry_index: int
    position: int
    issuer: str
    event_id: str
    provider: str
    technology: str
    manner: str
    scope: Mapping[str, int]
    consignee: str
    end_user: str
    end_use: str
    destination: str
    licence: str
    document_sha256: str
    event_time_us: int
    disclosed: bool
    reason: str
    voided_at: int | None = None


@dataclass(frozen=True, slots=True)
class ControlListRecord:
    """A published control list as dated data: which products need a licence from when to when.

    Attributes:
        items: Goods or technologies (``publish-control-list`` names the members).
        conditions: What is demanded of them, from where, and where that is written.
    """

    KEY: ClassVar[tuple[str, ...]] = ("control_list", "entry_index")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"all": ()}
    control_list: str
    entry_index: int
    starts_us: int
    ends_us: int | None
    items: tuple[Mapping[str, Any], ...]
    conditions: Mapping[str, Any]

    def stands_at(self, at_us: int) -> bool:
        """Whether this version is in force at a moment, as far as it alone says."""
        return self.starts_us <= at_us and (self.ends_us is None or at_us < self.ends_us)


@dataclass(frozen=True, slots=True)
class RestrictedPartyRecord:
    """An organisation that goods may not go to, and its affiliates as far as they are published.

    Each list names it by itself; of what one list says of it, the newest that has begun decides.

    Attributes:
        affiliates: Each with ``party`` and ``share`` (decimal text, of 1).
        aliases: Other names of it, in any script.
        military: It is a military user: refused while a list that refuses these is in force.
        reference: Which entry of which published list it is, or "".
    """

    KEY: ClassVar[tuple[str, ...]] = ("name", "control_list", "entry_index")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"party": ("party",), "all": ()}
    name: str
    party: str
    control_list: str
    starts_us: int
    ends_us: int | None
    affiliates: tuple[Mapping[str, Any], ...]
    entry_index: int
    aliases: tuple[str, ...] = ()
    military: bool = False
    reference: str = ""

    def stands_at(self, at_us: int) -> bool:
        """Whether this version of the listing is in force at a moment, as far as it alone says."""
        return self.starts_us <= at_us and (self.ends_us is None or at_us < self.ends_us)


@dataclass(frozen=True, slots=True)
class OwnershipRecord:
    """``holder`` holds ``share`` (decimal text, of 1) of ``held`` within [starts_us, ends_us)."""

    KEY: ClassVar[tuple[str, ...]] = ("held", "holder", "starts_us")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"held": ("held",), "holder": ("holder",)}
    held: str
    holder: str
    starts_us: int
    ends_us: int | None
    share: str
    basis: str
    entry_index: int

    def stands_at(self, at_us: int) -> bool:
        """Whether a moment lies within the span."""
        return self.starts_us <= at_us and (self.ends_us is None or at_us < self.ends_us)


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice: special (rare-earth VAT invoice) or ordinary.

    Attributes:
        lines: Each with product, lot (or ""), mass_mg, amount (decimal text).
        shipments: "consignor event_id" of the sales that it covers.
        settled: Amount settled as decimal text; SettlementRecord has the payments.
        cancelled_at: The entry that cancelled it, at ``cancelled_us``; None while it stands.
    """

    KEY: ClassVar[tuple[str, ...]] = ("invoice",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"seller": ("seller",), "buyer": ("buyer",)}
    invoice: str
    kind: str
    seller: str
    buyer: str
    lines: tuple[Mapping[str, Any], ...]
    amount: str
    currency: str
    issued_us: int
    due_us: int | None
    entry_index: int
    shipments: tuple[str, ...] = ()
    settled: str = "0"
    cancelled_at: int | None = None
    cancelled_us: int | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """One payment on an invoice.

    Attributes:
        amount: In the invoice's currency, decimal text.
        paid_us: When it was paid, as stated; where the act says nothing of it, when that was recorded.
        signer: Who said so.
        cancelled_at: The entry that took it back, at ``cancelled_us``; None while it stands.
    """

    KEY: ClassVar[tuple[str, ...]] = ("invoice", "entry_index")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"invoice": ("invoice",)}
    invoice: str
    entry_index: int
    amount: str
    paid_us: int
    signer: str
    cancelled_at: int | None = None
    cancelled_us: int | None = None


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """What a customer says against a sentence of its evaluation: the newest that it said.

    Attributes:
        sentence: Its code.
        ground: Why; ``WITHDRAWN`` where it says so no more.
    """

    KEY: ClassVar[tuple[str, ...]] = ("seller", "customer", "sentence")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"pair": ("seller", "customer")}
    seller: str
    customer: str
    sentence: str
    ground: str
    entry_index: int
    disputed_us: int


@dataclass(frozen=True, slots=True)
class DeclarationRecord:
    """A customs declaration, tied to the export."""

    KEY: ClassVar[tuple[str, ...]] = ("declaration",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"shipment": ("declarant", "shipment")}
    declaration: str
    declarant: str
    shipment: str
    hs_code: str
    controlled: bool
    mass_mg: int
    destination: str
    licence: str
    declared_us: int
    entry_index: int


@dataclass(frozen=True, slots=True)
class DelegationRecord:
    """``agent`` may sign for ``principal`` within [starts_us, ends_us)."""

    KEY: ClassVar[tuple[str, ...]] = ("principal", "agent")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"agent": ("agent",)}
    principal: str
    agent: str
    starts_us: int
    ends_us: int | None
    entry_index: int


@dataclass(frozen=True, slots=True)
class MergerRecord:
    """``party`` went over into ``successor``."""

    KEY: ClassVar[tuple[str, ...]] = ("party",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"successor": ("successor",)}
    party: str
    successor: str
    from_us: int
    entry_index: int


@quick
@dataclass(frozen=True, slots=True)
class AlertRecord:
    """A finding that policy flags: opened by an entry, or by time passing before it.

    Attributes:
        number: Its place among the alerts of the entry.
        position: Event within the statement, -1 for time passing and for acts.
        subject: What it is about: a lot, shipment, pool, licence, quota or site, as ``kind:id``.
        told: Whether the submitter was told.
        state: ``open`` or ``closed``.
        outcome: ``confirmed``, ``unfounded`` or ``settled`` once it is closed.
    """

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "number")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "party": ("party",),
        "subject": ("subject",),
        "state": ("state",),
    }
    entry_index: int
    number: int
    code: str
    party: str
    site: str
    subject: str
    position: int
    event_time_us: int
    detail: str
    mend: str
    evidence: Mapping[str, Any]
    told: bool
    state: str = "open"
    case: str = ""
    outcome: str = ""
    changed_at: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """An authority's case over one or more alerts.

    Attributes:
        opened_by: The office; empty where the ledger opened it with its alert.
        reopens: The closed case that it takes up again; None where it takes up none.
    """

    KEY: ClassVar[tuple[str, ...]] = ("case",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"state": ("state",)}
    case: str
    opened_by: str
    opened_at: int
    alerts: tuple[tuple[int, int], ...]
    parties: tuple[str, ...]
    lots: tuple[str, ...]
    state: str = "open"
    outcome: str = ""
    closed_at: int | None = None
    reopens: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class DueRecord:
    """Something that time will judge: at ``due_us``, unless it is settled before.

    Attributes:
        kind: ``shipment.unreceived``, ``shipment.unsent``, ``pool.unclosed``, ``export.no-arrival``,
            ``invoice.missing``, ``licence.decision``.
        subject: As in AlertRecord.
        bucket: ``due_us`` // 3,600,000,000 while it is open, -1 once it is settled or told: what is due is
            found by it.
    """

    KEY: ClassVar[tuple[str, ...]] = ("kind", "subject")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"bucket": ("bucket",)}
    kind: str
    subject: str
    party: str
    site: str
    due_us: int
    entry_index: int
    bucket: int


@quick
@dataclass(frozen=True, slots=True)
class TallyRecord:
    """Running sums that a rule needs: over a subject and a period.

    Attributes:
        tally: Which sums, for example ``balance`` or ``quota``.
        subject: A site, a party, or several names with "|" between them.
        period: A month (2026-11), a year, or "".
        sums: Whole numbers by name (milligrams, microseconds, counts).
    """

    KEY: ClassVar[tuple[str, ...]] = ("tally", "subject", "period")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"subject": ("tally", "subject")}
    tally: str
    subject: str
    period: str
    sums: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StatisticsRecord:
    """A published aggregate."""

    KEY: ClassVar[tuple[str, ...]] = ("name", "period", "entry_index")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"name": ("name",)}
    name: str
    period: str
    entry_index: int
    figures: Mapping[str, Any]
