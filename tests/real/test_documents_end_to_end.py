"""Real documents, whole: signed, posted over HTTP, receipted, read back byte for byte, audited."""

import hashlib
from pathlib import Path

import pytest

from benchmarks.servers import prepared, serving
from ledger.audit.database import verify_database
from ledger.client.documents import list_files, read_documents
from ledger.client.http import LedgerClient
from ledger.client.outbox import Outbox
from ledger.client.submitting import Submitter
from ledger.clock import SystemClock
from ledger.encoding import b64url_encode
from ledger.log.receipt import verify_receipt
from ledger.statements.envelope import parse_statement
from ledger.statements.tokens import make_token
from ledger.store.engine import create_ledger_engine

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "epcis" / "documents"


@pytest.mark.slow
@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder of real EPCIS documents is not beside this checkout"
)
@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_the_real_documents(engine_name: str, tmp_path: Path) -> None:
    files = list_files([SHARED])
    assert len(files) == 38
    with prepared(engine_name, workers=1) as log, serving(log.settings) as server:
        cast = log.cast
        outbox = Outbox(tmp_path / "outbox")
        with LedgerClient(server.url) as client:
            described = client.log()
            verifier = outbox.pin_log_key(described["origin"], described["vkeys"], cast.vkey)
            submitter = Submitter(
                client,
                outbox,
                origin=cast.origin,
                verifier=verifier,
                signer=cast.mine.signer,
                clock=SystemClock(),
            )
            sent = list(submitter.submit(read_documents(files)))
            assert [(each.state, each.text) for each in sent if each.state != "recorded"] == []
            assert sorted(each.index or 0 for each in sent) == list(range(1, 39))
            again = list(submitter.submit(read_documents(files)))
            assert {each.state for each in again} == {"known"}
            receipts = []
            for path in files:
                slot = outbox.slot(path.name, path.read_bytes())
                jws, receipt = slot.jws.read_bytes(), slot.receipt.read_bytes()
                statement_hash = hashlib.sha256(jws).digest()
                verify_receipt(receipt, statement_hash, cast.origin, [verifier])
                token = make_token(cast.mine.signer, cast.origin, SystemClock().now_us() // 1_000_000)
                read = client.get(f"/v1/statements/{b64url_encode(statement_hash)}", token=token)
                assert read == jws
                assert parse_statement(read).payload == path.read_bytes()
                receipts.append(receipt)
            assert client.log()["size"] == 39
        engine = create_ledger_engine(log.settings.database_url)
        report = verify_database(engine, workers=1, receipts=receipts, mark=cast.mark(log.settings.mark_dir))
        engine.dispose()
        assert report.faults == []
