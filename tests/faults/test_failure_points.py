"""Each point at which a batch can fail, lost or carried out but reported as failed; then the log goes on.

After each fault: what was acknowledged is provable, nothing has two indices, the head continues every
checkpoint, and the same bytes sent again are recorded exactly once.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

import ledger.registration.batch as batch
from ledger.audit.database import verify_database
from ledger.errors import LogInconsistent, UnavailableError
from ledger.log.receipt import verify_receipt
from ledger.store import log_store
from tests.support.cast import Cast

pytestmark = pytest.mark.usefixtures("sent_at_once")


def broken(*_: Any, **__: Any) -> Any:
    raise OperationalError("the connection broke", {}, Exception("server closed the connection"))


@contextmanager
def failing(
    patch: pytest.MonkeyPatch, owner: Any, name: str, *, persisted: bool, times: int = 1
) -> Iterator[None]:
    """Makes a function fail: before it does its work (lost), or after (carried out, reported as failed)."""
    original: Callable[..., Any] = getattr(owner, name)
    left = 1

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left <= 0:
            return original(*args, **kwargs)
        left -= 1
        if persisted:
            original(*args, **kwargs)
        return broken()

    with patch.context() as scope:
        scope.setattr(owner, name, wrapper)
        yield


POINTS: list[tuple[Any, str]] = [
    (batch, "begin_write"),
    (log_store, "read_head"),
    (batch, "ask_facts"),
    (log_store, "logged_keys"),
    (log_store, "append_entries"),
    (batch, "write_changes"),
    (log_store, "read_stored"),
    (log_store, "append_checkpoint"),
    (log_store, "append_refusals"),
    (log_store, "swap_head"),
    (Connection, "commit"),
]


@pytest.mark.parametrize("persisted", [False, True], ids=["lost", "persisted"])
@pytest.mark.parametrize(("owner", "name"), POINTS, ids=[name for _, name in POINTS])
def test_a_fault_anywhere_loses_nothing_and_doubles_nothing(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    persisted: bool,
) -> None:
    cast = Cast()
    registrar = cast.started(engine, tmp_path / "mark")
    before = [cast.record(number=number) for number in range(3)]
    receipts = [(jws, registrar.register(jws).receipt) for jws in before]
    jws = cast.record(number=99)
    with failing(monkeypatch, owner, name, persisted=persisted):
        with suppress(UnavailableError):
            receipts.append((jws, registrar.register(jws).receipt))
        assert registrar.stopped is None
    again = registrar.register(jws)
    assert again.index == 4
    receipts.append((jws, again.receipt))
    after = cast.record(number=100)
    receipts.append((after, registrar.register(after).receipt))
    registrar.close()
    for signed, receipt in receipts:
        verify_receipt(receipt, hashlib.sha256(signed).digest(), cast.origin, [cast.verifier])
    report = verify_database(
        engine,
        workers=1,
        receipts=[receipt for _, receipt in receipts],
    )
    assert report.faults == []
    with engine.connect() as connection:
        assert log_store.read_head(connection).tree_size == 6


def test_a_commit_that_was_carried_out_and_reported_as_failed_is_answered_with_its_receipt(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    registrar = cast.started(engine, tmp_path / "mark")
    jws = cast.record()
    with failing(monkeypatch, Connection, "commit", persisted=True):
        registered = registrar.register(jws)
    assert (registered.created, registered.index) == (True, 1)
    registrar.close()


def test_rows_stored_other_than_made_stop_the_log(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    registrar = cast.started(engine, tmp_path / "mark")

    def corrupt(connection: Connection, entries: Any, tiles: Any = ()) -> None:
        changed = [type(each)(**{**fields(each), "jws": each.jws[:-1] + b"x"}) for each in entries]
        original(connection, changed, tiles)

    original = log_store.append_entries
    monkeypatch.setattr(log_store, "append_entries", corrupt)
    with pytest.raises(LogInconsistent):
        registrar.register(cast.record())
    registrar.close()
    with engine.connect() as connection:
        assert log_store.read_head(connection).tree_size == 1


def fields(entry: log_store.NewEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in log_store.NewEntry.__slots__}


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_mark_that_fails_after_the_commit(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    cast = Cast()
    registrar = cast.started(engine, tmp_path / "mark")
    jws = cast.record()

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as scope:
        scope.setattr(os, step, refuse)
        for _ in range(2):
            with pytest.raises(UnavailableError):
                registrar.register(jws)
    assert registrar.register(jws).index == 1
    kept = cast.mark(tmp_path / "mark").read()
    assert kept is not None
    assert kept.size == 2
    registrar.close()
