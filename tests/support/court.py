"""A court: books in memory, registered parties and sites, and every rule, as the ledger records movements.

All of a firm's sites, lots and names lie under its own prefix: ``https://<firm>.example/``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import Any

from ledger.books.context import Recording
from ledger.controls.recording import Recorded, record_movements
from ledger.controls.ticks import run_ticks
from ledger.movements.movement import Composition, Line, Movement
from ledger.records.books import Books
from ledger.records.lots import LotRecord
from ledger.records.oversight import AlertRecord
from ledger.records.policy import Policy, read_policy
from ledger.statements.registers import Facts, Listing, PartyRecord, PrefixRecord, SiteRecord

KG = 1_000_000
TONNE = 1000 * KG
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
START_US = 1_788_192_000_000_000
"""2026-08-31T16:00:00Z: September begins where the authority is."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "mine": ("miner",),
    "plant": ("separator",),
    "smelter": ("smelter",),
    "magnets": ("magnet_maker", "exporter"),
    "recycler": ("recycler",),
    "trader": ("trader", "exporter"),
    "trader2": ("trader",),
    "trader3": ("trader",),
    "store": ("warehouse",),
    "motors": ("user",),
    "abroad": ("importer",),
    "lab": ("laboratory",),
}


def party(firm: str) -> str:
    return f"https://{firm}.example/party"


def site(firm: str) -> str:
    return f"https://{firm}.example/site"


def name(firm: str, thing: str) -> str:
    return f"https://{firm}.example/{thing}"


def out(lot: str, mass_mg: int, contained: Mapping[str, int], product: str = "", **members: Any) -> Line:
    """A lot that is born with so much of each element; its composition rests on an assay of its own."""
    reo = sum(contained.values())
    shares = {element: Fraction(part, reo) for element, part in contained.items()} if reo else {}
    declared = {"treoFraction": str(Fraction(reo, mass_mg)), "sample": lot}
    composition = Composition(
        dict(contained), Fraction(reo, mass_mg), Fraction(0), Fraction(0), shares, declared
    )
    return Line(lot, mass_mg, composition, product, pointer="/events/0", **members)


@dataclass
class Court:
    """The ledger's rules over books in memory.

    Attributes:
        now_us: When the next movement is recorded.
        facts: Registers; every firm of ``ROLES`` with a site and a prefix.
    """

    policy: Policy = field(default_factory=lambda: read_policy({"rule_set": 1}))
    books: Books = field(default_factory=Books)
    now_us: int = START_US + 5 * DAY_US
    index: int = 1
    numbers: Any = field(default_factory=lambda: count(1))
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = Facts(books=self.books)
        for firm, roles in ROLES.items():
            self.enrol(firm, roles)

    def enrol(self, firm: str, roles: tuple[str, ...], country: str = "CN", **site_members: Any) -> None:
        """Lists a firm and its site, from before the start on."""
        listings = (Listing(0, None),)
        organisation = {"legal_name": firm, "country": country}
        self.facts.put(PartyRecord(party(firm), organisation, roles, listings, 0, 0))
        description = {"name": firm, "country": country, **site_members}
        self.facts.put(SiteRecord(site(firm), party(firm), description, listings, 0, 0))
        self.facts.put(PrefixRecord(name(firm, ""), party(firm), 0))

    def set_policy(self, **members: Any) -> None:
        """Puts a policy in force, in the words of set-policy."""
        self.policy = read_policy({"rule_set": 1, **members})

    def threshold(self, **limits: str) -> None:
        """Changes thresholds; ``__`` stands for the full stop."""
        stated = {each.replace("__", "."): Fraction(text) for each, text in limits.items()}
        self.policy = replace(self.policy, thresholds={**self.policy.thresholds, **stated})

    def file(self, kind: str, firm: str, **members: Any) -> Recorded:
        """Records a movement of a firm: at its site, an hour ago."""
        return self.record(self.movement(kind, firm, **members), firm)

    def movement(self, kind: str, firm: str, *, event_id: str = "", **members: Any) -> Movement:
        """A movement of a firm, as ``file`` records it."""
        at_us = members.pop("at_us", self.now_us - HOUR_US)
        members.setdefault("site", site(firm))
        event_id = event_id or f"urn:event:{next(self.numbers)}"
        return Movement(kind, event_id, at_us, 480, "/events/0", **members)

    def record(self, moved: Movement | Sequence[Movement], firm: str) -> Recorded:
        """Records one movement, or some of one statement, as an entry of its own."""
        recording = Recording(
            index=self.index,
            recorded_at_us=self.now_us,
            issuer=party(firm),
            policy=self.policy,
            facts=self.facts,
            books=self.books,
        )
        recorded = record_movements([moved] if isinstance(moved, Movement) else moved, recording)
        self.index += 1
        return recorded

    def pass_time(self, until_us: int) -> list[AlertRecord]:
        """Time passes; gives the alerts that it opens."""
        self.now_us = until_us
        self.books.begin()
        alerts = run_ticks(self.books, self.policy, self.index, until_us)
        self.books.commit()
        self.index += 1
        return alerts

    def extract(
        self, firm: str, thing: str, contained: Mapping[str, int], product: str = "", **members: Any
    ) -> str:
        """A lot comes into a firm's books as opening stock, whatever it is; gives its name."""
        lot = name(firm, thing)
        mass_mg = members.pop("mass_mg", 2 * sum(contained.values()))
        kind = members.pop("kind", "opening")
        accepted(self.file(kind, firm, outputs=(out(lot, mass_mg, contained, product),), **members))
        return lot

    def lot(self, lot: str) -> LotRecord:
        """A lot that is there."""
        found = self.books.get(LotRecord, lot)
        assert found is not None
        return found

    def alerts(self, code: str) -> list[AlertRecord]:
        """The alerts of a code, in order."""
        return [alert for alert in self.books.records(AlertRecord) if alert.code == code]


def accepted(recorded: Recorded) -> Recorded:
    """Says why a movement was refused, if it was."""
    assert [(each.code, each.detail) for each in recorded.refused] == []
    return recorded


def refusals(recorded: Recorded) -> list[str]:
    """The codes of what refuses a movement; each says what is wrong and how to mend it."""
    assert all(finding.detail and finding.mend for finding in recorded.refused)
    return [finding.code for finding in recorded.refused]


def flags(recorded: Recorded) -> list[str]:
    """The codes of the alerts that an accepted movement opens."""
    accepted(recorded)
    assert all(alert.detail and alert.mend for alert in recorded.alerts)
    assert all(no_floats(alert.evidence) for alert in recorded.alerts)
    return sorted(alert.code for alert in recorded.alerts)


def no_floats(value: Any) -> bool:
    """Whether evidence holds whole numbers, text, lists and mappings only."""
    if isinstance(value, Mapping):
        return all(no_floats(each) for each in value.values())
    if isinstance(value, list):
        return all(map(no_floats, value))
    return value is None or isinstance(value, str | int)
