"""Proof latency: receipts and inclusion proofs of random entries, over HTTP and from the database alone."""

import http.client
import random
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from benchmarks.intake import statements
from benchmarks.load import Measured, post_batches
from benchmarks.reporting import Report
from benchmarks.servers import prepared, serving
from ledger.encoding import b64url_encode
from ledger.statements.tokens import make_token
from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import read_entries, read_leaf_hashes, read_statement
from ledger.store.proofs import stored_receipt

ASKED = 300


def latencies_ms(ask: Callable[[int], object], indices: list[int]) -> list[float]:
    """Milliseconds of each question, sorted."""
    taken = []
    for index in indices:
        begun = time.perf_counter()
        ask(index)
        taken.append((time.perf_counter() - begun) * 1_000)
    return sorted(taken)


def describe(taken: list[float]) -> str:
    """Median and 99th percentile."""
    return f"median {statistics.median(taken):.2f} ms, p99 {taken[int(len(taken) * 0.99)]:.2f} ms"


def run(engine: str, entries: int) -> Report:
    """Measures on a log of about ``entries`` entries."""
    report = Report(f"proofs on {engine}, {entries:,} entries")
    with prepared(engine) as log, serving(log.settings) as server:
        for start in range(0, entries, 10_000):
            post_batches(server.url, statements(log.cast, min(10_000, entries - start)))
        made = create_ledger_engine(log.settings.database_url)
        chance = random.Random(1)
        indices = [chance.randrange(1, entries) for _ in range(ASKED)]
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port or 80)

        token = make_token(log.cast.mine.signer, log.cast.origin, int(time.time()))

        def get(path: str) -> bytes:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().read()

        size = int(get("/checkpoint").split(b"\n")[1])
        with made.connect() as database:
            hashes = {
                index: b64url_encode(row.statement_hash)
                for index in indices
                if (row := read_statement(database, index)) is not None
            }
            from_database = latencies_ms(lambda index: stored_receipt(database, index), indices)
            every_leaf = latencies_ms(
                lambda index: (read_leaf_hashes(database, 0, size), read_entries(database, index, index + 1)),
                indices[:5],
            )
        over_http = latencies_ms(lambda index: get(f"/v1/statements/{hashes[index]}/receipt"), indices)
        proofs = latencies_ms(
            lambda index: get(f"/v1/log/proof/inclusion?index={index}&size={size}"), indices
        )
        made.dispose()
        connection.close()
    for name, text, taken in (
        ("database", "receipt from the database", from_database),
        ("http", "GET receipt", over_http),
        ("inclusion", "GET inclusion proof", proofs),
        ("leaves", "reading every leaf hash once, as a design without tiles must", every_leaf),
    ):
        report.add(name, f"{text}: {describe(taken)}", Measured(len(taken), sum(taken) / 1_000))
    report.ratio("database", "leaves")
    return report
