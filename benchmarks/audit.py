"""Verifying a whole database, against bare verification of the same statement and checkpoint signatures.

Bare twice: with ``cryptography`` alone, and as ``verify`` checks a signature, which asks libsodium first.
"""

import time
from collections.abc import Callable
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
from ledger.statements.ed25519 import checker
from ledger.statements.envelope import parse_statement
from ledger.store.engine import create_ledger_engine

ROUNDS = 5


def run(engine: str, entries: int, cores: int) -> Report:
    """Measures on a log of about ``entries`` entries: the median of five rounds each, taken in turn.

    The best of each would favour the shortest, which fits into a quick moment of the machine.
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
        mine = b64url_decode(log.cast.mine.signer.jwk["x"])
        by_log = log.cast.log_key.public_key().public_bytes_raw()
        work = [(each.signature, each.signing_input) for each in parsed]
        logs = [(note.signatures[0].signature, note.text) for note in notes]
        bare: list[float] = []
        same: list[float] = []
        whole: list[float] = []
        for _ in range(ROUNDS):
            for taken, checks in ((bare, _by_openssl), (same, checker)):
                begun = time.perf_counter()
                verify_all(checks(mine), work, cores)
                verify_all(checks(by_log), logs, cores)
                taken.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            faults = verify_database(made, workers=cores).faults
            whole.append(time.perf_counter() - begun)
            assert not faults, faults
        made.dispose()
    count = len(work) + len(logs)
    report.add("bare", "signatures verified, bare, on all cores", Measured(count, median(bare)))
    report.add("same", "the same, as verification checks each of them", Measured(count, median(same)))
    report.add("verify", "signatures in a whole verification", Measured(count, median(whole)))
    report.ratio("verify", "bare")
    report.ratio("verify", "same")
    report.goal("verify >= 70 % of bare verification", report.value("verify") / report.value("bare") >= 0.7)
    return report


def _by_openssl(public_key: bytes) -> Callable[[bytes, bytes], None]:
    return Ed25519PublicKey.from_public_bytes(public_key).verify
