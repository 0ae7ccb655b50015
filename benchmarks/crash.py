"""kill -9 at random moments under load, again and again; then everything that was acknowledged is checked.

After every kill the server is started again on what is left. At the end (and every few kills) the whole
database is verified, with every receipt that a client was given: each must be provable under the final
head. Statements whose answer was lost are sent again, and must be recorded exactly once.
"""

import contextlib
import hashlib
import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.forking import Forker
from benchmarks.servers import Prepared, prepared, start
from ledger.audit.database import verify_database
from ledger.log.receipt import verify_receipt
from ledger.store.engine import create_ledger_engine

CLIENTS = 8
VERIFY_EVERY = 10


@dataclass
class Ledgered:
    """What the clients know: receipts by statement, and statements without an answer."""

    receipts: dict[bytes, bytes] = field(default_factory=dict)
    unanswered: list[bytes] = field(default_factory=list)
    created: int = 0
    repeated: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, jws: bytes, status: int, receipt: bytes) -> None:
        """Keeps a 2xx answer."""
        with self.lock:
            self.receipts[jws] = receipt
            self.created += status == 201
            self.repeated += status == 200


@dataclass(frozen=True, slots=True)
class CrashResult:
    """What a run came to; ``faults`` is empty when it held."""

    kills: int
    acknowledged: int
    resent: int
    entries: int
    faults: tuple[str, ...]


def crash_run(engine: str, kills: int, *, seed: int, workers: int = 1) -> CrashResult:
    """Kills a server under load ``kills`` times and checks what is left.

    Args:
        engine: ``sqlite`` or ``postgresql``.
        kills: How often.
        seed: Of the moments and of the mix of requests.
        workers: Server processes.
    """
    chance = random.Random(seed)
    known = Ledgered()
    faults: list[str] = []
    with prepared(engine, workers=workers) as log, Forker() as forker:
        for number in range(kills):
            resent = list(known.unanswered)
            known.unanswered.clear()
            server = start(log.settings, forker=forker)
            stop = threading.Event()
            shares = [resent[each::CLIENTS] for each in range(CLIENTS)]
            threads = [
                threading.Thread(target=_client, args=(log, known, share, stop, chance.getrandbits(32)))
                for share in shares
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.02, 0.5))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            if (number + 1) % VERIFY_EVERY == 0 or number == kills - 1:
                faults += _verify(log, known)
            if faults:
                break
        server = start(log.settings, forker=forker)
        try:
            _client(log, known, list(known.unanswered), threading.Event(), 0, only_resend=True)
        finally:
            server.process.terminate()
            server.process.wait()
        faults += _verify(log, known)
        entries = _size(log)
        if entries < len(known.receipts) + 1:
            faults.append(f"{len(known.receipts)} acknowledged, and the log has {entries} entries")
    return CrashResult(kills, len(known.receipts), known.repeated, entries, tuple(faults))


def _client(
    log: Prepared,
    known: Ledgered,
    resend: Sequence[bytes],
    stop: threading.Event,
    seed: int,
    *,
    only_resend: bool = False,
) -> None:
    """Posts statements one by one and in small batches until the server is gone."""
    chance = random.Random(seed)
    waiting = list(resend)
    connection = http.client.HTTPConnection("127.0.0.1", log.settings.port, timeout=20)
    try:
        while not stop.is_set():
            if waiting:
                statements = [waiting.pop()]
            elif only_resend:
                return
            else:
                count = 1 if chance.random() < 0.7 else 15
                statements = [log.cast.record(number=chance.getrandbits(30)) for _ in range(count)]
            left = dict.fromkeys(statements)
            try:
                _post(connection, statements, known, left)
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                with known.lock:
                    known.unanswered.extend([*left, *waiting])
                return
            with known.lock:
                known.unanswered.extend(left)
    finally:
        connection.close()


def _post(
    connection: http.client.HTTPConnection,
    statements: Sequence[bytes],
    known: Ledgered,
    left: dict[bytes, None],
) -> None:
    if len(statements) == 1:
        headers = {"Content-Type": "application/jose", "Accept": "text/plain"}
        connection.request("POST", "/v1/statements", statements[0], headers)
        response = connection.getresponse()
        body = response.read()
        if response.status in (200, 201):
            known.acknowledge(statements[0], response.status, body)
            del left[statements[0]]
        return
    body = b"".join(jws + b"\n" for jws in statements)
    connection.request("POST", "/v1/statements/batch", body, {"Content-Type": "application/x-ndjson"})
    response = connection.getresponse()
    for jws, line in zip(statements, response, strict=False):
        answer = json.loads(line)
        if answer["status"] in (200, 201):
            known.acknowledge(jws, answer["status"], answer["receipt"].encode())
            del left[jws]
    response.read()


def _verify(log: Prepared, known: Ledgered) -> list[str]:
    faults = []
    for jws, receipt in known.receipts.items():
        verify_receipt(receipt, hashlib.sha256(jws).digest(), log.cast.origin, [log.cast.verifier])
    engine = create_ledger_engine(log.settings.database_url)
    try:
        mark = log.cast.mark(log.settings.mark_dir)
        report = verify_database(engine, receipts=list(known.receipts.values()), mark=mark, workers=1)
        faults += [str(fault) for fault in report.faults]
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT jti FROM statements").scalars().all()
        if len(rows) != len(set(rows)):
            faults.append("a jti was recorded twice")
    finally:
        engine.dispose()
    return faults


def _size(log: Prepared) -> int:
    engine = create_ledger_engine(log.settings.database_url)
    with contextlib.closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT tree_size FROM head")
        (size,) = cursor.fetchone()
    engine.dispose()
    return int(size)


def run(engine: str, kills: int, seed: int, workers: int) -> str:
    """A run as a line for the docs."""
    begun = time.perf_counter()
    result = crash_run(engine, kills, seed=seed, workers=workers)
    outcome = "nothing lost, no fault" if not result.faults else "; ".join(result.faults[:5])
    return (
        f"{engine}: {result.kills} kills, seed {seed}, {workers} worker(s): "
        f"{result.acknowledged:,} acknowledged, {result.resent:,} resent and found, "
        f"{result.entries:,} entries, {time.perf_counter() - begun:.0f} s: {outcome}"
    )
