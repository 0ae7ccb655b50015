"""What flows are computed from, read in bulk: lean rows of lots, pools, journal lines and edges, and cells.

Decides: how much is in memory at once. Rows are small and kept; cells are long, so of each text only the
element asked for is read, and what was decoded is let go once ``_MOST_CELLS`` of it are at hand. Computes no
flow.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection, text

from ledger.books.births import REVALUED
from ledger.errors import LogInconsistent
from ledger.records.books import Key, Record
from ledger.records.cells import decode_by_element, decode_by_origin
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
)
from ledger.statements.acts.adjust import POSITION
from ledger.store.books_source import StoreSource
from ledger.store.engine import is_sqlite

Place = tuple[int, int]
"""An event: its entry's index and its position in it."""
Exact: TypeAlias = Fraction | int
"""An exact mass; most are whole, with which Python counts many times faster."""
PoolAt = tuple[str, int]
"""A pool at one of its versions."""
ENDS: Final = ("exported", "released", "lost", "difference")
_MOST_CELLS: Final = 400_000
_V = TypeVar("_V", bound=Mapping[Any, int])
_WAY: Final = {
    # CROSS JOIN holds SQLite to this order, in which each node finds its edges by the index.
    "sqlite": text(
        "WITH RECURSIVE way (node) AS (SELECT value FROM json_each(:nodes) UNION SELECT e.parent FROM way w "
        "CROSS JOIN edges e ON e.child = w.node) SELECT node FROM way LIMIT :most"
    ),
    "postgresql": text(
        "WITH RECURSIVE way (node) AS (SELECT unnest(CAST(:nodes AS bigint[])) UNION SELECT e.parent "
        "FROM way w JOIN edges e ON e.child = w.node) SELECT node FROM way LIMIT :most"
    ),
}
_VERSIONS: Final = text(
    "SELECT pool, version, node, entry_index, position, change FROM pool_versions "
    "WHERE pool = :pool AND version BETWEEN :first AND :last ORDER BY version"
)


class FlowLot(NamedTuple):
    """A lot, without what it contains."""

    lot: str
    node: int
    entry_index: int
    position: int
    producer: str
    site: str
    birth: str
    stage: str
    mass_mg: int
    tainted_by: int | None

    @property
    def place(self) -> Place:
        """The event that it was born in."""
        return self.entry_index, self.position


class FlowVersion(NamedTuple):
    """A pool's version, without what it contains."""

    pool: str
    version: int
    node: int
    entry_index: int
    position: int
    change: str

    @property
    def place(self) -> Place:
        """The event that made it."""
        return self.entry_index, self.position


class FlowPool(NamedTuple):
    """A pool as it is now, without what it contains."""

    pool: str
    custodian: str
    site: str
    version: int
    tainted_by: int | None


class Line(NamedTuple):
    """A line of the journal."""

    entry_index: int
    position: int
    line: int
    account: str
    lot: str
    custodian: str
    mass_mg: int
    contained: str
    reference: str


class Held(NamedTuple):
    """A share of a lot that somebody has."""

    lot: str
    owner: str
    custodian: str
    site: str
    mass_mg: int


