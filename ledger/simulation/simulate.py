"""Simulating a national supply chain into a folder of signed statements.

Decides: the size of the country for a number of movements, and that exactly so many are written. The same
seed, size and rate give the same bytes. The time simulated ends about ``END``, once so many are filed;
memory holds live goods and what is not yet filed, whatever the size.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import SimulationInvalid
from ledger.log.note import NoteSigner
from ledger.records.periods import DAY_US, HOUR_US, month_after, month_of, month_start_us
from ledger.records.policy import Policy, read_policy
from ledger.simulation import noise
from ledger.simulation.business import Business
from ledger.simulation.cast import (
    MOVEMENTS_PER_CLUSTER,
    Actor,
    Cast,
    admission,
    deposits,
    enrolment,
    new_key,
    private_key,
)
from ledger.simulation.chance import key_seed, uuid4
from ledger.simulation.chronicle import Chronicle, Draft, time_text
from ledger.simulation.dealing import LISTED_SHARE, PRICES
from ledger.simulation.folder import (
    VERSION,
    Writer,
    digests,
    read_manifest,
    write_manifest,
    write_planted,
    write_unfiled,
)
from ledger.simulation.goods import TONNE
from ledger.simulation.planting import Planting
from ledger.simulation.world import World
from ledger.statements.acts.organisations import SiteDescriptionSchema
from ledger.statements.envelope import ACT, STATEMENT_TYPE
from ledger.statements.jws import write_compact
from ledger.statements.keys import write_key_file

END: Final = "2026-07"
"""The month that begins when the simulated time is planned to end; it goes on until enough is filed."""
LEAST_MONTHS: Final = 14
MOVEMENTS_PER_MONTH: Final = 119_000
"""1.4 million lot-level records a year for the whole country (DOMAIN section 9): a larger number of movements
simulates more years instead of a larger country."""
COUNTRY_PER_YEAR: Final = 1_400_000
EVE_DAYS: Final = 75
"""Registers, allotments and first licences are filed before the first movement."""
QUOTA_2024_T: Final = {"rock": 250_850.0, "ionic": 19_150.0, "separation": 254_000.0}
"""Allotments of 2024 (DOMAIN section 9): 270,000 t mined, ionic ore as in 2023; 254,000 t separated."""
SMALL_QUOTA_T: Final = 10.0
"""What a mine of the patterns is allotted."""
SMALL_CAPACITY_KG: Final = 6_000
ORIGIN: Final = "simulation.sim.example"
POLICY: Final[dict[str, Any]] = {
    "rule_set": 1,
    "index_prices": {product: f"{price:.2f}" for product, price in sorted(PRICES.items())},
}

MOST_MOVEMENTS: Final = 10_000_000
MOST_PLANTED: Final = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was written.

    Attributes:
        movements, statements: How many.
        planted: Planted instances by pattern. ``share``: of all movements that belong to one.
    """

    movements: int
    statements: int
    planted: dict[str, int]
    share: float


def simulate(
    folder: Path, *, movements: int, plant: float, seed: int, progress: Progress = lambda done, whole: None
) -> Simulated:
    """Writes a simulation, or goes on with one that was stopped.

    Args:
        folder: New, empty, or one of the same seed, size and rate.
        movements: How many movements, 1 to 10 million.
        plant: Share of them that belong to planted patterns, 0 to 0.5.
        seed: Any whole number.
        progress: Told of (movements written, of how many) now and then.

    Raises:
        SimulationInvalid: The folder holds something else, or cannot be written to; or no country can be
            made of such a size and rate.
    """
    if not (1 <= movements <= MOST_MOVEMENTS and 0 <= plant <= MOST_PLANTED):  # NaN is not within either
        raise SimulationInvalid(
            f"{movements} movements of which {plant} are planted cannot be simulated",
            mend=f"Ask for 1 to {MOST_MOVEMENTS} movements, and for a share of 0 to {MOST_PLANTED}.",
        )
    nation = Nation(seed, movements, plant)
    stated = {"version": VERSION, "seed": seed, "movements": movements, "plant": plant}
    try:
        return _write(folder, nation, stated, progress)
    except BrokenPipeError:  # of the progress
        raise
    except OSError as error:
        raise SimulationInvalid(
            f"{folder} cannot be written: {error}",
            mend="Name a folder that can be written to, with room on its disk; what is there is kept.",
        ) from error


