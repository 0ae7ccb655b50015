"""How much a flow may be: many ways behind awaited lots, and many cells, end it as its limit does."""

from collections.abc import Collection

import pytest

from ledger.provenance import flows
from ledger.provenance.flow_facts import Facts
from ledger.provenance.flow_parts import MOST_AWAITED, Flows
from ledger.provenance.origins import resolve
from ledger.provenance.subjects import books_of, find_lot
from ledger.records.lots import PoolVersionRecord
from tests.properties.test_flows import check_balance, check_flows, stored
from tests.support.books import KG, MINER, REFINER, born
from tests.support.history import POOL
from tests.support.yard import Yard


def lot(layer: int, number: int) -> str:
    return f"urn:lot:{layer}:{number}"


def awaited(yard: Yard, layer: int, by: str) -> dict[str, int | None]:
    """Two lots of a layer come to a firm before their birth is recorded."""
    names = [lot(layer, number) for number in range(2)]
    for name in names:
        line = born(name, KG, {"Nd": 100_000})
        sender = MINER if by == REFINER else REFINER
        yard.do("receive", by=by, inputs=(line,), custodian_from=sender, shipment=f"urn:sent:{name}")
    return dict.fromkeys(names, KG)


def doubled(layers: int) -> Yard:
    """Two lots are made of two that are awaited, which are made of two that are, and so on."""
    yard = Yard()
    for layer in range(layers, 0, -1):
        by = MINER if layer % 2 else REFINER
        outputs = tuple(born(lot(layer, each), KG, {"Nd": 90_000 + 7 * each + layer}) for each in range(2))
        yard.do("process", awaited(yard, layer - 1, by), by, outputs=outputs)
    for number in range(2):
        yard.extract(lot(0, number))
    return yard


def pooled(layers: int) -> Yard:
    """The same, and each layer's origins are named in a pool before the next ones are born."""
    yard = Yard()
    yard.do("feed", awaited(yard, layers, REFINER), REFINER, pool=POOL, process="separation")
    for layer in range(layers, -1, -1):
        if layer:
            outputs = tuple(born(lot(layer, each), KG, {"Nd": 90_000 + each}) for each in range(2))
            yard.do("process", awaited(yard, layer - 1, MINER), outputs=outputs)
        else:
            yard.do("extract", by=REFINER, outputs=(born(lot(0, 0), KG, {"Nd": 100_000}),))
            yard.do("extract", by=REFINER, outputs=(born(lot(0, 1), KG, {"Nd": 100_000}),))
        yard.extract(f"urn:more:{layer}", by=REFINER)
        yard.do("feed", {f"urn:more:{layer}": KG}, REFINER, pool=POOL, process="separation")
    drawn = (born("urn:drawn", KG, {"Nd": 70_000}),)
    yard.do("draw", by=REFINER, pool=POOL, process="separation", outputs=drawn)
    return yard


def upstream(yard: Yard, name: str) -> Flows:
    with stored(yard.books) as connection:
        books = books_of(connection)
        subject = find_lot(books, name)
        found = flows.upstream(books, Facts(connection, "Nd"), subject)
        assert sum(found.origins.values()) == found.masses[found.subject] == sum(subject.cells.values())
        check_balance(found)
        return found


@pytest.mark.parametrize("history", [doubled, pooled])
def test_few_ways_behind_awaited_lots_are_all_followed(history: object) -> None:
    assert callable(history)
    yard = history(3)
    check_flows(yard.books)


def test_more_ways_than_are_followed_keep_their_awaited_origin() -> None:
    """Fifteen layers have 32,768 ways, and twice as many with each layer more."""
    yard = doubled(15)
    found = upstream(yard, lot(15, 0))
    assert found.truncated
    assert {origin for _, origin in found.origins} <= {
        "unexplained",
        *(f"awaited:{lot(14, n)}" for n in (0, 1)),
    }
    with stored(yard.books) as connection:
        books = books_of(connection)
        shares = resolve(find_lot(books, lot(15, 0)).cells, books)
    assert not any(origin.startswith("awaited:") for _, origin, _ in shares)


def test_more_origins_than_are_followed_through_a_pool_end_there(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = pooled(6)
    whole = upstream(yard, "urn:drawn")
    assert not whole.truncated
    monkeypatch.setattr("ledger.provenance.flow_parts.MOST_AWAITED", 20)
    assert upstream(yard, "urn:drawn").truncated
    assert MOST_AWAITED == 100_000


def test_a_flow_that_looks_at_too_much_ends_with_every_milligram(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard()
    for number in range(130):
        yard.extract(f"urn:lot:{number}", by=REFINER)
        yard.do("feed", {f"urn:lot:{number}": KG}, REFINER, pool=POOL, process="separation")
        if number % 30 == 20:
            drawn = (born(f"urn:drawn:{number}", KG, {"Nd": 100_000}),)
            yard.do("draw", by=REFINER, pool=POOL, process="separation", outputs=drawn)
    mixed = {f"urn:drawn:{number}": KG for number in range(20, 130, 30)}
    yard.do("process", mixed, REFINER, outputs=(born("urn:mixed", KG, {"Nd": 100_000}),))
    whole = upstream(yard, "urn:mixed")
    assert not whole.truncated
    monkeypatch.setattr(flows, "MOST_WORK", 100)
    ended = upstream(yard, "urn:mixed")
    assert ended.truncated
    assert len(ended.links) < len(whole.links) // 2


def test_what_is_looked_at_to_name_origins_anew_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[flows._Walk] = []
    run = flows._Walk.run

    def watched(walk: flows._Walk, nodes: Collection[int]) -> None:
        walks.append(walk)
        run(walk, nodes)

    monkeypatch.setattr(flows._Walk, "run", watched)
    yard = pooled(6)
    upstream(yard, "urn:drawn")
    assert "resolve" in {each.change for each in yard.books.records(PoolVersionRecord)}
    monkeypatch.setattr(flows, "MOST_WORK", walks[0].work)
    assert upstream(yard, "urn:drawn").truncated
