"""Provenance of lots with about 4,000 ancestors in a graph of a million: the whole way, and origins alone.

The lots of one chain lie all over the tables, as in a ledger in which many chains grow at once.
"""

import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection, Engine, update

from api.book_members import dump_provenance
from api.wsgi import COLLECT_AFTER
from benchmarks.load import Measured
from benchmarks.reporting import Report
from benchmarks.servers import database
from ledger.clock import format_time_us
from ledger.provenance.answers import contents, trace
from ledger.provenance.graph import walk
from ledger.provenance.origins import origin_shares
from ledger.provenance.subjects import Viewer, books_of, find_lot
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord, HoldingRecord, LotRecord
from ledger.records.oversight import AlertRecord
from ledger.records.steps import Node, tell
from ledger.store.books_source import NODE_SHIFT
from ledger.store.books_tables import BOOKS, RowOf
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.graph_copy import OPTION, GraphCopy
from ledger.store.locking import begin_read
from ledger.store.models import Base

HEAD = Base.metadata.tables["head"]
LAYERS, WIDTH, PARENTS = 22, 350, 2
MINES, FEW_MINES, PURE_LAYERS = 12, 2, 15
PARTIES = 97
LOTS_PER_ALERT = 1_000
ASKED = 200
FIRST_US = 1_760_000_000_000_000
REGULATOR = Viewer("https://authority.example/", True)
SERVER = {"shared_buffers": "1GB"}
"""A quarter of the memory of a small server, as PostgreSQL's manual advises; its default is 128 MB."""


