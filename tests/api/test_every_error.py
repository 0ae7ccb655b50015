"""Every error in the tree below RequestError is met over HTTP, made by real parts.

A class without a case here fails the first test. Where something outside must be wrong (a clock, a lock, a
mark, a row), it is made wrong, not replaced.
"""

import json
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from api.problems import STATUSES, request_errors
from ledger import errors
from ledger.encoding import b64url_decode, b64url_encode
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.tree_head import Checkpoint
from ledger.registration import batch
from ledger.statements.envelope import EPCIS
from ledger.store import log_store
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_write
from tests.api.test_statements import path_of
from tests.support.cast import Cast, actor
from tests.support.databases import unguarded
from tests.support.movements import extract
from tests.support.movements_written import payload_of
from tests.support.story import erasure_of
from tests.support.web import Site, assert_problem, open_site


@dataclass
class Scene:
    """What a case works with."""

    site: Site
    url: str
    folder: Path

    @property
    def cast(self) -> Cast:
        return self.site.cast

    def post_payload(self, payload: bytes) -> TestResponse:
        """A statement with a good signature over these bytes."""
        return self.site.post(self.cast.sign(payload, self.cast.mine))


Case = Callable[[Scene], TestResponse]
CASES: dict[type[errors.RequestError], Case] = {}


def case(kind: type[errors.RequestError]) -> Callable[[Case], Case]:
    def add(make: Case) -> Case:
        assert kind not in CASES
        CASES[kind] = make
        return make

    return add


CASES |= {
    errors.RequestMalformed: lambda scene: scene.site.get("/v1/acts?colour=red"),
    errors.JsonMalformed: lambda scene: scene.post_payload(b"{"),
    errors.JsonDuplicateMember: lambda scene: scene.post_payload(b'{"a":1,"a":1}'),
    errors.JsonTooDeep: lambda scene: scene.post_payload(b"[" * 40 + b"]" * 40),
    errors.JsonNumberRange: lambda scene: scene.post_payload(b'{"a":1e999}'),
    errors.JwsMalformed: lambda scene: scene.site.post(b"not.a.jws"),
    errors.JwsHeaderInvalid: lambda scene: scene.site.post(scene.site.token(scene.cast.mine).encode()),
    errors.TokenMissing: lambda scene: scene.site.get("/v1/audits"),
    errors.TokenInvalid: lambda scene: scene.site.get("/v1/audits", "nonsense"),
    errors.SessionRefused: lambda scene: scene.site.post(b"not.a.proof", "/v1/sessions"),
    errors.SessionCrossSite: lambda scene: scene.site.post(
        b"", "/v1/sessions", Origin="https://evil.example"
    ),
    errors.KeyUnknown: lambda scene: scene.site.post(scene.cast.record(actor("stranger", "miner"))),
    errors.RoleForbidden: lambda scene: scene.site.get("/v1/audits", scene.cast.mine),
    errors.ResourceNotFound: lambda scene: scene.site.get("/nowhere"),
    errors.MethodNotAllowed: lambda scene: scene.site.ask("DELETE", "/v1/statements"),
    errors.NotAcceptable: lambda scene: scene.site.get("/v1/log", Accept="image/png"),
    errors.MediaTypeUnsupported: lambda scene: scene.site.client.post("/v1/statements", data=b"x"),
    errors.TooLarge: lambda scene: scene.site.post(b"a" * 1_048_577),
    errors.StatementRefused: lambda scene: scene.post_payload(b"{}"),
    errors.ScenarioInvalid: lambda scene: scene.site.post(
        b'{"scenario":{"lists":1}}',
        "/v1/what-ifs",
        Content_Type="application/json",
        Authorization=f"Bearer {scene.site.token(scene.cast.authority)}",
    ),
}


@case(errors.JwsAlgorithmRefused)
def algorithm(scene: Scene) -> TestResponse:
    header, payload, signature = scene.cast.record().split(b".")
    members = json.loads(b64url_decode(header)) | {"alg": "none"}
    return scene.site.post(
        b".".join((b64url_encode(json.dumps(members).encode()).encode(), payload, signature))
    )


@case(errors.AttachmentMismatch)
def attachment(scene: Scene) -> TestResponse:
    mine, named = scene.cast.mine, "0" * 64
    listing = {"act": "list-site", "site": f"{mine.party}pit", "party": mine.party}
    described = {"description": {"name": "Pit", "country": "CN"}}
    scene.site.registered(scene.cast.act(listing | described))
    made = extract(
        f"{mine.party}lots/1",
        1,
        site=f"{mine.party}pit",
        at_us=scene.site.clock.now_us(),
        attachments=(("assay", "application/pdf", 3, named),),
    )
    scene.site.registered(scene.cast.sign(payload_of([made]), mine, cty=EPCIS))
    headers = {
        "Content-Type": "application/octet-stream",
        "Authorization": f"Bearer {scene.site.token(mine)}",
    }
    return scene.site.client.put(f"/v1/attachments/{named}", data=b"abc", headers=headers)


@case(errors.SignatureInvalid)
def signature(scene: Scene) -> TestResponse:
    one, other = scene.cast.record(number=1), scene.cast.record(number=2)
    return scene.site.post(one.rpartition(b".")[0] + b"." + other.rpartition(b".")[2])


@case(errors.StatementPrivate)
def private(scene: Scene) -> TestResponse:
    jws = scene.cast.record()
    scene.site.registered(jws)
    return scene.site.get(path_of(jws), scene.cast.operator)


