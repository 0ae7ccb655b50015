"""Of a pool that somebody else runs a part-owner is told what its own part contains, and no more."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from ledger.errors import RoleForbidden
from ledger.provenance.answers import contents, describe, trace
from ledger.provenance.flow_view import show_flows
from ledger.provenance.subjects import Viewer, books_of, find_pool
from ledger.store.books_source import write_records
from ledger.store.books_tables import BOOKS
from tests.support.books import KG, MINER, REFINER
from tests.support.yard import TRADER, Yard

POOL = "urn:pool"
OWN, OTHERS = "urn:lot:own", "urn:lot:others"


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A refiner's pool holds 3 kg of its own and 1 kg that is still the miner's."""
    yard = Yard()
    yard.extract(OTHERS, 3 * KG, by=REFINER)
    yard.extract(OWN, KG)
    yard.do("feed", {OTHERS: 3 * KG}, REFINER, pool=POOL, process="separation")
    sent = yard.do("ship", {OWN: KG}, custodian_to=REFINER, owner_to=MINER)
    yard.receive({OWN: KG}, sent)
    yard.do("feed", {OWN: KG}, REFINER, pool=POOL, process="separation", owner_from=MINER)
    owners = yard.pool(POOL).owners
    assert owners[REFINER] == 3 * owners[MINER]
    with engine.begin() as opened:
        write_records(opened, [record for kind in BOOKS for record in yard.books.records(kind)])
        yield opened


def mass(connection: Connection, viewer: Viewer) -> dict[str, int]:
    """What is told of the pool's contents, in mg, by each of the three answers."""
    subject = find_pool(books_of(connection), POOL)
    described = describe(connection, subject, viewer)
    traced = trace(connection, subject, viewer)
    flow = show_flows(connection, subject, viewer, direction="upstream", element=None, by="lot")
    (root,) = (node.mass_mg for node in flow.nodes if node.label == POOL)
    assert sum(share.mass_mg for share in traced.origins) == sum(contents(traced.subject).values())
    return {
        "described": sum(contents(described.subject).values()),
        "origins": sum(share.mass_mg for share in described.origins),
        "traced": sum(contents(traced.subject).values()),
        "flow": root,
    }


def test_a_part_owner_is_told_its_part(connection: Connection) -> None:
    told, whole = mass(connection, Viewer(MINER, False)), mass(connection, Viewer(REFINER, False))
    assert len({*told.values()}) == len({*whole.values()}) == 1
    assert whole["described"] == 4 * told["described"] > 0
    assert mass(connection, Viewer("https://authority.example/", True)) == whole


def test_its_shares_are_those_of_the_mixture(connection: Connection) -> None:
    subject = find_pool(books_of(connection), POOL)
    shares = [
        sorted(float(share.share) for share in describe(connection, subject, Viewer(party, False)).origins)
        for party in (MINER, REFINER)
    ]
    assert shares[0] == shares[1] == [0.25, 0.75]


def test_who_owns_nothing_in_it_is_told_nothing(connection: Connection) -> None:
    with pytest.raises(RoleForbidden):
        describe(connection, find_pool(books_of(connection), POOL), Viewer(TRADER, False))
    with pytest.raises(RoleForbidden):
        trace(connection, find_pool(books_of(connection), POOL), Viewer(TRADER, False))


def test_what_it_did_not_own_then_it_is_not_told(connection: Connection) -> None:
    before = find_pool(books_of(connection), POOL, 2)
    assert sum(before.cells.values())
    assert describe(connection, before, Viewer(MINER, False)).subject.cells == {}
