"""Two server processes, each a host of its own with its own mark, on one PostgreSQL, with 32 clients."""

import hashlib
import http.client
import threading
from pathlib import Path

import pytest

from benchmarks.servers import free_port, prepared, serving
from ledger.audit.database import verify_database
from ledger.log.receipt import verify_receipt
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast

CLIENTS = 32
EACH = 12


def post(port: int, statements: list[bytes], answers: list[tuple[bytes, int, bytes]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for jws in statements:
        headers = {"Content-Type": "application/jose", "Accept": "text/plain"}
        connection.request("POST", "/v1/statements", jws, headers)
        response = connection.getresponse()
        answers.append((jws, response.status, response.read()))
    connection.close()


@pytest.mark.slow
@pytest.mark.postgresql
def test_dense_indices_one_chain_no_deadlock() -> None:
    cast = Cast()
    with prepared("postgresql", workers=2, cast=cast) as log:
        other = log.settings.with_changes(port=free_port(), mark_dir=log.folder / "other-host" / "mark")
        kept = cast.mark(log.settings.mark_dir).read()
        assert kept is not None
        Path(other.mark_dir).mkdir(parents=True)
        cast.mark(other.mark_dir).replace(kept.note)
        answers: list[tuple[bytes, int, bytes]] = []
        with serving(log.settings), serving(other):
            shared = cast.record(number=7)
            threads = []
            for client in range(CLIENTS):
                port = (log.settings, other)[client % 2].port
                own = [cast.record(number=client * 1_000 + n) for n in range(EACH)]
                threads.append(threading.Thread(target=post, args=(port, [*own, shared], answers)))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=120)
            assert not any(thread.is_alive() for thread in threads)
        assert len(answers) == CLIENTS * (EACH + 1)
        assert sum(status == 201 for _, status, _ in answers) == CLIENTS * EACH + 1
        assert sum(status == 200 for _, status, _ in answers) == CLIENTS - 1
        indices = {
            verify_receipt(receipt, hashlib.sha256(jws).digest(), cast.origin, [cast.verifier]).index
            for jws, _, receipt in answers
        }
        assert indices == set(range(1, CLIENTS * EACH + 2))
        engine = create_ledger_engine(log.settings.database_url)
        report = verify_database(engine, workers=1, receipts=[receipt for _, _, receipt in answers])
        engine.dispose()
        assert report.faults == []
