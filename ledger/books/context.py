"""Where a movement is being recorded, and what it did to the books: what the fold and the rules share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count

from ledger.findings import Finding
from ledger.records.books import Books, Key
from ledger.records.cells import Cell
from ledger.records.lots import LotRecord, PostingRecord, SealRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.policy import Policy
from ledger.records.quick import quick
from ledger.statements.registers import Facts


@quick
@dataclass(frozen=True, slots=True)
class Recording:
    """The entry that a movement would be part of.

    Attributes:
        index: The entry's index.
        recorded_at_us: Its time.
        issuer: The party that signed.
        policy: The policy in force.
        facts: Registers: parties, sites, prefixes (those that the statement names).
        books: The books, between ``begin`` and ``commit``.
        places: Running numbers of what is born within the entry.
        unchecked: Keys of holdings that a correction touched; they are judged once its replacement is booked.
        alerts_before: How many alerts stand under the entry already: those of time passing.
    """

    index: int
    recorded_at_us: int
    issuer: str
    policy: Policy
    facts: Facts
    books: Books
    places: Iterator[int] = field(default_factory=count)
    unchecked: set[Key] = field(default_factory=set)
    alerts_before: int = 0

    @property
    def correcting(self) -> bool:
        """Whether a correction is under way, whose replacement is to be booked before balances are judged."""
        return bool(self.unchecked)


@dataclass(slots=True)
class Effect:
    """What one movement did; filled by the fold, read by the rules.

    Attributes:
        postings: In order.
        born: Lots that it bore, in order of its outputs.
        used: Lots that it drew on, with the share of their mass in mg.
        contained_in, contained_out: Exact REO by element of everything that went in, whole mg that came out,
            for processes, feeds and draws.
        compared: Lots that were received, with the mass in mg that was sent and that was weighed.
        lost: Declared losses by element, whole mg.
        difference: Of a process, feed, draw or close: exact, by element, positive when stock falls.
        gain: Whole mg by element that came out beyond what went in, and bear the origin ``unexplained``.
        cells_in: What went in by cell, exactly.
        pool_before, pool_after: Contained mg by element, for pools.
        gap: Book minus measured by element, for a close.
        shipments: The shipment records that it made or changed. ``lines``: their lines.
        whole_excess_mg: By how much a scale read beyond the books where a movement took the whole.
        provisional: Whether a receipt came before its shipment.
        corrected: The event that it corrected, or "". ``corrected_us``: when that was said to have happened.
        counted_mg: REO of the born lots that turned from uncounted primary to ``counted``
            (``cells.count_cells``): what a separation quota is drawn by. ``counted_beyond_mg``: that of them
            which never was a separated compound.
        workings: What one rule worked out and another needs again, by name; nothing that decides.
        revalued: Lots whose contents it changed after some of them was used, each as its record stood before
            the change and with how much of its mass in mg was used.
        awaited: Lots that were received before this birth, with the most of their mass in mg that is awaited
            from one consignor.
        expected: The product as which each such lot was received, where a receipt stated one.
        sealed: Uses of seals that it began, ended or took back, by key, each as it stood before; None: it was
            not there.
        reused: Units that it began to fill while another packer had them in use, with that one's entry.
    """

    postings: list[PostingRecord] = field(default_factory=list)
    born: list[LotRecord] = field(default_factory=list)
    used: list[tuple[LotRecord, int]] = field(default_factory=list)
    contained_in: dict[str, Fraction | int] = field(default_factory=dict)
    contained_out: dict[str, int] = field(default_factory=dict)
    compared: list[tuple[LotRecord, int, int]] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    difference: dict[str, Fraction] = field(default_factory=dict)
    gain: dict[str, int] = field(default_factory=dict)
    cells_in: Mapping[Cell, Fraction] = field(default_factory=dict)
    pool_before: dict[str, int] = field(default_factory=dict)
    pool_after: dict[str, int] = field(default_factory=dict)
    gap: dict[str, int] = field(default_factory=dict)
    shipments: list[ShipmentRecord] = field(default_factory=list)
    lines: list[ShipmentLineRecord] = field(default_factory=list)
    whole_excess_mg: int = 0
    provisional: bool = False
    corrected: str = ""
    corrected_us: int | None = None
    counted_mg: int = 0
    counted_beyond_mg: int = 0
    workings: dict[str, object] = field(default_factory=dict)
    sealed: dict[Key, SealRecord | None] = field(default_factory=dict)
    reused: dict[str, int] = field(default_factory=dict)
    revalued: dict[str, tuple[LotRecord, int]] = field(default_factory=dict)
    awaited: dict[str, int] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)


class Impossible(Exception):
    """The movement cannot have happened as recorded; nothing is booked.

    Attributes:
        findings: Why, each with its place and its mend.
    """

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*(finding.detail for finding in findings))
        self.findings = findings
