"""Records of goods: lots, holdings, pools, shipments, units, and the postings that changed them.

Masses are whole milligrams. A holding, a shipment line and a terminal account hold a *share of a lot's mass
at birth*: what they contain is the lot's cells times that share, exactly. Only pools hold cells of their own.
Times are microseconds since 1970 UTC. ``entry_index`` is the entry that made the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ledger.records.cells import Cells
from ledger.records.quick import quick

MOST_TOLD: Final = 16
"""Of a lot's parents in its own record: an index carries them, and PostgreSQL's takes 2,704 bytes a row."""


@quick
@dataclass(frozen=True, slots=True)
class LotRecord:
    """A lot, born once, with what it contained then.

    Attributes:
        node: Its number in the graph: entry_index * 2**20 + the place of the birth within the entry.
        producer: The party that recorded its birth.
        birth: ``opening``, ``extract``, ``import``, ``process``, ``draw`` or ``awaited`` (received before its
            birth was recorded; replaced by the birth, which keeps the node).
        product: Catalogue code; "" where none was stated.
        stage: Stage of the product (materials.catalogue).
        mass_mg: Gross mass at birth.
        composition: As declared: fractions as decimal text.
        instance: Whether it is one indivisible thing (an instance EPC).
        custody_model: ISO 22095 model as declared, or "".
        tainted_by: Index of the entry whose alert or case makes it illegal product, or None.
        voided_at: Index of the entry that undid its birth, or None.
        made_of: The nodes that it was made from, rising, where its birth stands and they are ``MOST_TOLD`` at
            most: a walk then need not look for its edges. None: its edges tell.
    """

    KEY: ClassVar[tuple[str, ...]] = ("lot",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"node": ("node",)}
    lot: str
    node: int
    entry_index: int
    position: int
    producer: str
    site: str
    event_time_us: int
    birth: str
    product: str
    stage: str
    mass_mg: int
    cells: Cells
    composition: Mapping[str, Any] = field(default_factory=dict)
    instance: bool = False
    pieces: int | None = None
    custody_model: str = ""
    tainted_by: int | None = None
    voided_at: int | None = None
    made_of: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class LotVersionRecord:
    """What a lot's record said before the entry that changed it: late births and corrections.

    One for each entry that changed it, with what stood before all that the entry did. The mark of illegal
    product is not among it: a correction leaves that as it is.

    Attributes:
        made_of: The nodes that it was made from, rising, however many; None where that was not kept, in what
            was written before revision 0014 of the database: its edges tell then.
    """

    KEY: ClassVar[tuple[str, ...]] = ("lot", "changed_at")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"lot": ("lot",), "node": ("node",)}
    lot: str
    changed_at: int
    node: int
    entry_index: int
    position: int
    producer: str
    site: str
    event_time_us: int
    birth: str
    product: str
    stage: str
    mass_mg: int
    cells: Cells
    composition: Mapping[str, Any] = field(default_factory=dict)
    instance: bool = False
    pieces: int | None = None
    custody_model: str = ""
    voided_at: int | None = None
    made_of: tuple[int, ...] | None = ()


@quick
@dataclass(frozen=True, slots=True)
class HoldingRecord:
    """(lot, owner, custodian, site) -> share of the lot's mass. Stays, with zero, once it is empty.

    Attributes:
        mass_mg: All of it, >= 0.
        provisional_mg: How much of it awaits the consignor's shipment, 0 <= provisional_mg.
        since_us: When this holder first had the lot.
    """

    KEY: ClassVar[tuple[str, ...]] = ("lot", "owner", "custodian", "site")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"lot": ("lot",), "custodian": ("custodian",)}
    lot: str
    owner: str
    custodian: str
    site: str
    mass_mg: int
    provisional_mg: int
    since_us: int
    changed_at: int


@quick
@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """The child (a lot's or pool version's node) was made from the parent.

    Attributes:
        voided_at: Index of the entry that undid it, or None: the walk leaves it out then.
    """

    KEY: ClassVar[tuple[str, ...]] = ("child", "parent")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"child": ("child",), "parent": ("parent",)}
    child: int
    parent: int
    entry_index: int
    voided_at: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class PoolRecord:
    """A continuous plant, tank, silo or stockpile, as of its newest version.

    Attributes:
        owners: Contained REO in mg by owner; sums to the cells.
        blocked: Positive gaps in mg by element that no regulator has released yet; they may not be drawn.
        closed_us: Event time of the newest close; of the first feed where there was none.
    """

    KEY: ClassVar[tuple[str, ...]] = ("pool",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"site": ("site",)}
    pool: str
    site: str
    custodian: str
    version: int
    node: int
    cells: Cells
    owners: Mapping[str, int]
    blocked: Mapping[str, int]
    opened_at: int
    closed_us: int
    tainted_by: int | None = None

    def as_version(
        self, change: str, *, entry_index: int, position: int, event_time_us: int
    ) -> "PoolVersionRecord":
        """What it is, as the version that it states.

        Args:
            change: What made it: a kind of movement, ``adjust``, ``correct`` or ``resolve``.
            entry_index: Where that stands; position: -1 for an act; event_time_us: and when it was.
        """
        return PoolVersionRecord(
            pool=self.pool,
            version=self.version,
            node=self.node,
            entry_index=entry_index,
            position=position,
            event_time_us=event_time_us,
            change=change,
            cells=self.cells,
            owners=self.owners,
            blocked=self.blocked,
        )


@quick
@dataclass(frozen=True, slots=True)
class PoolVersionRecord:
    """What one feed, draw, close, adjust or correction made of a pool, or what was known of it just before
    (``resolve``, ``ledger.books.pool_origins``): a node of the graph.

    ``owners`` and ``blocked`` are the pool's as of this version, so that one change can be undone later.
    """

    KEY: ClassVar[tuple[str, ...]] = ("pool", "version")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"node": ("node",)}
    pool: str
    version: int
    node: int
    entry_index: int
    position: int
    event_time_us: int
    change: str
    cells: Cells
    owners: Mapping[str, int] = field(default_factory=dict)
    blocked: Mapping[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class EventRecord:
    """A booked event, under its name; unique for each issuer.

    Attributes:
        state: ``booked`` or ``corrected``.
        changed_at: Entry that corrected it, or None.
        first_line: At which posting its own lines begin: those before it undo the event that it corrects.
        unit: The unit that it packed or unpacked, or "".
    """

    KEY: ClassVar[tuple[str, ...]] = ("issuer", "event_id")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"entry": ("entry_index",)}
    issuer: str
    event_id: str
    entry_index: int
    position: int
    movement: str
    event_time_us: int
    site: str
    state: str = "booked"
    changed_at: int | None = None
    first_line: int = 0
    unit: str = ""


@quick
@dataclass(frozen=True, slots=True)
class PostingRecord:
    """One line of the journal; the contained mass of an event's lines sums to zero.

    Attributes:
        account: ``birth`` (opening, extract, import; negative), ``holding``, ``transit``, ``pool``,
            ``exported``, ``released``, ``lost``, ``difference`` (positive when stock falls) or ``suspense``.
        lot: The lot whose share moves; "" where ``contained`` is stated instead.
        mass_mg: Signed share of the lot's mass.
        contained: Exact contained REO by element as "numerator/denominator" or whole mg as text: for pools,
            differences and suspense, which hold no share of a lot.
        reference: Shipment, process or reason that the line belongs to.
    """

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "position", "line")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "event": ("entry_index", "position"),
        "lot": ("lot",),
        "custodian": ("custodian",),
    }
    entry_index: int
    position: int
    line: int
    account: str
    lot: str
    pool: str
    owner: str
    custodian: str
    site: str
    event_time_us: int
    mass_mg: int
    contained: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


@quick
@dataclass(frozen=True, slots=True)
class ShipmentRecord:
    """What was sent from one site to another; named by the consignor's event id.

    Attributes:
        kind: ``ship``, ``export``, ``return`` (a refusal too), ``disclose`` or ``release``.
        despatch_advice: Its number as both sides know it, or "".
        state: ``open``, ``received`` (finally), ``voided`` or ``refused``.
        returns: Event id of the shipment that it sends back, or "".
        replaced_by: Event id of the shipment that a correction put in its place, or "".
    """

    KEY: ClassVar[tuple[str, ...]] = ("consignor", "event_id")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "despatch_advice": ("consignor", "despatch_advice"),
        "consignee": ("consignee",),
        "replaced_by": ("consignor", "replaced_by"),
    }
    consignor: str
    event_id: str
    kind: str
    consignee: str
    owner_from: str
    owner_to: str
    site_from: str
    site_to: str
    entry_index: int
    position: int
    event_time_us: int
    due_us: int | None
    state: str
    despatch_advice: str = ""
    invoice: str = ""
    licence: str = ""
    destination: str = ""
    end_user: str = ""
    returns: str = ""
    received_us: int | None = None
    replaced_by: str = ""


@quick
@dataclass(frozen=True, slots=True)
class ShipmentLineRecord:
    """One lot of a shipment: what was sent and what of it still travels."""

    KEY: ClassVar[tuple[str, ...]] = ("consignor", "event_id", "lot")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "shipment": ("consignor", "event_id"),
        "lot": ("lot",),
    }
    consignor: str
    event_id: str
    lot: str
    sent_mg: int
    left_mg: int
    weighed_mg: int


@dataclass(frozen=True, slots=True)
class ProvisionalRecord:
    """A receipt that came before its shipment.

    Attributes:
        shipment: Event id or despatch advice by which the consignee names the shipment.
        mass_mg: Mass that was credited; ``left_mg`` of it is unsettled.
        due_us: The consignor's filing deadline.
    """

    KEY: ClassVar[tuple[str, ...]] = ("consignee", "event_id", "lot")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "shipment": ("consignor", "shipment"),
        "lot": ("lot",),
    }
    consignee: str
    event_id: str
    lot: str
    consignor: str
    shipment: str
    owner: str
    site: str
    mass_mg: int
    left_mg: int
    final: bool
    entry_index: int
    position: int
    event_time_us: int
    due_us: int
    settled_at: int | None = None


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A logistic unit (SSCC or other container): open from packing to unpacking."""

    KEY: ClassVar[tuple[str, ...]] = ("unit",)
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    unit: str
    packer: str
    site: str
    entry_index: int
    event_time_us: int
    open: bool


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A child of a unit over a span of time; ``until_us`` None while it is inside.

    ``child`` is a lot, an instance or another unit; ``mass_mg`` its share of the lot's mass, 0 for a unit.
    ``since_index`` and ``since_position`` are the event that put it in, ``until_index`` and
    ``until_position`` the one that took it out. What a correction ended has no ``until_position``.
    """

    KEY: ClassVar[tuple[str, ...]] = ("unit", "child", "since_index", "since_position")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"unit": ("unit",), "child": ("child",)}
    unit: str
    child: str
    since_index: int
    since_position: int
    mass_mg: int
    since_us: int
    until_us: int | None = None
    until_index: int | None = None
    until_position: int | None = None


@dataclass(frozen=True, slots=True)
class SealRecord:
    """A use of a seal: it closes a unit over a span of time; ``until_us`` None while it does.

    ``since_index`` and ``since_position`` are the packing that put it on, ``until_index`` and
    ``until_position`` the event that opened it. What a correction ended has no ``until_position``.
    """

    KEY: ClassVar[tuple[str, ...]] = ("seal", "since_index", "since_position")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"seal": ("seal",), "unit": ("unit",)}
    seal: str
    since_index: int
    since_position: int
    unit: str
    issuer: str
    since_us: int
    until_us: int | None = None
    until_index: int | None = None
    until_position: int | None = None


@dataclass(frozen=True, slots=True)
class AssayRecord:
    """A measured composition of a lot, beside the declared one."""

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "position", "lot")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"lot": ("lot",)}
    entry_index: int
    position: int
    lot: str
    laboratory: str
    event_time_us: int
    results: Mapping[str, Any]
    document_sha256: str


@dataclass(frozen=True, slots=True)
class StocktakeRecord:
    """A counted mass against the books at that index."""

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "position", "lot")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"site": ("site",)}
    entry_index: int
    position: int
    lot: str
    party: str
    site: str
    event_time_us: int
    counted_mg: int
    book_mg: int


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """A document that a movement names: by media type, size in bytes and SHA-256."""

    KEY: ClassVar[tuple[str, ...]] = ("entry_index", "position", "sha256_hex")
    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {"sha256": ("sha256_hex",)}
    entry_index: int
    position: int
    sha256_hex: str
    media_type: str
    size_bytes: int
    role: str
