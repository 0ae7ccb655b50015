"""Provenance of lots with about 4,000 ancestors in a graph of a million: the whole way, and origins alone."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.load import Measured
from benchmarks.reporting import Report
from benchmarks.servers import database
from ledger.provenance.answers import Viewer, books_of, find_lot, trace
from ledger.provenance.origins import origin_shares
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord, HoldingRecord, LotRecord
from ledger.store.books_source import write_records
from ledger.store.engine import create_ledger_engine

LAYERS, WIDTH, PARENTS = 22, 190, 2
CLUSTER = LAYERS * WIDTH
MINES = 12
ASKED = 200
_CHUNK = 20_000
REGULATOR = Viewer("https://authority.example/", True)


def name_of(node: int) -> str:
    """The id of the lot with this number."""
    return f"https://party.example/lots/{node}"


def records(lots: int, seed: int) -> Iterator[Record]:
    """Lots in clusters of layers, each lot made from lots of the layer before; origins at the bottom."""
    chance = random.Random(seed)
    cells = {
        (element, f"https://mine{mine}.example/site", "domestic"): chance.randrange(1, 10**9)
        for mine in range(MINES)
        for element in ("La", "Ce", "Pr", "Nd", "Dy")
    }
    for node in range(lots):
        layer, cluster = node % CLUSTER // WIDTH, node // CLUSTER * CLUSTER
        name = name_of(node)
        yield LotRecord(
            lot=name,
            node=node,
            entry_index=node,
            position=0,
            producer=f"https://party{node % 97}.example/",
            site=f"https://party{node % 97}.example/site",
            event_time_us=node,
            birth="process" if layer else "extract",
            product="prnd-oxide",
            stage="separated_compound" if layer else "concentrate",
            mass_mg=10**9,
            cells=cells,
        )
        yield HoldingRecord(name, "https://a.example/", "https://a.example/", "", 10**9, 0, node, node)
        if layer:
            before = cluster + (layer - 1) * WIDTH
            for parent in chance.sample(range(before, before + WIDTH), PARENTS):
                yield EdgeRecord(node, parent, node)


def latencies_ms(ask: Callable[[str], object], names: list[str]) -> list[float]:
    """Milliseconds of each question, sorted."""
    taken = []
    for name in names:
        begun = time.perf_counter()
        ask(name)
        taken.append((time.perf_counter() - begun) * 1_000)
    return sorted(taken)


def run(engine: str, lots: int) -> Report:
    """Measures on a graph of ``lots`` lots."""
    report = Report(f"provenance on {engine}, {lots:,} lots")
    with (
        tempfile.TemporaryDirectory(prefix="reledger-bench-") as folder,
        database(engine, Path(folder)) as url,
    ):
        made = create_ledger_engine(url)
        _fill(made.connect(), lots)
        chance = random.Random(2)
        tops = [
            cluster + CLUSTER - 1 - chance.randrange(WIDTH) for cluster in range(0, lots - CLUSTER, CLUSTER)
        ]
        names = [name_of(chance.choice(tops)) for _ in range(ASKED)]
        with made.connect() as connection:
            found = trace(connection, find_lot(books_of(connection), names[0]), REGULATOR)
            print(f"  {len(found.nodes) - 1:,} ancestors, {len(found.edges):,} edges", flush=True)
            whole = latencies_ms(lambda name: _whole(connection, name), names)
            origins = latencies_ms(lambda name: _origins(connection, name), names)
        made.dispose()
    for name, text, taken, goals in (
        ("whole", "every step upstream", whole, (25, 60)),
        ("origins", "origin shares alone", origins, (5, 5)),
    ):
        median, worst = statistics.median(taken), taken[int(len(taken) * 0.99)]
        described = f"{text}: median {median:.1f} ms, p99 {worst:.1f} ms"
        report.add(name, described, Measured(len(taken), sum(taken) / 1_000))
        report.goal(
            f"{name}: median <= {goals[0]} ms, p99 <= {goals[1]} ms", median <= goals[0] and worst <= goals[1]
        )
    report.ratio("origins", "whole")
    return report


def _fill(connection: Connection, lots: int) -> None:
    made = records(lots, 1)
    done = 0
    with connection:
        while part := list(islice(made, _CHUNK)):
            write_records(connection, part)
            done += len(part)
        connection.commit()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    print(f"  {done:,} records written", flush=True)


def _whole(connection: Connection, name: str) -> object:
    return trace(connection, find_lot(books_of(connection), name), REGULATOR)


def _origins(connection: Connection, name: str) -> object:
    books = books_of(connection)
    return origin_shares(find_lot(books, name).cells, books)
