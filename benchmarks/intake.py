"""Intake: single POSTs, NDJSON batches, documents of 100 events; against bare work and the naive design."""

import copy
import json
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert

from benchmarks.load import Measured, post_batches, post_singles
from benchmarks.reporting import Report
from benchmarks.servers import database, prepared, serving
from ledger.encoding import b64url_decode
from ledger.statements.envelope import parse_statement
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast, shipment

EVENTS = 100
_ANY = 7_777_777_777
"""The number of a shipment whose text all others are made from."""


def statements(cast: Cast, count: int) -> list[bytes]:
    """Signed one-event shipment records, each of about 1.7 KB."""
    text = json.dumps(shipment(_ANY))
    named = str(uuid.UUID(int=_ANY, version=4))
    numbers = ((str(number), str(uuid.UUID(int=number, version=4))) for number in range(count))
    texts = (text.replace(named, name).replace(str(_ANY), number) for number, name in numbers)
    return [cast.sign(each.encode(), cast.mine) for each in texts]


def documents(cast: Cast, count: int) -> list[bytes]:
    """Signed documents of 100 events each."""
    made = []
    for _ in range(count):
        document = shipment()
        (event,) = document["epcisBody"]["eventList"]
        events = [copy.deepcopy(event) for _ in range(EVENTS)]
        for each in events:
            each["eventID"] = f"urn:uuid:{uuid.uuid4()}"
        document["epcisBody"]["eventList"] = events
        made.append(cast.sign(document, cast.mine))
    return made


def bare(engine_name: str, cast: Cast, signed: Sequence[bytes], cores: int) -> Measured:
    """(a) Verifies every signature on all cores and inserts the same bytes in bulk; no log, no checks."""
    key = Ed25519PublicKey.from_public_bytes(b64url_decode(cast.mine.signer.jwk["x"]))
    parsed = [parse_statement(jws) for jws in signed]
    work = [(each.signature, each.signing_input) for each in parsed]
    table = Table("bare", MetaData(), Column("n", Integer, primary_key=True), Column("jws", LargeBinary))
    with tempfile.TemporaryDirectory() as folder, database(engine_name, Path(folder)) as url:
        engine = create_ledger_engine(url)
        table.metadata.create_all(engine)
        begun = time.perf_counter()
        verify_all(key.verify, work, cores)
        with engine.begin() as connection:
            for start in range(0, len(signed), 1_000):
                rows = [{"n": start + n, "jws": jws} for n, jws in enumerate(signed[start : start + 1_000])]
                connection.execute(insert(table), rows)
        measured = Measured(len(signed), time.perf_counter() - begun)
        engine.dispose()
    return measured


def verify_all(
    check: Callable[[bytes, bytes], None], work: Sequence[tuple[bytes, bytes]], cores: int
) -> None:
    """Bare Ed25519 verification, on as many threads as cores (the libraries release the GIL)."""

    def verify(share: Sequence[tuple[bytes, bytes]]) -> None:
        for signature, message in share:
            check(signature, message)

    threads = [threading.Thread(target=verify, args=(work[each::cores],)) for each in range(cores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(engine: str, count: int, cores: int) -> Report:
    """Measures all kinds of intake on one engine."""
    report = Report(f"intake on {engine}, {count:,} statements of 1.7 KB, {cores} cores")
    cast = Cast()
    signed = statements(cast, count)
    # The slower ways take minutes otherwise.
    some, few = min(count // 2, 10_000), min(max(count // 8, 200), 2_500)
    report.add("bare", "verification and bulk insert of the same bytes", bare(engine, cast, signed, cores))
    with prepared(engine, cast=cast, workers=cores) as log, serving(log.settings) as server:
        post_batches(server.url, statements(cast, 200))
        report.add("batch", "NDJSON batches, 8 streams", post_batches(server.url, signed).steady)
        report.add("single", "single POSTs, 32 clients", post_singles(server.url, statements(cast, some)))
        made = documents(cast, max(count // 100, 20))
        measured = post_batches(server.url, made, lines=10)
        report.add(
            "events",
            f"events in documents of {EVENTS}, 8 streams",
            measured.share(measured.count * EVENTS),
        )
    with (
        prepared(engine, cast=cast, workers=cores) as log,
        serving(log.settings, module=("benchmarks.naive",)) as server,
    ):
        post_singles(server.url, statements(cast, 100))
        report.add("naive", "the naive design, 32 clients", post_singles(server.url, statements(cast, few)))
    for name in ("batch", "single", "events"):
        report.ratio(name, "bare")
        report.ratio(name, "naive")
    report.goal("batch / naive >= 5", report.value("batch") / report.value("naive") >= 5)
    report.goal("batch >= 2,500 statements/s", report.value("batch") >= 2_500)
    return report
