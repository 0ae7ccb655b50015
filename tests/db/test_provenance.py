"""Walks over the graph on both engines, against a plain reference: what is found, and in which order."""

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Connection, Engine

from ledger.errors import ResourceNotFound
from ledger.provenance import answers, graph
from ledger.provenance.alerts_on_way import open_alerts
from ledger.provenance.answers import pools_reached, trace
from ledger.provenance.graph import walk
from ledger.provenance.subjects import Viewer, books_of, find_lot, find_pool, whole_way
from ledger.provenance.way import Direction, Graph, within
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord, PoolVersionRecord
from ledger.records.oversight import AlertRecord
from ledger.records.steps import Node
from ledger.store.books_source import NODE_SHIFT, write_records
from tests.support.books import version_of

LOTS, POOLS = 60, 12
REGULATOR = Viewer("https://authority.example/", True)


def lot(place: int) -> LotRecord:
    return LotRecord(
        lot=f"urn:lot:{place:03d}",
        node=place << NODE_SHIFT,
        entry_index=place,
        position=0,
        producer=f"urn:party:{place % 3}",
        site="urn:site:1",
        event_time_us=place * 1_000,
        birth="process",
        product="prnd-oxide",
        stage=("concentrate", "separated_compound")[place % 2],
        mass_mg=place + 1,
        cells={("Nd", "urn:mine:1", "domestic"): place + 1},
        tainted_by=7 if place % 10 == 0 else None,
    )


def pool_version(place: int) -> PoolVersionRecord:
    return PoolVersionRecord(
        pool="urn:pool:1",
        version=place,
        node=place << NODE_SHIFT,
        entry_index=place,
        position=1,
        event_time_us=place * 1_000,
        change="feed",
        cells={("Nd", "urn:mine:1", "domestic"): 1},
        owners={"urn:party:0": 1},
        blocked={},
    )


POOL = PoolRecord("urn:pool:1", "urn:site:2", "urn:party:0", LOTS + POOLS - 1, 0, {}, {}, {}, 0, 0)


