"""Verifying a whole database, against bare verification of the same statement and checkpoint signatures."""

import time
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from benchmarks.intake import statements, verify_all
from benchmarks.load import Measured, post_batches
from benchmarks.reporting import Report
from benchmarks.servers import prepared, serving
from ledger.audit.database import verify_database
from ledger.encoding import b64url_decode
from ledger.log.note import parse_note
from ledger.statements.envelope import parse_statement
from ledger.store.engine import create_ledger_engine

ROUNDS = 5


def run(engine: str, entries: int, cores: int) -> Report:
    """Measures on a log of about ``entries`` entries: the median of five rounds each, taken in turn.

    The best of each would favour the shorter of the two, which fits into a quick moment of the machine.
    """
    report = Report(f"audit on {engine}, {entries:,} entries, {cores} cores")
    with prepared(engine) as log:
        with serving(log.settings) as server:
            for start in range(0, entries, 10_000):
                post_batches(server.url, statements(log.cast, min(10_000, entries - start)))
        made = create_ledger_engine(log.settings.database_url)
        with made.connect() as connection:
            stored = connection.execute(
                text("SELECT jws FROM statement_bytes WHERE entry_index > 0 ORDER BY entry_index")
            ).scalars()
            parsed = [parse_statement(bytes(jws)) for jws in stored]
            notes = [
                parse_note(bytes(n))
                for n in connection.execute(text("SELECT note FROM checkpoints")).scalars()
            ]
        mine = Ed25519PublicKey.from_public_bytes(b64url_decode(log.cast.mine.signer.jwk["x"]))
        work = [(each.signature, each.signing_input) for each in parsed]
        logs = [(note.signatures[0].signature, note.text) for note in notes]
        bare: list[float] = []
        whole: list[float] = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            verify_all(mine, work, cores)
            verify_all(log.cast.log_key.public_key(), logs, cores)
            bare.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            faults = verify_database(made, workers=cores).faults
            whole.append(time.perf_counter() - begun)
            assert not faults, faults
        made.dispose()
    count = len(work) + len(logs)
    report.add("bare", "signatures verified, bare, on all cores", Measured(count, median(bare)))
    report.add("verify", "signatures in a whole verification", Measured(count, median(whole)))
    report.ratio("verify", "bare")
    report.goal("verify >= 70 % of bare verification", report.value("verify") / report.value("bare") >= 0.7)
    return report
