"""Who takes part: organisations with roles, sites, keys, scales and laboratories of their own.

Decides: how many there are for a number of movements, where they are, and who files when. All names lie under
``sim.example``: nobody real is meant.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.simulation import noise
from ledger.simulation.chance import key_seed, stream
from ledger.simulation.goods import Pool, Stock
from ledger.statements.envelope import make_proof_of_possession
from ledger.statements.keys import FileSigner

MOVEMENTS_PER_CLUSTER: Final = 25_000
"""How many movements one set of companies makes in the simulated time."""

# name -> (roles, country, how many in a cluster)
COMPANIES: Final[dict[str, tuple[tuple[str, ...], str, int]]] = {
    "rock-mine": (("miner",), "CN", 1),
    "ionic-mine": (("miner",), "CN", 1),
    "separator": (("separator",), "CN", 1),
    "smelter": (("smelter",), "CN", 1),
    "magnet-maker": (("magnet_maker", "exporter"), "CN", 1),
    "recycler": (("recycler",), "CN", 1),
    "trader": (("trader", "exporter"), "CN", 2),
    "exporter": (("exporter", "trader"), "CN", 1),
    "warehouse": (("warehouse",), "CN", 1),
    "laboratory": (("laboratory",), "CN", 1),
    "user": (("user",), "CN", 1),
    "importer": (("importer", "user"), "DE", 2),
}
OFFICIALS: Final = {
    "authority": ("authority", "regulator"),
    "operator": ("operator",),
    "customs": ("customs",),
    "tax": ("tax",),
}
COUNTRIES: Final = ("DE", "JP", "US", "KR", "FR", "IT")


@dataclass(slots=True, eq=False)
class Site:
    """A place of a party; ``x_km`` and ``y_km`` on a flat map."""

    site: str
    owner: "Actor"
    name: str
    latitude: float
    longitude: float


@dataclass(slots=True, eq=False)
class Actor:
    """One organisation.

    Attributes:
        number: Its place among all.
        name: As in ``COMPANIES`` and a number; also of its key files.
        kind: As in ``COMPANIES`` or ``OFFICIALS``.
        monthly: Whether it files once a month.
        bias: Of its laboratory.
        keys: (from when in us, signer), in order of time.
        stocks: What it has in its hands. ``pools``: its plants.
        lots: How many lots it has named.
        facts: What the patterns know of it.
    """

    number: int
    name: str
    kind: str
    party: str
    roles: tuple[str, ...]
    country: str
    monthly: bool
    bias: float
    chance: random.Random
    sites: list[Site] = field(default_factory=list)
    keys: list[tuple[int, FileSigner]] = field(default_factory=list)
    stocks: list[Stock] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    named: int = 0
    planted: str = ""
    deposit: str = ""
    quota_mg: float = 0.0
    used_mg: dict[str, float] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        """Its first site."""
        return self.sites[0]

    def name_lot(self) -> str:
        """A new lot's id."""
        self.named += 1
        return f"{self.party}lots/{self.named}"

    def name_thing(self, what: str) -> str:
        """A new id of another kind: a unit, a seal, an invoice."""
        self.named += 1
        return f"{self.party}{what}/{self.named}"

    def signer(self, at_us: int) -> FileSigner:
        """Its key at a time."""
        found = self.keys[0][1]
        for from_us, signer in self.keys:
            if from_us <= at_us:
                found = signer
        return found


class Cast:
    """Everybody."""

    def __init__(self, seed: int, clusters: int) -> None:
        """Makes the companies.

        Args:
            seed: The simulation's.
            clusters: How many sets of companies.
        """
        self.seed = seed
        self.actors: list[Actor] = []
        self.by_kind: dict[str, list[Actor]] = {}
        self._chance = stream(seed, "cast")
        for kind, roles in OFFICIALS.items():
            self.add(kind, kind, roles, "CN", site=False)
        for cluster in range(clusters):
            for kind, (roles, country, count) in COMPANIES.items():
                for place in range(count):
                    number = cluster * count + place + 1
                    land = COUNTRIES[(cluster + place) % len(COUNTRIES)] if country != "CN" else "CN"
                    self.add(f"{kind}-{number:03d}", kind, roles, land)

    def add(
        self,
        name: str,
        kind: str,
        roles: tuple[str, ...],
        country: str,
        *,
        site: bool = True,
        monthly: bool | None = None,
    ) -> Actor:
        """A new organisation with a key and, mostly, a site."""
        chance = stream(self.seed, "actor", name)
        low, high = noise.LABORATORY_BIAS
        actor = Actor(
            number=len(self.actors),
            name=name,
            kind=kind,
            party=f"https://{name}.sim.example/",
            roles=roles,
            country=country,
            monthly=chance.random() < noise.MONTHLY_FILERS if monthly is None else monthly,
            bias=chance.uniform(low, high) * chance.choice((-1, 1)),
            chance=chance,
        )
        if country != "CN" or kind in OFFICIALS:
            actor.monthly = False
        if site:
            self.add_site(actor)
        actor.keys.append((0, new_key(self.seed, name, 0)))
        self.actors.append(actor)
        self.by_kind.setdefault(kind, []).append(actor)
        return actor

    def add_site(self, actor: Actor) -> Site:
        """A further site of an organisation."""
        chance, number = actor.chance, len(actor.sites) + 1
        if actor.country == "CN":
            latitude, longitude = chance.uniform(23.0, 42.0), chance.uniform(103.0, 119.0)
        else:
            latitude, longitude = chance.uniform(45.0, 52.0), chance.uniform(2.0, 14.0)
        site = Site(
            f"{actor.party}sites/{number}",
            actor,
            f"{actor.name}, site {number}",
            round(latitude, 4),
            round(longitude, 4),
        )
        actor.sites.append(site)
        return site

    def one(self, kind: str) -> Actor:
        """The only official of a kind."""
        return self.by_kind[kind][0]


def new_key(seed: int, name: str, number: int) -> FileSigner:
    """A throw-away key."""
    return FileSigner(private_key(seed, name, number))


def private_key(seed: int, name: str, number: int) -> Ed25519PrivateKey:
    """The private half of a throw-away key."""
    return Ed25519PrivateKey.from_private_bytes(key_seed(seed, name, number))


def enrolment(signer: FileSigner, origin: str, party: str) -> dict[str, Any]:
    """A key with the proof that its holder has it."""
    return {"jwk": signer.jwk, "proof_of_possession": make_proof_of_possession(signer, origin, party)}


def admission(actor: Actor, listed_from: str) -> dict[str, Any]:
    """What admit-party says of it."""
    return {
        "party": actor.party,
        "organisation": {"legal_name": f"Simulated {actor.name}", "country": actor.country},
        "roles": list(actor.roles),
        "prefixes": [actor.party],
        "listing": {"start": listed_from},
    }


def deposits(actors: list[Actor]) -> Iterator[tuple[Actor, str]]:
    """Which deposit each mine works."""
    for actor in actors:
        if actor.kind == "rock-mine":
            yield actor, "bayan-obo"
        elif actor.kind == "ionic-mine":
            yield actor, ("xunwu", "longnan")[actor.number % 2]
