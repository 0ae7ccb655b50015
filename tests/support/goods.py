"""The demonstration's goods on a ledger under test: two mines, a plant, a magnet maker, a motor works."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from api.demo.cast import COMPANIES, Member, company
from api.demo.story import Scene
from api.demo.story import Story as Goods
from ledger.movements.writing import dump_document
from ledger.statements.keys import FileSigner, generate_key
from tests.support.cast import Actor, Cast
from tests.support.web import Site, open_site


def members() -> dict[str, Member]:
    """The demonstration's companies, each with a new key."""
    return {
        name: company(name, legal_name, country, roles, prefix, FileSigner(generate_key("Ed25519")))
        for name, legal_name, country, roles, prefix in COMPANIES
    }


@dataclass
class GoodsCast(Cast):
    """The usual officials, and the demonstration's companies in place of the usual parties."""

    members: dict[str, Member] = field(default_factory=members)

    def __post_init__(self) -> None:
        self.goods = Goods(self.members, datetime.now(UTC))
        self.companies = {name: Actor(m.party, m.roles, m.signer) for name, m in self.members.items()}
        self.mine = self.companies["mine"]
        self.more = [each for name, each in self.companies.items() if name != "mine"]

    def party(self, member: Actor) -> dict[str, Any]:
        described = {each.party: each.admission() for each in self.members.values()}
        known = described.get(member.party) or super().party(member)
        return {**known, "listing": {"start": self.goods.admission_start()}}

    def statement(self, scene: Scene) -> bytes:
        """A scene, signed by who acts in it."""
        return self.sign(dump_document(scene.document), self.companies[scene.actor.name])


@dataclass
class Told:
    """A site on which the story was told.

    Attributes:
        scenes: What was recorded, with the answer of each.
    """

    site: Site
    cast: GoodsCast
    scenes: list[tuple[Scene, dict[str, Any]]]

    def company(self, name: str) -> Actor:
        return self.cast.companies[name]

    def lot(self, title: str) -> str:
        """The first lot that the scene with this word in its title bears."""
        document = next(scene.document for scene, _ in self.scenes if title in scene.title)
        (event,) = document["epcisBody"]["eventList"]
        return str(next(iter(event["ilmd"]["ree:lots"] if "ilmd" in event else event["ree:lots"])))


@contextmanager
def tell_goods(engine: Engine, folder: Path) -> Iterator[Told]:
    """Tells the demonstration's story of goods, without its attempts to smuggle."""
    cast = GoodsCast()
    with open_site(cast, engine, folder) as site:
        for _, act in cast.goods.sites():
            site.registered(cast.act(act))
        for _, act in cast.goods.official_acts():
            site.registered(cast.act(act))
        scenes = [(scene, site.registered(cast.statement(scene))) for scene in cast.goods.scenes()]
        yield Told(site, cast, scenes)