def _write(folder: Path, nation: "Nation", stated: dict[str, Any], progress: Progress) -> Simulated:
    prepare(folder, stated)
    seed = nation.seed
    writer = Writer(folder, seed, ORIGIN, nation.policy)
    nation.open(folder)
    try:
        done = nation.run(writer, progress)
    finally:
        writer.abandon()
    planted, share = nation.planting.counts(), round(writer.planted / writer.movements, 6)
    write_planted(folder, nation.planting.planted())
    write_unfiled(folder, nation.unfiled, seed)
    write_manifest(
        folder,
        stated
        | {
            "complete": True,
            "origin": ORIGIN,
            "statements": writer.statements,
            "months": nation.months,
            "parties": len(nation.cast.actors),
            "planted": planted,
            "planted_share": share,
            "files": digests(folder),
            "policy": POLICY,
        },
    )
    return Simulated(done, writer.statements, planted, share)


def prepare(folder: Path, stated: dict[str, Any]) -> None:
    """Makes the folder, or makes sure that it is one of the same simulation."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        known = read_manifest(folder)
        if {name: known.get(name) for name in stated} != stated:
            raise SimulationInvalid(f"{folder} holds another simulation: {json.dumps(known)[:200]}")
    else:
        write_manifest(folder, stated | {"complete": False, "origin": ORIGIN})


class Nation:
    """One simulated country from beginning to end."""

    def __init__(self, seed: int, movements: int, plant: float) -> None:
        """Plans the country for a number of movements."""
        self.seed, self.movements = seed, movements
        self.policy: Policy = read_policy(POLICY)
        self.months = max(LEAST_MONTHS, -(-movements // MOVEMENTS_PER_MONTH))
        self.first_month = month_after(END, -self.months)
        self.start_us = month_start_us(self.first_month, self.policy)
        self.per_month = movements / self.months
        clusters = max(1, round(self.per_month * LEAST_MONTHS / MOVEMENTS_PER_CLUSTER))
        self.cast = Cast(seed, clusters)
        for actor, deposit in deposits(self.cast.actors):
            actor.deposit = deposit
        self.planting = Planting(seed, self.cast, movements, plant)
        self.unfiled: list[Draft] = []
        self.scale = self.per_month * 12 / COUNTRY_PER_YEAR

    def open(self, folder: Path) -> None:
        """Writes the keys and the genesis statement."""
        keys = folder / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        log = self.log_key()
        named = [("log", log)] + [
            (actor.name, private_key(self.seed, actor.name, 0)) for actor in self.cast.actors
        ]
        for name, key in named:
            path = keys / f"{name}.pem"
            if not path.exists():
                write_key_file(path, key)
        (folder / "statements").mkdir(exist_ok=True)
        (folder / "statements" / "genesis.jws").write_bytes(self.genesis())

    def log_key(self) -> Ed25519PrivateKey:
        """The simulated log's own key."""
        return Ed25519PrivateKey.from_private_bytes(key_seed(self.seed, "log"))

    @property
    def eve_us(self) -> int:
        """When genesis is recorded."""
        return self.start_us - EVE_DAYS * DAY_US

    def genesis(self) -> bytes:
        """Entry 0: authority, operator and policy."""
        listed = time_text(self.start_us - 2000 * DAY_US)
        first = [self.cast.one(kind) for kind in ("authority", "operator")]
        payload = {
            "act": "genesis",
            "origin": ORIGIN,
            "log_keys": [NoteSigner.from_private_key(ORIGIN, self.log_key()).vkey],
            "parties": [
                admission(actor, listed) | {"keys": [enrolment(actor.keys[0][1], ORIGIN, actor.party)]}
                for actor in first
            ],
            "policy": POLICY,
        }
        header = {
            "typ": STATEMENT_TYPE,
            "cty": ACT,
            "aud": ORIGIN,
            "iat": self.eve_us // 1_000_000,
            "jti": uuid4(self.seed, "jti", "genesis"),
        }
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return write_compact(header, body, first[0].keys[0][1])

    def run(self, writer: Writer, progress: Progress) -> int:
        """Lets the time pass until enough is filed."""
        chronicle = Chronicle(self.seed, self.eve_us, self.policy, writer.write)
        world = World(self.seed, self.cast, chronicle)
        business = Business(world)
        world.enrol = self._enroller(world)
        self.admit(chronicle)
        self.allot(chronicle)
        for actor in self.cast.actors:
            if not actor.planted and actor.kind not in ("authority", "operator"):
                at_us = self.start_us + round(actor.chance.uniform(20, noise.KEY_ROTATION_DAYS) * DAY_US)
                chronicle.plan(at_us, business.incidents.rotate, actor)
        chronicle.plan(self.start_us, business.begin, self.start_us)
        self.planting.begin(world, business, self.start_us, self.months)
        clusters = sum(not actor.planted for actor in self.cast.by_kind["warehouse"])
        business.pace = 1.45 * self.per_month * LEAST_MONTHS / MOVEMENTS_PER_CLUSTER / clusters
        month, before = self.first_month, 0
        while True:
            following = month_after(month)
            at_us, end_us = max(chronicle.now_us, self.eve_us), month_start_us(following, self.policy)
            while at_us < end_us:
                at_us = min(at_us + 6 * HOUR_US, end_us)
                full = chronicle.run_until(at_us, self.movements)
                progress(chronicle.movements, self.movements)
                self.planting.keep_up()
                if full:
                    writer.close()
                    self.unfiled = list(chronicle.unfiled())
                    return chronicle.movements
            made, before = chronicle.happened - before, chronicle.happened
            wished = self.per_month * 1.04 / max(made, 1)
            business.pace *= min(1.6, max(0.6, wished)) ** 0.7
            month = following
            self.top_up(chronicle, month)

    def admit(self, chronicle: Chronicle) -> None:
        """Admits everybody else, with keys and sites."""
        authority = self.cast.one("authority")
        listed, filed_us = time_text(self.start_us - 2000 * DAY_US), self.eve_us
        for actor in self.cast.actors:
            filed_us += 5_000_000
            if actor.kind not in ("authority", "operator"):
                chronicle.act(authority, "admit-party", admission(actor, listed), filed_us)
                key = enrolment(actor.keys[0][1], ORIGIN, actor.party)
                chronicle.act(authority, "enrol-key", {"party": actor.party, **key}, filed_us + 1_000_000)
            for site in actor.sites:
                chronicle.act(
                    authority,
                    "list-site",
                    {
                        "site": site.site,
                        "party": actor.party,
                        "description": self.describe(actor, site),
                        "listing": {"start": listed},
                    },
                    filed_us + 2_000_000,
                )
        self.publish(chronicle, filed_us + HOUR_US)

    def describe(self, actor: Actor, site: Any) -> dict[str, Any]:
        """What list-site says of a place."""
        stated: dict[str, Any] = {
            "name": site.name,
            "country": actor.country,
            "latitude": f"{site.latitude:.4f}",
            "longitude": f"{site.longitude:.4f}",
            "fingerprint": actor.deposit or ("bayan-obo" if actor.kind == "rock-mine" else ""),
            "ore_class": {"rock-mine": "rock", "ionic-mine": "ionic"}.get(actor.kind, ""),
        }
        if actor.planted.startswith("capacity"):
            stated["capacity_kg"] = SMALL_CAPACITY_KG
        return {name: value for name, value in stated.items() if value and name in _DESCRIBED}

    def publish(self, chronicle: Chronicle, filed_us: int) -> None:
        """The lists of announcements 18 and 61 of 2025 (DOMAIN section 2), in force from the begin."""
        chronicle.act(
            self.cast.one("authority"),
            "publish-control-list",
            {
                "control_list": "mofcom-18-2025",
                "start": time_text(self.start_us - DAY_US),
                "items": [{"control_ref": "mofcom-18-2025"}],
                "conditions": {"needs_licence": True},
            },
            filed_us,
        )

        chronicle.act(
            self.cast.one("authority"),
            "publish-control-list",
            {
                "control_list": "mofcom-61-2025",
                "start": time_text(self.start_us - DAY_US),
                "items": [],
                "conditions": {"needs_licence": False, "foreign_content_share": str(LISTED_SHARE)},
            },
            filed_us,
        )

    def allot(self, chronicle: Chronicle) -> None:
        """The first allotments of every year."""
        filed_us = self.eve_us + 2 * DAY_US
        for actor in self.cast.actors:
            if actor.kind in ("rock-mine", "ionic-mine", "separator"):
                actor.quota_mg = self.fair_share(actor) if not actor.planted else SMALL_QUOTA_T * TONNE
                for year in self.years():
                    self.allot_one(chronicle, actor, year, actor.quota_mg, filed_us)

    def years(self) -> range:
        """The calendar years that are simulated."""
        return range(int(self.first_month[:4]), int(END[:4]) + 1)

    def fair_share(self, actor: Actor) -> float:
        """An allotment as a holder of its kind has it, scaled to the size of the country."""
        kind = {"rock-mine": "rock", "ionic-mine": "ionic"}.get(actor.kind, "separation")
        honest = [each for each in self.cast.by_kind[actor.kind] if not each.planted]
        return QUOTA_2024_T[kind] * self.scale / len(honest) * TONNE

    def allot_one(
        self, chronicle: Chronicle, actor: Actor, year: int, mass_mg: float, filed_us: int, **more: Any
    ) -> None:
        """One allotment."""
        activity = "separation" if "separator" in actor.roles else "mining"
        ore_class = {"rock-mine": "rock", "ionic-mine": "ionic"}.get(actor.kind, "any")
        chronicle.act(
            self.cast.one("authority"),
            "allot-quota",
            {
                "party": actor.party,
                "year": year,
                "activity": activity,
                "ore_class": ore_class,
                "mass_mg": round(mass_mg / TONNE) * TONNE or TONNE,
            },
            filed_us,
            **more,
        )

    def top_up(self, chronicle: Chronicle, month: str) -> None:
        """Allotments come in batches: who has used most of his gets a further one."""
        year = month[:4]
        for actor in self.cast.actors:
            activity = "separation" if "separator" in actor.roles else "mining"
            used = actor.used_mg.get(activity + year, 0.0)
            if actor.quota_mg and not actor.planted and used > 0.7 * actor.quota_mg:
                actor.quota_mg = used / 0.5
                self.allot_one(chronicle, actor, int(year), actor.quota_mg, chronicle.now_us)

    def _enroller(self, world: World) -> Callable[[Actor, int], None]:
        def enrol(actor: Actor, from_us: int) -> None:
            signer = new_key(self.seed, actor.name, len(actor.keys))
            world.chronicle.act(
                actor,
                "enrol-key",
                {"party": actor.party, **enrolment(signer, ORIGIN, actor.party)},
                world.now_us,
            )
            actor.keys.append((from_us, signer))

        return enrol


_DESCRIBED: Final = frozenset(SiteDescriptionSchema().fields)
__all__ = ["Nation", "Simulated", "month_of", "simulate"]
