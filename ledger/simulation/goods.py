"""Goods as they are, and as honest people measure them: true contents, assays, weighings.

Decides: how an honest declaration differs from the truth, by the figures in ``noise``. Masses in mg; what is
true is a float, what is declared is rounded as a laboratory or a scale rounds.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.simulation import noise

if TYPE_CHECKING:
    from ledger.simulation.cast import Actor, Site

KG = 1_000_000
TONNE = 1_000 * KG


@dataclass(slots=True, eq=False)
class Lot:
    """One lot.

    Attributes:
        lot: Its id.
        product: Catalogue code.
        maker: Who recorded its birth.
        mass_mg: Gross mass as declared at birth; whole tens of grams.
        true_mg: REO by element that it truly contains.
        treo, shares, moisture: As declared.
        gross_mg: What it truly weighs. ``wet``: its true moisture.
        origin: For what is mined or imported: of which deposit.
        born_us: When. ``filed_us``: when its birth was filed.
        sources: Ids of the planted instances by which it is illegal product or made of it.
        disguised: Whether it is of another deposit than is said, or made of such goods.
    """

    lot: str
    product: str
    maker: "Actor"
    mass_mg: int
    true_mg: dict[str, float]
    treo: float
    shares: dict[str, float]
    moisture: float
    gross_mg: float
    wet: float
    born_us: int
    filed_us: int = 0
    origin: str = ""
    sources: tuple[str, ...] = ()
    disguised: bool = False

    def state(self, contained_mg: Mapping[str, float]) -> None:
        """Declares that it contains so much, whatever was measured."""
        whole = sum(contained_mg.values())
        shares = {element: round(mass / whole, 5) for element, mass in contained_mg.items()}
        self.shares = {element: share for element, share in shares.items() if share > 0}
        most = max(self.shares, key=lambda element: self.shares[element])
        self.shares[most] = round(self.shares[most] + 1 - sum(self.shares.values()), 5)
        self.mass_mg = round(whole / self.treo / (1 - self.moisture) / 1000) * 1000

    def contained_mg(self) -> dict[str, float]:
        """REO by element as declared."""
        reo = self.mass_mg * (1 - self.moisture) * self.treo
        return {element: reo * share for element, share in self.shares.items()}


@dataclass(slots=True, eq=False)
class Stock:
    """Some of a lot in somebody's hands.

    Attributes:
        mass_mg: How much of the lot's mass, by the books.
        since_us: From when it may be used.
        ready_us: When its holder has filed all that happened to it so far.
        settled_us: When everybody has.
        holders: Everybody who had it.
        dried: Share of its gross mass that it has lost as water.
        reserved: Whether somebody has plans for it.
    """

    lot: Lot
    mass_mg: int
    owner: "Actor"
    custodian: "Actor"
    site: "Site"
    since_us: int
    ready_us: int
    settled_us: int
    holders: tuple[int, ...] = ()
    dried: float = 0.0
    reserved: bool = False

    @property
    def part(self) -> float:
        """Which share of the lot it is."""
        return self.mass_mg / self.lot.mass_mg

    @property
    def gross_mg(self) -> float:
        """What it truly weighs now."""
        return self.lot.gross_mg * self.part * (1 - self.dried)

    @property
    def wet(self) -> float:
        """Its true moisture now."""
        return max(0.0, (self.lot.wet - self.dried) / (1 - self.dried))

    @property
    def true_mg(self) -> dict[str, float]:
        """REO by element that it truly contains."""
        return scaled(self.lot.true_mg, self.part)


@dataclass(slots=True, eq=False)
class Pool:
    """A continuous plant: what is truly in it and what its books say may be drawn.

    Attributes:
        kind: ``rock``, ``ionic`` or ``scrap``: what it is fed.
        true_mg: REO by element in process. ``book_mg``: by the books. ``blocked_mg``: gaps that may not be
            drawn.
        surplus_mg: What closes found beyond the books and no later close missed again: as the ledger has it.
        moved_mg: What was fed and drawn since the last close.
        sources: As of a lot; a little of what was fed stays in process for ever.
    """

    pool: str
    site: "Site"
    owner: "Actor"
    kind: str
    process: str
    products: tuple[str, ...]
    true_mg: dict[str, float] = field(default_factory=dict)
    book_mg: dict[str, float] = field(default_factory=dict)
    blocked_mg: dict[str, float] = field(default_factory=dict)
    surplus_mg: dict[str, float] = field(default_factory=dict)
    moved_mg: dict[str, float] = field(default_factory=dict)
    ready_us: int = 0
    sources: tuple[str, ...] = ()
    opened: bool = False

    def drawable_mg(self, element: str) -> float:
        """What can be drawn: what is there, as far as the books let it."""
        book = self.book_mg.get(element, 0.0) - self.blocked_mg.get(element, 0.0)
        return max(0.0, min(self.true_mg.get(element, 0.0), book))


def relative_deviation(share: float) -> float:
    """One relative standard deviation of an assayed share of REO."""
    for least, deviation in noise.ASSAY_BANDS:
        if share >= least:
            return deviation
    return max(noise.ASSAY_TRACE, noise.ASSAY_TRACE_FLOOR / share)


def assay(true_mg: Mapping[str, float], chance: random.Random) -> dict[str, float]:
    """Shares of REO as a laboratory reports them: they sum to 1."""
    whole = sum(true_mg.values())
    read = {
        element: mass * max(0.0, 1 + chance.gauss(0, relative_deviation(mass / whole)))
        for element, mass in true_mg.items()
        if mass > whole * 1e-6
    }
    total = sum(read.values())
    shares = {element: round(mass / total, 5) for element, mass in read.items()}
    shares = {element: share for element, share in shares.items() if share > 0}
    most = max(shares, key=lambda element: shares[element])
    shares[most] = round(shares[most] + 1 - sum(shares.values()), 5)
    return shares


def read_treo(treo: float, laboratory: "Actor", chance: random.Random) -> float:
    """The REO content as a laboratory reports it."""
    return round(treo * (1 + laboratory.bias + chance.gauss(0, noise.ASSAY_TREO)), 5)


def weigh(mass_mg: float, chance: random.Random) -> int:
    """A mass as a scale shows it, to the gram."""
    return max(1000, round(mass_mg * (1 + chance.gauss(0, noise.WEIGHING)) / 1000) * 1000)


def mixed(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The sum of contents."""
    sums: dict[str, float] = {}
    for part in parts:
        for element, mass in part.items():
            sums[element] = sums.get(element, 0.0) + mass
    return sums


def scaled(contents: Mapping[str, float], factor: float) -> dict[str, float]:
    """Contents times a factor."""
    return {element: mass * factor for element, mass in contents.items()}