@dataclass
class Plain:
    """The graph as dictionaries, walked breadth first, one edge after another."""

    nodes: dict[int, tuple[str, int]]
    edges: list[EdgeRecord]

    def walk(
        self, starts: list[int], direction: Direction, depth: int | None, since: int | None, until: int | None
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(number, depth) of each node in order, and the edges in order."""
        onward: dict[int, list[int]] = {}
        for edge in self.edges:
            if edge.voided_at is None:
                near, far = (
                    (edge.child, edge.parent) if direction == "upstream" else (edge.parent, edge.child)
                )
                onward.setdefault(near, []).append(far)
        first, last = (since, None) if direction == "upstream" else (None, until)
        whole = self._depths(starts, onward, depth, set(self.nodes))
        left = whole.keys() & self._of_period(starts, first, last)
        shown = self._of_period(starts, since, until)
        depths = self._depths(starts, onward, depth, left)
        depths = {number: steps for number, steps in depths.items() if number in shown}
        order = sorted(depths.items(), key=lambda item: (item[1], item[0]))
        edges = [
            (number, far)
            for number, steps in order
            for far in sorted(onward.get(number, ()))
            if far in depths and (depth is None or whole[number] < depth)
        ]
        return order, edges if direction == "upstream" else [(far, near) for near, far in edges]

    def _of_period(self, starts: list[int], since: int | None, until: int | None) -> set[int]:
        return {
            number
            for number, (_, time_us) in self.nodes.items()
            if number in starts
            or ((since is None or time_us >= since) and (until is None or time_us < until))
        }

    @staticmethod
    def _depths(
        starts: list[int], onward: dict[int, list[int]], most: int | None, within: set[int]
    ) -> dict[int, int]:
        depths = {start: 0 for start in starts if start in within}
        queue = deque(depths)
        while queue:
            near = queue.popleft()
            if most is not None and depths[near] == most:
                continue
            for far in onward.get(near, ()):
                if far in within and far not in depths:
                    depths[far] = depths[near] + 1
                    queue.append(far)
        return depths


def made(seed: int) -> tuple[Plain, list[Record]]:
    """Lots and pool versions, each made from some of those before it; some of the edges were undone.

    Of every other lot its own record tells what it was made of.
    """
    chance = random.Random(seed)
    records: list[Record] = [POOL]
    nodes: dict[int, tuple[str, int]] = {}
    edges: list[EdgeRecord] = []
    for place in range(LOTS + POOLS):
        one: LotRecord | PoolVersionRecord = lot(place) if place % 6 else pool_version(place)
        nodes[one.node] = ("lot" if isinstance(one, LotRecord) else "pool", one.event_time_us)
        made_of = []
        for parent in chance.sample(range(place), min(place, chance.randrange(1, 4))):
            voided = place if chance.random() < 0.1 else None
            edges.append(EdgeRecord(one.node, parent << NODE_SHIFT, place, voided))
            if voided is None:
                made_of.append(parent << NODE_SHIFT)
        if isinstance(one, LotRecord) and place % 2:
            one = replace(one, made_of=tuple(sorted(made_of)))
        records.append(one)
    return Plain(nodes, edges), [*records, *edges]


@pytest.fixture(params=[1, 2, 3])
def drawn(request: pytest.FixtureRequest, engine: Engine) -> Iterator[tuple[Connection, Plain]]:
    plain, records = made(request.param)
    with engine.connect() as connection:
        with connection.begin():
            write_records(connection, records)
        with connection.begin():
            yield connection, plain


def told(found: Graph) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(number, depth) of each node in order, and the edges in order; both are dumped as they are."""
    order = [(number, found.depths[number]) for number in found.nodes]
    steps = json.loads(b"".join(found.dump_steps()))
    assert [(step["node"], step["depth"]) for step in steps] == order
    assert [Node(*list(step.values())[1:]) for step in steps] == list(found.nodes.values())
    assert json.loads(found.dump_edges()) == [[*edge] for edge in found.edges]
    assert (found.size, list(found.texts)) == (len(order), list(found.told.values()))
    return order, found.edges


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("depth", [None, 1, 3])
@pytest.mark.parametrize("period", [(None, None), (20_000, None), (None, 50_000), (15_000, 60_000)])
def test_a_walk_finds_what_a_plain_walk_finds_in_the_same_order(
    drawn: tuple[Connection, Plain],
    direction: Direction,
    depth: int | None,
    period: tuple[int | None, int | None],
) -> None:
    connection, plain = drawn
    for starts in ([LOTS + POOLS - 1], [40], [0], [35, 50, 51]):
        numbers = [start << NODE_SHIFT for start in starts]
        found = walk(connection, numbers, direction, depth=depth, since_us=period[0], until_us=period[1])
        found = within(found, *period)
        assert told(found) == plain.walk(numbers, direction, depth, *period)
        assert not found.truncated
        assert [node.kind for node in found.nodes.values()] == [plain.nodes[n][0] for n in found.nodes]


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("most", [100_000, 20])
def test_a_wide_step_is_asked_for_in_parts(
    drawn: tuple[Connection, Plain], direction: Direction, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, _ = drawn
    starts = [place << NODE_SHIFT for place in range(20, 50)]
    whole = walk(connection, starts, direction, depth=9, most=most)
    monkeypatch.setattr(graph, "_CHUNK", 7)
    assert walk(connection, starts, direction, depth=9, most=most) == whole
    assert whole.truncated == (most == 20)


@pytest.mark.parametrize("depth", [None, 50])
def test_upstream_a_lot_is_believed_and_its_edges_are_not_looked_for(
    drawn: tuple[Connection, Plain], depth: int | None
) -> None:
    connection, _ = drawn
    told = replace(lot(1), lot="urn:lot:told", node=900 << NODE_SHIFT, made_of=(1 << NODE_SHIFT,))
    untold = replace(told, lot="urn:lot:untold", node=901 << NODE_SHIFT, made_of=None)
    write_records(connection, [told, untold])
    found = walk(connection, [told.node], "upstream", depth=depth)
    assert (told.node, 1 << NODE_SHIFT) in found.edges
    assert walk(connection, [untold.node], "upstream", depth=depth).edges == []


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("depth", [None, 3])
def test_a_walk_as_of_an_entry_takes_the_edges_that_stood_then(
    drawn: tuple[Connection, Plain], direction: Direction, depth: int | None
) -> None:
    connection, plain = drawn
    late = [replace(edge, voided_at=edge.voided_at and 65) for edge in plain.edges]
    write_records(connection, late)
    for at in (0, 30, 64, 65, 200):
        stood = [
            replace(edge, voided_at=None)
            for edge in late
            if edge.entry_index <= at and (edge.voided_at is None or edge.voided_at > at)
        ]
        numbers = [(60 if direction == "upstream" else 1) << NODE_SHIFT]
        expected = Plain(plain.nodes, stood).walk(numbers, direction, depth, None, None)
        assert told(walk(connection, numbers, direction, depth=depth, at=at)) == expected


def corrected() -> list[Record]:
    """Entry 9 corrected of what lot 5 was made, and its mass; lot 6 was made of lot 7 before its birth."""
    nd = ("Nd", "urn:mine:1", "domestic")
    awaited = ("Nd", "awaited:urn:lot:007", "domestic")
    return [
        lot(1),
        lot(2),
        replace(lot(5), entry_index=9, mass_mg=50, cells={("Nd", "urn:mine:2", "domestic"): 50}),
        version_of(replace(lot(5), cells={nd: 6}), 9, (1 << NODE_SHIFT,)),
        EdgeRecord(5 << NODE_SHIFT, 1 << NODE_SHIFT, 5, 9),
        EdgeRecord(5 << NODE_SHIFT, 2 << NODE_SHIFT, 9, None),
        replace(lot(6), cells={awaited: 8}),
        replace(lot(7), entry_index=8, cells={nd: 3}),
        version_of(replace(lot(7), entry_index=6, birth="awaited", mass_mg=3, cells={awaited: 3}), 8),
        EdgeRecord(6 << NODE_SHIFT, 7 << NODE_SHIFT, 6),
        *(replace(pool_version(each), version=each // 10) for each in (0, 10, 20)),
        replace(POOL, version=2),
    ]


@pytest.mark.parametrize(
    ("at", "made_of", "mass_mg", "origin", "corrected_at", "index"),
    [
        (5, "urn:lot:001", 6, "urn:mine:1", None, 5),
        (8, "urn:lot:001", 6, "urn:mine:1", None, 5),
        (9, "urn:lot:002", 50, "urn:mine:2", 9, 9),
        (None, "urn:lot:002", 50, "urn:mine:2", 9, 9),
    ],
)
def test_a_corrected_lot_is_told_as_recorded_and_as_corrected(
    engine: Engine,
    at: int | None,
    made_of: str,
    mass_mg: int,
    origin: str,
    corrected_at: int | None,
    index: int,
) -> None:
    with engine.begin() as connection:
        write_records(connection, corrected())
        subject = find_lot(books_of(connection), "urn:lot:005", at)
        assert (subject.at, subject.corrected_at, subject.lots) == (
            at,
            corrected_at,
            {"urn:lot:005": mass_mg},
        )
        found = trace(connection, subject, REGULATOR)
        assert [node.name for node in found.nodes] == ["urn:lot:005", made_of]
        assert (found.nodes[0].entry_index, found.nodes[0].mass_mg) == (index, mass_mg)
        assert [share.origin for share in found.origins] == [origin]
        with pytest.raises(ResourceNotFound):
            find_lot(books_of(connection), "urn:lot:005", 4)


def test_an_awaited_lot_is_resolved_as_it_was_known_then(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, corrected())
        for at, origin, birth in (
            (7, "awaited:urn:lot:007", "awaited"),
            (8, "urn:mine:1", "process"),
            (None, "urn:mine:1", "process"),
        ):
            found = trace(connection, find_lot(books_of(connection), "urn:lot:006", at), REGULATOR)
            assert [share.origin for share in found.origins] == [origin]
            assert [node.change for node in found.nodes] == ["process", birth]
        late = find_lot(books_of(connection), "urn:lot:007")
        assert late.corrected_at is None, "a birth that came is no correction"


def test_a_lot_whose_birth_was_taken_back_says_at_which_entry(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, [replace(lot(1), voided_at=4, tainted_by=3)])
        books = books_of(connection)
        assert [find_lot(books, "urn:lot:001", at).corrected_at for at in (1, 3, 4, None)] == [
            None,
            None,
            4,
            4,
        ]
        tainted = [trace(connection, find_lot(books, "urn:lot:001", at), REGULATOR).tainted for at in (2, 3)]
        assert tainted == [[], ["urn:lot:001"]]


def test_a_pool_has_the_version_that_it_had_then(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, corrected())
        books = books_of(connection)
        found = {at: find_pool(books, POOL.pool, at).nodes[0] >> NODE_SHIFT for at in (0, 9, 10, 19, 20, 99)}
        assert found == {0: 0, 9: 0, 10: 10, 19: 10, 20: 20, 99: 20}
        assert find_pool(books, POOL.pool).nodes == (20 << NODE_SHIFT,)


def with_a_pool(tainted_by: int | None = None, left: int = 5) -> list[Record]:
    """Lot 1 went into a pool, lot 15 was drawn of its first version; a close made its second."""
    cells = {("Nd", "urn:mine:1", "domestic"): left} if left else {}
    return [
        lot(1),
        lot(15),
        *(replace(pool_version(place), version=place // 10) for place in (10, 20)),
        replace(POOL, version=2, node=20 << NODE_SHIFT, cells=cells, tainted_by=tainted_by),
        *(
            EdgeRecord(child << NODE_SHIFT, parent << NODE_SHIFT, child)
            for child, parent in ((10, 1), (15, 10), (20, 10))
        ),
    ]


def test_downstream_of_a_pool_is_what_was_drawn_of_any_of_its_versions(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, with_a_pool())
        books = books_of(connection)
        newest = find_pool(books, POOL.pool)
        found = trace(connection, newest, REGULATOR, direction="downstream", depth=1)
        assert "urn:lot:015" in {node.name for node in found.nodes}
        then = find_pool(books, POOL.pool, 19)
        assert whole_way(connection, then, "downstream").nodes == (10 << NODE_SHIFT,)
        assert whole_way(connection, newest, "upstream") == newest


def test_a_recall_names_the_pools_that_still_hold_some_of_it(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, with_a_pool())
        books = books_of(connection)
        found = trace(connection, find_lot(books, "urn:lot:001"), REGULATOR, direction="downstream")
        assert [pool.pool for pool in pools_reached(books, found)] == [POOL.pool]
        seen = Viewer(lot(1).producer, False)
        found = trace(connection, find_lot(books, "urn:lot:001"), seen, direction="downstream")
        assert pools_reached(books, found) == [], "another's pool is its custodian's secret"


def test_an_emptied_pool_holds_nothing_to_recall(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, with_a_pool(left=0))
        books = books_of(connection)
        found = trace(connection, find_lot(books, "urn:lot:001"), REGULATOR, direction="downstream")
        assert pools_reached(books, found) == []


def test_the_mark_of_a_pool_stands_on_its_newest_version(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, with_a_pool(tainted_by=21))
        books = books_of(connection)
        found = trace(connection, find_pool(books, POOL.pool), REGULATOR)
        assert [node.tainted_by for node in found.nodes] == [21, None, None]
        assert found.tainted == [POOL.pool]
        assert trace(connection, find_pool(books, POOL.pool, 20), REGULATOR).tainted == []


def test_a_step_is_told_as_it_was_recorded(drawn: tuple[Connection, Plain]) -> None:
    connection, _ = drawn
    found = walk(connection, [13 << NODE_SHIFT, 12 << NODE_SHIFT], "upstream", depth=1).nodes
    assert found[13 << NODE_SHIFT]._asdict() == {
        "node": 13 << NODE_SHIFT,
        "kind": "lot",
        "name": "urn:lot:013",
        "version": 0,
        "change": "process",
        "entry_index": 13,
        "position": 0,
        "event_time": "1970-01-01T00:00:00.013000Z",
        "product": "prnd-oxide",
        "stage": "separated_compound",
        "party": "urn:party:1",
        "site": "urn:site:1",
        "mass_mg": 14,
        "tainted_by": None,
    }
    assert found[12 << NODE_SHIFT]._asdict() == {
        "node": 12 << NODE_SHIFT,
        "kind": "pool",
        "name": "urn:pool:1",
        "version": 12,
        "change": "feed",
        "entry_index": 12,
        "position": 1,
        "event_time": "1970-01-01T00:00:00.012000Z",
        "product": "",
        "stage": "",
        "party": "urn:party:0",
        "site": "urn:site:2",
        "mass_mg": 0,
        "tainted_by": None,
    }
    assert walk(connection, [10**15], "upstream").nodes == {}


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("depth", [None, 50])
def test_a_limit_keeps_the_nearest_edges(
    drawn: tuple[Connection, Plain], direction: Direction, depth: int | None
) -> None:
    connection, _ = drawn
    start = [(LOTS + POOLS - 1 if direction == "upstream" else 1) << NODE_SHIFT]
    whole = walk(connection, start, direction, depth=depth)
    count = len(whole.edges)
    assert count > 20
    assert not walk(connection, start, direction, depth=depth, most=count).truncated
    for most in (1, count // 2, count - 1):
        part = walk(connection, start, direction, depth=depth, most=most)
        assert part.truncated
        assert part.edges == whole.edges[:most]
        ends = {end for edge in part.edges for end in edge}
        assert set(part.nodes) == ends | set(start)
        assert [n for n in whole.nodes if n in part.nodes] == sorted(
            part.nodes, key=lambda number: (part.depths[number], number)
        )


@pytest.mark.parametrize("others", [0, 5, 500])
def test_open_alerts_on_the_way_are_found_however_many_are_open(
    drawn: tuple[Connection, Plain], others: int
) -> None:
    connection, _ = drawn
    found = walk(connection, [13 << NODE_SHIFT, 12 << NODE_SHIFT], "upstream")
    *_, farthest = found.nodes.values()
    assert found.depths[farthest.node] > 1
    subjects = [
        "lot:urn:lot:013",
        "pool:urn:pool:1",
        "lot:urn:pool:1",
        "pool:urn:lot:013",
        "site:urn:lot:013",
        f"{farthest.kind}:{farthest.name}",
    ]
    subjects += [f"lot:urn:lot:{9_000 + number}" for number in range(others)]
    alerts = [
        AlertRecord(number, 0, "mass.loss", "", "", subject, -1, 0, "", "", {}, False)
        for number, subject in enumerate(subjects)
    ]
    closed = AlertRecord(9_999, 0, "mass.loss", "", "", "lot:urn:lot:013", 0, 0, "", "", {}, False, "closed")
    write_records(connection, [*alerts, closed])
    assert [alert.entry_index for alert in open_alerts(connection, found)] == [0, 1, 5]


def test_a_party_sees_its_own_steps_with_their_depths(drawn: tuple[Connection, Plain]) -> None:
    connection, plain = drawn
    place = next(p for p in range(LOTS + POOLS - 1, 0, -1) if p % 6)
    subject = find_lot(books_of(connection), f"urn:lot:{place:03d}")
    everything = trace(connection, subject, REGULATOR)
    order, edges = plain.walk([place << NODE_SHIFT], "upstream", None, None, None)
    assert list(everything.way.depths.items()) == order
    assert everything.way.edges == edges
    assert everything.hidden == {}
    party = f"urn:party:{place % 3}"
    own = trace(connection, subject, Viewer(party, False))
    assert own.nodes == [node for node in everything.nodes if node.party == party]
    numbers = {node.node for node in own.nodes}
    assert own.way.edges == [edge for edge in edges if set(edge) <= numbers]
    assert sum(own.hidden.values()) == len(order) - len(own.nodes)
    assert own.tainted == [name for name in everything.tainted if name in {n.name for n in own.nodes}]
    assert answers.contents(subject) == {"Nd": place + 1}