class Facts:
    """The facts of one question, each read once.

    Attributes:
        element: Symbol of what is asked for; None: all REO.
        lots, nodes: Lots by id and by number in the graph; None for what does not exist.
        pools: By id. ``versions``: by pool and number. ``version_nodes``: by number in the graph.
        lines: An event's own lines: not those that undid another, or were made up for a change.
        parents, children: What leads to a node and from it by edges that stand, rising; by its number.
        held, ended: By lot: who has it, and its lines on accounts where goods end or travel.
    """

    def __init__(self, connection: Connection, element: str | None) -> None:
        self.element = element
        self.lots: dict[str, FlowLot | None] = {}
        self.nodes: dict[int, FlowLot | None] = {}
        self.pools: dict[str, FlowPool] = {}
        self.versions: dict[PoolAt, FlowVersion] = {}
        self.version_nodes: dict[int, FlowVersion | None] = {}
        self.lines: dict[Place, list[Line]] = {}
        self.parents: dict[int, list[int]] = {}
        self.children: dict[int, list[int]] = {}
        self.held: dict[str, list[Held]] = {}
        self.ended: dict[str, list[Line]] = {}
        self._connection = connection
        self._source = StoreSource(connection)
        self._origins: dict[Key, dict[tuple[str, str], int]] = {}
        self._elements: dict[Key, dict[str, int]] = {}

    def read_lots(self, names: Iterable[str]) -> None:
        """Reads lots by their ids."""
        wanted = sorted({name for name in names if name not in self.lots})
        self.lots.update(dict.fromkeys(wanted))
        self._keep_lots(("lot",), wanted)

    def read_nodes(self, numbers: Iterable[int]) -> None:
        """Reads the lots and pool versions that have these numbers in the graph."""
        wanted = sorted({number for number in numbers if number not in self.nodes})
        self.nodes.update(dict.fromkeys(wanted))
        self._keep_lots(("node",), wanted)
        left = [number for number in wanted if self.nodes[number] is None]
        self.version_nodes.update(dict.fromkeys(left))
        rows = self._rows(PoolVersionRecord, FlowVersion._fields, ("node",), [(number,) for number in left])
        for row in rows:
            self._keep_version(FlowVersion(*row))

    def read_way(self, numbers: Collection[int], most: int) -> None:
        """Reads the lots and pool versions upstream of some nodes, nearest first and so many at most.

        Edges that were undone are followed as well, for a flow may lead through what a correction took back.
        """
        nodes = sorted(numbers)
        asked = {"nodes": json.dumps(nodes) if is_sqlite(self._connection) else nodes, "most": most}
        self.read_nodes(self._connection.execute(_WAY[self._connection.dialect.name], asked).scalars())
        self.read_pools(pool for pool, _ in self.versions)

    def read_versions(self, pool: str, first: int, last: int) -> None:
        """Reads a span of a pool's versions, and the pool."""
        if all((pool, number) in self.versions for number in range(first, last + 1)):
            self.read_pools([pool])
            return
        asked = {"pool": pool, "first": first, "last": last}
        for row in self._connection.execute(_VERSIONS, asked):
            self._keep_version(FlowVersion(*row))
        self.read_pools([pool])

    def read_pools(self, names: Iterable[str]) -> None:
        """Reads pools by their ids."""
        wanted = sorted({name for name in names if name not in self.pools})
        rows = self._rows(PoolRecord, FlowPool._fields, ("pool",), [(name,) for name in wanted])
        self.pools.update((row[0], FlowPool(*row)) for row in rows)

    def read_lines(self, places: Iterable[Place]) -> None:
        """Reads the own lines of events."""
        wanted = sorted({place for place in places if place not in self.lines})
        entries = sorted({(index,) for index, _ in wanted})
        columns = ("entry_index", "position", "first_line")
        rows = self._rows(EventRecord, columns, ("entry_index",), entries)
        first = {(row[0], row[1]): row[2] for row in sorted(rows, reverse=True)}
        self.lines.update({place: [] for place in wanted})
        for row in self._rows(PostingRecord, Line._fields, ("entry_index", "position"), wanted):
            line = Line(*row)
            place = (line.entry_index, line.position)
            if line.line >= first.get(place, 0) and not line.reference.startswith(REVALUED):
                self.lines[place].append(line)
        for place in wanted:
            self.lines[place].sort()

    def read_parents(self, numbers: Iterable[int]) -> None:
        """Reads what nodes were made from."""
        self._read_edges(self.parents, "child", "parent", numbers)

    def read_children(self, numbers: Iterable[int]) -> None:
        """Reads what was made from nodes."""
        self._read_edges(self.children, "parent", "child", numbers)

    def read_ends(self, lots: Iterable[str]) -> None:
        """Reads who has lots, and where they ended or travel."""
        wanted = sorted({lot for lot in lots if lot not in self.held})
        keys = [(lot,) for lot in wanted]
        self.held.update({lot: [] for lot in wanted})
        for row in sorted(self._rows(HoldingRecord, Held._fields, ("lot",), keys)):
            self.held[row[0]].append(Held(*row))
        self.ended.update({lot: [] for lot in wanted})
        for row in sorted(self._rows(PostingRecord, Line._fields, ("lot",), keys)):
            line = Line(*row)
            if line.account == "holding" and line.position == POSITION:  # an adjustment: no movement took it
                line = line._replace(account="difference", mass_mg=-line.mass_mg)
            if line.account in ENDS or line.account == "transit":
                self.ended[line.lot].append(line)

    def need_origins(self, lots: Iterable[str], versions: Iterable[PoolAt] = ()) -> None:
        """Reads what lots and pool versions contain by element and origin, for ``origins_of``."""
        self._need(self._origins, decode_by_origin, lots, versions)

    def need_elements(self, lots: Iterable[str], versions: Iterable[PoolAt] = ()) -> None:
        """Reads what lots and pool versions contain by element, for ``elements_of``."""
        self._need(self._elements, decode_by_element, lots, versions)

    def origins_of(self, *key: Any) -> Mapping[tuple[str, str], int]:
        """Mg by element and origin of a lot (its id) or a pool (its id and version) that was needed last."""
        return self._origins[key]

    def elements_of(self, *key: Any) -> Mapping[str, int]:
        """Mg by element, as ``origins_of``."""
        return self._elements[key]

    def stated(self, lines: Iterable[Line], account: str) -> dict[str, Exact]:
        """What lines of an account state, in mg by element."""
        sums: dict[str, Exact] = {}
        for line in lines:
            if line.account == account:
                for symbol, mass in self.contained(line).items():
                    sums[symbol] = sums[symbol] + mass if symbol in sums else mass
        return sums

    def contained(self, line: Line) -> dict[str, Exact]:
        """What a line states, in mg by element."""
        if line.contained == "{}":
            return {}
        masses = json.loads(line.contained)
        wanted = masses if self.element is None else {self.element} & masses.keys()
        return {symbol: _exact(masses[symbol]) for symbol in wanted}

    def _need(
        self, known: dict[Key, _V], decode: Any, lots: Iterable[str], versions: Iterable[PoolAt]
    ) -> None:
        keys: list[Key] = [*((lot,) for lot in lots), *versions]
        wanted = sorted({key for key in keys if key not in known})
        if wanted and sum(map(len, known.values())) > _MOST_CELLS:
            kept = {key: known[key] for key in keys if key in known}
            known.clear()
            known.update(kept)
        for kind in (LotRecord, PoolVersionRecord):
            own = [key for key in wanted if len(key) == len(kind.KEY)]
            for row in self._rows(kind, (*kind.KEY, "cells"), kind.KEY, own):
                try:
                    known[tuple(row[:-1])] = decode(row[-1], self.element)
                except ValueError as error:
                    raise LogInconsistent("a table of the books holds text that no record has") from error

    def _keep_lots(self, by: tuple[str, ...], values: Iterable[Any]) -> None:
        for row in self._rows(LotRecord, FlowLot._fields, by, [(value,) for value in values]):
            lot = FlowLot(*row)
            self.lots[lot.lot] = self.nodes[lot.node] = lot

    def _keep_version(self, version: FlowVersion) -> None:
        self.versions[version.pool, version.version] = version
        self.version_nodes[version.node] = version

    def _read_edges(self, into: dict[int, list[int]], near: str, far: str, numbers: Iterable[int]) -> None:
        wanted = sorted({number for number in numbers if number not in into})
        into.update({number: [] for number in wanted})
        columns = (near, far, "voided_at")
        for row in sorted(self._rows(EdgeRecord, columns, (near,), [(number,) for number in wanted])):
            if row[2] is None:
                into[row[0]].append(row[1])

    def _rows(
        self, kind: type[Record], columns: Sequence[str], by: tuple[str, ...], values: Sequence[Key]
    ) -> Iterable[Any]:
        return self._source.rows(kind, tuple(columns), by, values) if values else ()


def gained(
    facts: Facts, lines: Sequence[Line], went_in: Mapping[str, Exact]
) -> tuple[dict[str, int], dict[str, Fraction]]:
    """By element: what came out beyond what went in, and how much of what went in came out.

    As ``transformations.attribute`` counts: a milligram that is begun counts as whole.
    """
    difference, lost = facts.stated(lines, "difference"), facts.stated(lines, "lost")
    gains: dict[str, int] = {}
    explained: dict[str, Fraction] = {}
    for symbol in {*difference, *went_in}:
        over, whole = difference.get(symbol, 0), went_in.get(symbol, 0)
        gain = max(0, -over.numerator // over.denominator)
        if gain:
            gains[symbol] = gain
            came_out = Fraction(whole - lost.get(symbol, 0) - over - gain)
            explained[symbol] = came_out / whole if whole else Fraction(0)
    return gains, explained


def _exact(number: str) -> Exact:
    """A mass as lines state it; reading it as any rational would take four times as long."""
    numerator, _, denominator = number.partition("/")
    return Fraction(int(numerator), int(denominator)) if denominator else int(numerator)
