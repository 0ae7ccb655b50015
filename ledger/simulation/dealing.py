"""What the steps of trade are made of: prices, moistures, shipments, terms, batches, distances.

Decides: figures that are no noise. Prices are of 2025-12-31.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.simulation.cast import Actor, Site
from ledger.simulation.chronicle import Draft, Label
from ledger.simulation.goods import Stock

# CNY per kg of goods, 2025-12-31 (DOMAIN section 9) for PrNd oxide, PrNd alloy, La2O3 and CeO2; else our own.
PRICES: Final = {
    "prnd-oxide": 606.0,
    "prnd-metal": 735.0,
    "la-oxide": 4.5,
    "ce-oxide": 11.5,
    "dy-oxide": 1_600.0,
    "tb-oxide": 6_200.0,
    "y-oxide": 50.0,
    "gd-oxide": 160.0,
    "sm-oxide": 15.0,
    "smeugd-oxide": 40.0,
    "heavy-oxide": 120.0,
    "mixed-concentrate": 18.0,
    "bastnaesite-concentrate": 20.0,
    "ionic-concentrate": 180.0,
    "mixed-carbonate": 28.0,
    "ndfeb-alloy": 230.0,
    "ndfeb-dy-alloy": 260.0,
    "ndfeb-magnet": 320.0,
    "ndfeb-dy-magnet": 380.0,
    "magnet-swarf": 110.0,
    "recycled-magnet-oxide": 420.0,
}
BACK: Final = ("return", "refuse")
OUTWARD: Final = ("ship", "export", "release")
"""By which illegal product changes hands."""
ARRIVAL_DAYS: Final = 60
"""From when on an export that nobody reports as arrived is one that did not (DOMAIN section 7: in N days)."""
LISTED_SHARE: Final = 0.001
"""From which Chinese share on the list of announcement 61 of 2025 means foreign goods (DOMAIN section 2)."""
MOISTURE: Final = {
    "mixed-concentrate": 0.06,
    "bastnaesite-concentrate": 0.05,
    "ionic-concentrate": 0.08,
    "mixed-carbonate": 0.10,
    "magnet-swarf": 0.04,
}


@dataclass(slots=True, eq=False)
class Shipment:
    """Goods on their way."""

    draft: Draft
    stocks: list[Stock]
    consignor: Actor
    consignee: Actor
    site_to: Site
    seller: Actor
    buyer: Actor
    arrives_us: int
    due_us: int
    spilled: float = 0.0
    delivered: float = 0.0
    first_filed_us: int = 0
    invoice: str = ""


@dataclass(slots=True)
class Batch:
    """What a process is to make: a product with what it truly contains.

    Attributes:
        stated_mg: What its maker says that it contains, where that is not what was measured.
    """

    product: str
    true_mg: dict[str, float]
    treo: float | None = None
    stated_mg: dict[str, float] | None = None


@dataclass(slots=True)
class Terms:
    """How a shipment is made, where it is not made as usual."""

    kind: str = "ship"
    sale: bool = True
    invoice: bool = True
    owner: Actor | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    label: Label | None = None
    facts: tuple[str, ...] = ()
    filed_us: int | None = None
    days: float | None = None
    arrives: bool = True


def distance_km(one: Site, other: Site) -> float:
    """Great-circle distance."""
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    cosine = math.sin(first) * math.sin(second) + math.cos(first) * math.cos(second) * math.cos(across)
    return 6371 * math.acos(max(-1.0, min(1.0, cosine)))