@case(errors.StatementConflict)
def conflict(scene: Scene) -> TestResponse:
    jti = str(uuid.uuid4())
    scene.site.registered(scene.cast.record(number=1, jti=jti))
    return scene.site.post(scene.cast.record(number=2, jti=jti))


@case(errors.StatementErased)
def erased(scene: Scene) -> TestResponse:
    jws = scene.cast.record()
    index = scene.site.registered(jws)["index"]
    with scene.site.parts.engine.connect() as connection:
        row = log_store.read_statement(connection, index)
    assert row is not None
    scene.site.registered(scene.cast.act({"act": "erase", **erasure_of(row)}))
    return scene.site.get(path_of(jws), scene.cast.mine)


@case(errors.QueueFull)
def queue_full(scene: Scene) -> TestResponse:
    """Somebody else holds the log lock: one statement is being committed, one waits, and no more may."""
    with _held_lock(scene.url):
        waiting = [_posted(scene, number) for number in range(2)]
        deadline = time.monotonic() + 8
        while scene.site.parts.registrar.queue_depth < 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        response = scene.site.post(scene.cast.record(number=9))
    for thread in waiting:
        thread.join()
    return response


@case(errors.StoreBusy)
def store_busy(scene: Scene) -> TestResponse:
    """Somebody else holds the log lock for longer than is waited, which is not long here."""
    with _held_lock(scene.url), pytest.MonkeyPatch.context() as patience:
        patience.setattr(batch, "begin_write", partial(begin_write, timeout_ms=200))
        return scene.site.post(scene.cast.record())


@case(errors.ClockSkew)
def clock_skew(scene: Scene) -> TestResponse:
    """The host's clock falls behind the database's, and behind the last entry's time."""
    scene.site.clock.shift_us = -60_000_000
    return scene.site.post(scene.cast.record(iat=int(time.time()) - 60))


@case(errors.LedgerEmpty)
def ledger_empty(scene: Scene) -> TestResponse:
    with unguarded(scene.url) as connection:
        for table in ("statement_bytes", "statements", "entries", "checkpoints", "origin", "keys"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE head SET tree_size = 0, checkpoint_number = -1"))
    return scene.site.get("/v1/log")


@case(errors.MarkMissing)
def mark_missing(scene: Scene) -> TestResponse:
    shutil.rmtree(scene.site.parts.settings.mark_dir)
    return scene.site.post(scene.cast.record())


@case(errors.MarkAhead)
def mark_ahead(scene: Scene) -> TestResponse:
    """The log's key has signed five entries, and the database has one: it is older than that."""
    note = sign_checkpoint(Checkpoint(scene.cast.origin, 5, bytes(32)), scene.cast.log_signer)
    scene.site.parts.mark.advance(note)
    return scene.site.post(scene.cast.record())


@case(errors.MarkUnwritable)
def mark_unwritable(scene: Scene) -> TestResponse:
    """The mark's folder is a file."""
    folder = scene.site.parts.settings.mark_dir
    shutil.rmtree(folder)
    folder.touch()
    return scene.site.post(scene.cast.record())


@case(errors.LogInconsistent)
def log_inconsistent(scene: Scene) -> TestResponse:
    with unguarded(scene.url) as connection:
        connection.execute(text("UPDATE entries SET leaf_hash = :other"), {"other": bytes(32)})
    return scene.site.post(scene.cast.record())


@case(errors.StatementUnjudged)
def statement_unjudged(scene: Scene) -> TestResponse:
    """What is stored of its effects is more than a column holds."""
    with pytest.MonkeyPatch.context() as scope:
        scope.setattr(batch, "write_changes", lambda *_: (2**63).to_bytes(8, "big", signed=True))
        return scene.site.post(scene.cast.record())


def _posted(scene: Scene, number: int) -> threading.Thread:
    jws = scene.cast.record(number=number)
    thread = threading.Thread(target=scene.site.post, args=(jws,))
    thread.start()
    # The first one is taken from the queue before the second is put there.
    deadline = time.monotonic() + 8
    while number == 0 and scene.site.parts.registrar.queue_depth != 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)
    return thread


@contextmanager
def _held_lock(url: str) -> Iterator[None]:
    engine = create_ledger_engine(url, pool_size=1)
    with engine.connect() as connection, begin_write(connection):
        yield
        connection.rollback()
    engine.dispose()


@pytest.fixture
def scene(cast: Cast, engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Scene]:
    cast.policy = {"rule_set": 1, "retention_days": 0}
    with open_site(cast, engine, tmp_path / "site", queue_limit=1) as site:
        yield Scene(site, database_url, tmp_path)


def test_every_error_has_a_case() -> None:
    assert set(CASES) == set(request_errors())


@pytest.mark.parametrize("kind", sorted(CASES, key=lambda each: each.code), ids=lambda each: each.code)
def test_it_is_met_over_http(scene: Scene, kind: type[errors.RequestError]) -> None:
    response = CASES[kind](scene)
    members: dict[str, Any] = assert_problem(response, STATUSES[kind], kind.code)
    assert members["title"] == kind.title
    if issubclass(kind, errors.UnavailableError):
        assert response.headers["Retry-After"] == str(kind.retry_after_s)
    if issubclass(kind, errors.UnauthenticatedError):
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    if kind is errors.MethodNotAllowed:
        assert response.headers["Allow"] == "POST"
