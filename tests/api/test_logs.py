"""Log lines: one JSON object each, and nothing in them that is nobody's business."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from api.logs import JsonFormatter, configure_logging, exception_members
from ledger.errors import QueueFull
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.web import Site, open_site, settings_for

FULL = Path("/dev/full")


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_exception_is_told_without_its_text() -> None:
    try:
        try:
            raise ValueError("hunter2")
        except ValueError as error:
            raise RuntimeError("hunter3") from error
    except RuntimeError as error:
        members = exception_members(error)
    assert members["kind"] == "builtins.RuntimeError"
    assert members["cause"]["kind"] == "builtins.ValueError"
    assert any("test_logs.py" in frame for frame in members["frames"])
    assert "hunter" not in json.dumps(members)


def test_an_error_of_our_own_is_quoted() -> None:
    assert exception_members(raised(QueueFull("full")))["text"] == "queue.full: full"


def test_lines_of_libraries_have_the_same_form() -> None:
    error = raised(KeyError("hunter2"))
    record = logging.LogRecord(
        "lib", logging.WARNING, "f", 1, "%s happened", ("it",), (KeyError, error, error.__traceback__)
    )
    text = JsonFormatter().format(record)
    members = json.loads(text)
    assert (members["event"], members["level"], members["logger"]) == ("it happened", "warning", "lib")
    assert members["timestamp"].endswith("Z")
    assert "\n" not in text
    assert "hunter2" not in text


@pytest.fixture
def configured(
    cast: Cast,
    sqlite_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Site]:
    """A site whose process logs as a server's does."""
    level = getattr(request, "param", "info")
    engine = create_ledger_engine(sqlite_url)
    root = logging.getLogger()
    handlers, structlog_before = root.handlers[:], structlog.get_config()
    configure_logging(settings_for(cast, sqlite_url, tmp_path / "site", log_level=level))
    with open_site(cast, engine, tmp_path / "site") as site:
        yield site
    engine.dispose()
    root.handlers[:] = handlers
    structlog.configure(**structlog_before)


def test_a_request_has_one_line(configured: Site, capsys: pytest.CaptureFixture[str]) -> None:
    configured.get("/v1/refusals?start=0", configured.cast.mine)
    (line,) = capsys.readouterr().err.splitlines()
    members = json.loads(line)
    assert members["event"] == "request"
    assert members["method"] == "GET"
    assert members["path"] == members["rule"] == "/v1/refusals"
    assert members["status"] == 200
    assert members["reader_kid"] == configured.cast.mine.signer.kid
    assert members["seconds"] > 0
    assert "start=0" not in line


def test_a_line_cannot_be_forged(configured: Site, capsys: pytest.CaptureFixture[str]) -> None:
    configured.get('/v1/log%0A{"event":"forged"}' + "x" * 1_000)
    (line,) = capsys.readouterr().err.splitlines()
    assert len(json.loads(line)["path"]) == 300


def test_no_credential_is_in_a_line(configured: Site, capsys: pytest.CaptureFixture[str]) -> None:
    token = configured.token(configured.cast.mine)
    jws = configured.cast.record()
    configured.get("/v1/refusals", token)
    configured.get("/v1/refusals", token + "x")
    configured.post(jws)
    configured.post(jws[:-3])
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 4
    for secret in (token, token.rpartition(".")[2], jws.decode(), jws.decode().split(".")[1]):
        assert secret not in text


@pytest.mark.parametrize("configured", ["warning"], indirect=True)
def test_less_urgent_lines_are_left_out(configured: Site, capsys: pytest.CaptureFixture[str]) -> None:
    configured.get("/healthz")
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("configured", ["debug"], indirect=True)
def test_a_line_for_which_there_is_no_room_stops_no_request(
    configured: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert configured.post(configured.cast.record()).status_code == 201
        assert configured.get("/healthz").status_code == 200
        logging.getLogger("a.library").warning("happened")
        monkeypatch.undo()
        with suppress(OSError):  # what was left in its buffer
            full.close()
