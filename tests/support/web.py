"""A whole application on a real database, asked through the WSGI client: no part of it is replaced."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from api.app import close_app, create_app
from api.parts import EXTENSION, Parts
from api.settings import Settings
from ledger.clock import Clock, SystemClock
from ledger.registration.registrar import Registrar
from ledger.statements.tokens import make_session_proof, make_token
from tests.support.cast import Actor, Cast

JOSE = {"Content-Type": "application/jose"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass
class ShiftedClock:
    """The host's clock, off by what a test wants."""

    shift_us: int = 0

    def now_us(self) -> int:
        return SystemClock().now_us() + self.shift_us


def settings_for(cast: Cast, url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of a server on this database; the log's key is written below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "log.pem"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_bytes(cast.log_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    members: dict[str, Any] = {
        "database_url": url,
        "origin": cast.origin,
        "log_key_file": key_file,
        "mark_dir": folder / "mark",
        "log_level": "error",
    }
    return Settings(**members | changes)


@dataclass
class Site:
    """An application with the parties that use it."""

    cast: Cast
    app: Flask
    clock: ShiftedClock = field(default_factory=ShiftedClock)

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.extensions[EXTENSION]
        return parts

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def token(self, reader: Actor, **changes: Any) -> str:
        """A good token, unless ``changes`` make it another one."""
        members: dict[str, Any] = {
            "origin": self.cast.origin,
            "now_s": SystemClock().now_us() // 1_000_000,
        } | changes
        return make_token(reader.signer, **members)

    def proof(self, signer: Actor, **changes: Any) -> str:
        """An answer to a new challenge, unless ``changes`` make it another one."""
        now_s = self.clock.now_us() // 1_000_000
        members: dict[str, Any] = {"origin": self.cast.origin, "now_s": now_s} | changes
        if "challenge" not in members:
            members["challenge"] = self.client.post("/v1/sessions/challenges").get_json()["challenge"]
        return make_session_proof(signer.signer, **members)

    def sign_in(self, signer: Actor) -> FlaskClient:
        """A browser in which a party has a session."""
        browser = self.client
        response = browser.post("/v1/sessions", data=self.proof(signer), headers=JOSE)
        assert response.status_code == 201, response.text
        return browser

    def get(self, path: str, reader: Actor | str | None = None, **headers: str) -> TestResponse:
        return self.ask("GET", path, reader, **headers)

    def ask(self, method: str, path: str, reader: Actor | str | None = None, **headers: str) -> TestResponse:
        """A request, with a reader's token where one is named; header names with ``_`` for ``-``."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if reader is not None:
            sent["Authorization"] = f"Bearer {reader if isinstance(reader, str) else self.token(reader)}"
        return self.client.open(path, method=method, headers=sent)

    def post(self, jws: bytes, path: str = "/v1/statements", **headers: str) -> TestResponse:
        return self.client.post(
            path, data=jws, headers=JOSE | {name.replace("_", "-"): text for name, text in headers.items()}
        )

    def batch(self, lines: bytes) -> list[dict[str, Any]]:
        response = self.client.post("/v1/statements/batch", data=lines, headers=NDJSON, buffered=True)
        assert response.status_code == 200, response.text
        assert response.content_type == "application/x-ndjson"
        return [json.loads(line) for line in response.data.splitlines()]

    def registered(self, jws: bytes) -> dict[str, Any]:
        """Registers a statement that must be good; the JSON answer."""
        response = self.post(jws)
        assert response.status_code == 201, response.text
        members: dict[str, Any] = response.get_json()
        return members


@contextmanager
def open_site(
    cast: Cast,
    engine: Engine,
    folder: Path,
    *,
    genesis: bool = True,
    registrar: Registrar | None = None,
    clock: Clock | None = None,
    **changes: Any,
) -> Iterator[Site]:
    """A site on a migrated, empty database; closed afterwards."""
    url = engine.url.render_as_string(hide_password=False)
    settings = settings_for(cast, url, folder, **changes)
    shifted = ShiftedClock()
    if genesis:
        starter = cast.started(engine, settings.mark_dir)
        starter.close()
    app = create_app(settings, engine=engine, registrar=registrar, clock=clock or shifted)
    try:
        yield Site(cast, app, shifted)
    finally:
        close_app(app)


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, in the one shape that all of them have."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    members: dict[str, Any] = json.loads(response.data)
    assert members["code"] == code
    assert members["status"] == status
    assert members["type"] == f"/docs/errors#{code}"
    for name in ("title", "detail", "mend", "request_id"):
        assert isinstance(members[name], str)
        assert members[name], name
    assert members["request_id"] == response.headers["X-Request-Id"]
    assert set(members) >= {"type", "title", "status", "detail", "code", "mend", "request_id"}
    return members


class _Pieces:
    """A stream that gives what it has in pieces and then ends."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        size = min(size if size >= 0 else len(self._body), 1_000)
        piece, self._body = self._body[:size], self._body[size:]
        return piece


def chunked(body: bytes) -> dict[str, Any]:
    """WSGI variables of a request whose body comes without a length, as servers hand over chunked ones."""
    return {"wsgi.input": _Pieces(body), "wsgi.input_terminated": True}
