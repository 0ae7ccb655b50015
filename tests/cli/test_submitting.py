"""Submitting to servers that lie: what they say is kept only where it is proved."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.client.documents import Document
from ledger.client.http import Answer, LedgerClient
from ledger.client.outbox import Outbox
from ledger.client.submitting import Submitter
from ledger.clock import SystemClock
from ledger.errors import RemoteFailed
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast, actor, shipment

Members = dict[str, Any]


class Server:
    """A ledger whose answers to batches a test may change."""

    def __init__(self, registrar: Registrar) -> None:
        self.registrar = registrar
        self.change: Callable[[bytes, Members], Any] = lambda jws, members: members
        self.requests = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        lines = []
        for number, jws in enumerate(request.content.splitlines(), start=1):
            registered = self.registrar.register(jws)
            members = {"line": number, "status": 201 if registered.created else 200}
            members |= {"receipt": registered.receipt.decode()}
            if not registered.created and registered.jws is not None:
                members["jws"] = registered.jws.decode()
            lines.append(json.dumps(self.change(jws, members)))
        return httpx2.Response(200, text="\n".join(lines) + "\n")


@pytest.fixture
def cast() -> Cast:
    made = Cast()
    made.mine = actor("mine", "miner", alg="ES256")
    return made


@pytest.fixture
def server(cast: Cast, sqlite_url: str, tmp_path: Path) -> Iterator[Server]:
    engine = create_ledger_engine(sqlite_url)
    registrar = cast.started(engine, tmp_path / "mark")
    yield Server(registrar)
    registrar.close()
    engine.dispose()


@pytest.fixture
def submitter(cast: Cast, server: Server, tmp_path: Path) -> Submitter:
    http = httpx2.Client(transport=httpx2.MockTransport(server.answer))
    return Submitter(
        LedgerClient("http://ledger.example", http=http),
        Outbox(tmp_path / "outbox"),
        origin=cast.origin,
        verifier=cast.verifier,
        signer=cast.mine.signer,
        clock=SystemClock(),
        pause=lambda _: None,
    )


def document(number: int) -> Document:
    return Document(f"shipment-{number}.json", json.dumps(shipment(number)).encode(), EPCIS)


def kept(tmp_path: Path, ending: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((tmp_path / "outbox").glob(f"*{ending}"))]


def without_receipt(_: bytes, members: Members) -> Members:
    return members | {"receipt": ""}


def test_a_receipt_that_does_not_verify_ends_the_run(
    server: Server, submitter: Submitter, tmp_path: Path
) -> None:
    server.change = without_receipt
    with pytest.raises(RemoteFailed, match="does not verify"):
        list(submitter.submit([document(0), document(1)]))
    assert server.requests == 1
    assert kept(tmp_path, ".receipt") == []
    assert len(kept(tmp_path, ".jws")) == 2


def test_a_receipt_for_another_statement(server: Server, submitter: Submitter, tmp_path: Path) -> None:
    other: Members = {}

    def swap(jws: bytes, members: Members) -> Members:
        other.setdefault("receipt", members["receipt"])
        return members | other

    server.change = swap
    sent = submitter.submit([document(0), document(1)])
    assert next(sent).state == "recorded"
    with pytest.raises(RemoteFailed, match="does not verify"):
        next(sent)
    assert len(kept(tmp_path, ".receipt")) == 1


@pytest.mark.parametrize("signature", [bytes(64), b"\x01" * 64, b""])
def test_the_kept_statement_is_not_replaced_by_one_that_is_not_signed(
    server: Server, submitter: Submitter, tmp_path: Path, signature: bytes
) -> None:
    def forge(jws: bytes, members: Members) -> Members:
        text = base64.urlsafe_b64encode(signature).rstrip(b"=")
        return members | {"status": 200, "jws": (jws.rpartition(b".")[0] + b"." + text).decode()}

    server.change = forge
    with pytest.raises(RemoteFailed, match="signature"):
        list(submitter.submit([document(0)]))
    (jws,) = kept(tmp_path, ".jws")
    assert server.registrar.register(jws).jws == jws


def test_another_signature_that_was_recorded_first_is_kept(
    cast: Cast, server: Server, submitter: Submitter, tmp_path: Path
) -> None:
    header: Members = {"jti": str(uuid.uuid4()), "iat": 1_700_000_000}
    first, second = (cast.record(**header) for _ in range(2))
    server.registrar.register(first)
    (sent,) = submitter.submit([Document("signed.jws", second, None)])
    assert sent.state == "known"
    assert kept(tmp_path, ".jws") == [first]
    (again,) = submitter.submit([Document("signed.jws", second, None)])
    assert again.state == "known"
    assert server.requests == 1


@pytest.mark.parametrize(
    "line", [[], None, 1, {}, {"status": "201"}, {"status": None}, {"status": 1e999}, {"status": True}]
)
def test_lines_that_are_no_answers(server: Server, submitter: Submitter, line: Any) -> None:
    server.change = lambda *_: line
    with pytest.raises(RemoteFailed):
        list(submitter.submit([document(0)]))


@pytest.mark.parametrize("given", [None, "no room", 7, {"code": "x"}, [], ["x", 7, None]])
def test_findings_that_are_none_are_left_out(given: Any) -> None:
    assert Answer(422, {"findings": given}).findings == []
    assert Answer(422, {}).findings == []


def test_what_is_a_finding_is_told_beside_what_is_none() -> None:
    found = {"code": "balance.overdrawn"}
    assert Answer(422, {"findings": ["x", found, 7]}).findings == [found]


def test_what_a_server_says_does_not_steer_the_terminal() -> None:
    answer = Answer(422, {"code": "a\x1b[2J", "detail": "b\nc\u202ed", "mend": ["\x9b"]})
    assert answer.describe().isprintable()
    assert "a" in answer.describe()