class Interleaved:
    """Chains of lots that were recorded at the same time: layer after layer, each lot made of two before."""

    def __init__(self, lots: int, seed: int = 1) -> None:
        self.chains = max(1, lots // (LAYERS * WIDTH))
        self.layer = self.chains * WIDTH
        self.lots = self.layer * LAYERS
        self._seed = seed

    def name(self, place: int) -> str:
        """The id of the lot at this place in the log."""
        return f"https://party{place % PARTIES}.example/lots/{place}"

    def tops(self, count: int, seed: int = 2) -> list[str]:
        """Lots that nothing was made of."""
        chance = random.Random(self._seed + seed)
        return [self.name(self.lots - 1 - chance.randrange(self.layer)) for _ in range(count)]

    def tables(self) -> Mapping[type[Record], Iterator[RowOf]]:
        """The rows of each table, in the order of its columns."""
        return {
            LotRecord: self._lots(),
            EdgeRecord: self._edges(),
            HoldingRecord: self._holdings(),
            AlertRecord: self._alerts(),
        }

    def _lots(self) -> Iterator[RowOf]:
        chance = random.Random(self._seed)
        patterns = []
        for mines in (FEW_MINES, MINES):
            cells = {
                (element, f"https://mine{mine}.example/site", "domestic"): chance.randrange(1, 10**9)
                for mine in range(mines)
                for element in ("La", "Ce", "Pr", "Nd", "Dy")
            }
            patterns.append(
                _pattern(
                    LotRecord(
                        "", 0, 0, 0, "", "", 0, "process", "prnd-oxide", "separated_compound", 10**9, cells
                    )
                )
            )
        for place, parents in enumerate(self.parents()):
            layer = place // self.layer
            party = f"https://party{place % PARTIES}.example/"
            row = patterns[layer >= PURE_LAYERS] | {
                "lot": self.name(place),
                "node": place << NODE_SHIFT,
                "entry_index": place,
                "producer": party,
                "site": f"{party}site",
                "event_time_us": FIRST_US + place * 1_000_000,
                "made_of": f"[{','.join(map(str, parents))}]",
            }
            if not layer:
                row |= {"birth": "extract", "stage": "concentrate"}
            yield *row.values(), tell(_step_of(row))

    def _edges(self) -> Iterator[RowOf]:
        for place, parents in enumerate(self.parents()):
            for parent in parents:
                yield place << NODE_SHIFT, parent, place, None

    def parents(self) -> Iterator[list[int]]:
        """The nodes that each lot is made of."""
        chance = random.Random(self._seed + 1)
        yield from repeat([], self.layer)
        for place in range(self.layer, self.lots):
            before = (place // self.layer - 1) * self.layer + place % self.chains
            drawn = sorted(chance.sample(range(WIDTH), PARENTS))
            yield [(before + parent * self.chains) << NODE_SHIFT for parent in drawn]

    def _holdings(self) -> Iterator[RowOf]:
        for place in range(self.lots):
            party = f"https://party{place % PARTIES}.example/"
            left_mg = 0 if place < self.lots - self.layer else 10**9
            yield self.name(place), party, party, f"{party}site", left_mg, 0, place, place

    def _alerts(self) -> Iterator[RowOf]:
        pattern = _pattern(
            AlertRecord(0, 0, "mass.loss", "", "", "", 0, FIRST_US, "Lost.", "Tell.", {}, False)
        )
        for place in range(0, self.lots, LOTS_PER_ALERT):
            row = pattern | {"entry_index": place, "subject": f"lot:{self.name(place)}"}
            yield tuple(row.values())


def _pattern(record: Record) -> dict[str, Any]:
    """A row by its columns' names, in their order, without what is derived from it."""
    table = BOOKS[type(record)]
    return {name: value for name, (value,) in zip(table.columns, table.to_columns([record]), strict=False)}


def _step_of(row: Mapping[str, Any]) -> Node:
    at = (row["entry_index"], 0, format_time_us(row["event_time_us"]))
    goods = (row["product"], row["stage"], row["producer"], row["site"], row["mass_mg"], None)
    return Node(row["lot"], "lot", row["node"], 0, row["birth"], *at, *goods)


def fill(connection: Connection, graph: Interleaved) -> None:
    """Writes the tables in bulk, and lets PostgreSQL see to them as its autovacuum would."""
    for kind, rows in graph.tables().items():
        begun = time.perf_counter()
        _write(connection, kind, rows)
        print(f"  {kind.__name__} written in {time.perf_counter() - begun:.0f} s", flush=True)
    _write_log(connection, graph.lots)
    if not is_sqlite(connection):
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _write_log(connection: Connection, size: int) -> None:
    """The log that these tables would be of, as far as it matters: its size, and a row for each entry."""
    connection.rollback()
    with connection.begin():
        connection.execute(update(HEAD).values(tree_size=size))
        connection.exec_driver_sql(
            "INSERT INTO entries (entry_index, entry, leaf_hash) WITH RECURSIVE places (place) AS (SELECT 0 "
            f"UNION ALL SELECT place + 1 FROM places WHERE place < {size - 1}) "
            f"SELECT place, h.refusal_hash, h.refusal_hash FROM places, head h"
        )


def _write(connection: Connection, kind: type[Record], rows: Iterator[RowOf]) -> None:
    table, columns = BOOKS[kind].table.name, BOOKS[kind].written
    raw: Any = connection.connection.dbapi_connection
    names = ", ".join(f'"{name}"' for name in columns)
    if is_sqlite(connection):
        raw.execute("PRAGMA cache_size=-500000")
        raw.execute("BEGIN")
        places = ", ".join("?" * len(columns))
        raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
        raw.execute("COMMIT")
        return
    with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    raw.commit()


class Clock:
    """Wall time of each question, and processor time of this process and of the database's for it."""

    def __init__(self, connection: Connection) -> None:
        self._backend = None
        if not is_sqlite(connection):
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            self._backend = psutil.Process(pid)

    def _processor_s(self) -> float:
        times = self._backend.cpu_times() if self._backend is not None else None
        return time.process_time() + (times.user + times.system if times is not None else 0.0)

    def measure(self, ask: Callable[[str], object], names: list[str]) -> tuple[list[float], float]:
        """Milliseconds of each question, sorted; and mean milliseconds of processor time."""
        taken = []
        used = self._processor_s()
        for name in names:
            begun = time.perf_counter()
            ask(name)
            taken.append((time.perf_counter() - begun) * 1_000)
        return sorted(taken), (self._processor_s() - used) * 1_000 / len(names)


def run(engine: str, lots: int, *, asked: int = ASKED, folder: Path | None = None) -> Report:
    """Measures on a graph of lots.

    Args:
        engine: One of ``ENGINES``.
        lots: How many, at least one chain, 7,700.
        asked: Questions of each kind.
        folder: Keeps the database, and is asked again if it has one; None: nothing is kept.

    Raises:
        RuntimeError: What the folder has was not filled to its end, or with another number of lots.
    """
    graph = Interleaved(lots)
    report = Report(f"provenance on {engine}, {graph.lots:,} lots")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reledger-bench-")))
        place.mkdir(parents=True, exist_ok=True)
        begun, filled = (place / "ledger.db").exists() or (place / "database").exists(), place / "lots"
        if begun and (not filled.exists() or filled.read_text() != str(graph.lots)):
            raise RuntimeError(f"{place} has no database of {graph.lots} lots; remove it")
        url = stack.enter_context(database(engine, place, settings=SERVER, kept=folder is not None))
        made = create_ledger_engine(url)
        if not begun:
            with made.connect() as connection:
                fill(connection, graph)
            made.dispose()
            filled.write_text(str(graph.lots))
        if engine == "postgresql":
            _copy(made, place / "graph")
        with made.connect() as connection, _as_in_a_server():
            _ask(connection, graph, asked, report)
        made.dispose()
    report.ratio("origins", "whole")
    return report


def _copy(engine: Engine, folder: Path) -> None:
    """Copies the lots beside the server, as its processes do while they run."""
    copy = GraphCopy(folder)
    copy.warm()
    engine.update_execution_options(**{OPTION: copy})
    begun, more = time.perf_counter(), True
    while more:
        with engine.connect() as connection, begin_read(connection):
            more = copy.copy_more(connection)
    print(f"  copied in {time.perf_counter() - begun:.0f} s", flush=True)


@contextmanager
def _as_in_a_server() -> Iterator[None]:
    """Looks for garbage as seldom as a server's workers do."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def _ask(connection: Connection, graph: Interleaved, asked: int, report: Report) -> None:
    """First of other lots: what a server that has just started waits for is the disk, and told by itself."""
    names, others = graph.tops(asked), graph.tops(asked, seed=3)
    found = trace(connection, find_lot(books_of(connection), names[0]), REGULATOR)
    print(f"  {len(found.way.told) - 1:,} ancestors, {len(found.way.edges):,} edges", flush=True)
    clock = Clock(connection)
    for name, described, ask, lots, goals in (
        ("first", "as whole, of as many other lots, once the database is opened", _whole, others, None),
        ("whole", "every step upstream, as JSON", _whole, names, (25, 60)),
        ("origins", "origin shares alone", _origins, names, (5, 5)),
        ("trace", "of the whole: before it is JSON", _trace, names, None),
        ("walk", "of this: the nodes and edges", _walk, names, None),
    ):
        taken, used_ms = clock.measure(partial(ask, connection), lots)
        median, worst = statistics.median(taken), taken[int(len(taken) * 0.99)]
        text = f"{described}: median {median:.1f} ms, p99 {worst:.1f} ms, least {taken[0]:.1f} ms"
        report.add(name, text, Measured(len(taken), sum(taken) / 1_000))
        report.cost(f"{name}, for each question", used_ms * 1_000)
        if goals is not None:
            met = median <= goals[0] and worst <= goals[1]
            report.goal(f"{name}: median <= {goals[0]} ms, p99 <= {goals[1]} ms", met)


def _whole(connection: Connection, name: str) -> object:
    subject = find_lot(books_of(connection), name)
    return dump_provenance(trace(connection, subject, REGULATOR), contents(subject))


def _trace(connection: Connection, name: str) -> object:
    return trace(connection, find_lot(books_of(connection), name), REGULATOR)


def _origins(connection: Connection, name: str) -> object:
    books = books_of(connection)
    return origin_shares(find_lot(books, name).cells, books)


def _walk(connection: Connection, name: str) -> object:
    return walk(connection, find_lot(books_of(connection), name).nodes, "upstream")
