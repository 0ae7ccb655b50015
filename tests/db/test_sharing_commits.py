"""How long lines wait for others to share their commit, and who goes first, on real databases."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.errors import StatementRefused
from ledger.log.receipt import verify_receipt
from ledger.registration import batch
from ledger.registration.batch import BatchWriter
from ledger.registration.committer import Limits
from ledger.registration.precedence import Precedence
from ledger.store import log_store
from tests.support.cast import Cast
from tests.support.rows import head_of


def test_lines_that_keep_coming_share_a_commit(cast: Cast, engine: Engine, tmp_path: Path) -> None:
    """Slower than any pause that would part them, and faster than the one that does."""
    limits = Limits(patience_s=5, patience_limit_s=60, patience_statements=20)
    registrar = cast.started(engine, tmp_path / "mark", limits=limits)

    def lines() -> Iterator[tuple[int, bytes]]:
        for number in range(20):
            time.sleep(0.01)
            yield number, cast.record(number=number)

    results = list(registrar.register_lines(lines()))
    assert all(each.registered is not None for each in results)
    assert head_of(engine).checkpoint_number == 1
    registrar.close()


def test_lines_that_come_for_ever_are_committed(cast: Cast, engine: Engine, tmp_path: Path) -> None:
    """While their sender has more to come, however patient it is."""
    limits = Limits(patience_s=60, patience_limit_s=0.1)
    registrar = cast.started(engine, tmp_path / "mark", limits=limits)
    until = time.monotonic() + 30

    def lines() -> Iterator[tuple[int, bytes]]:
        yield 1, cast.record()
        while head_of(engine).tree_size < 2 and time.monotonic() < until:
            time.sleep(0.01)

    (result,) = registrar.register_lines(lines())
    assert result.registered is not None
    assert time.monotonic() < until
    registrar.close()


def test_after_the_last_line_nothing_is_waited_for(cast: Cast, engine: Engine, tmp_path: Path) -> None:
    """The end of one request is not the end of another, whose lines still share a commit."""
    registrar = cast.started(engine, tmp_path / "mark", limits=Limits(patience_s=60, patience_limit_s=60))
    begun = time.monotonic()

    def lines() -> Iterator[tuple[int, bytes]]:
        yield 1, cast.record(number=1)
        (refused,) = registrar.register_lines([(1, b"no statement")])
        assert refused.error is not None
        time.sleep(0.2)
        yield 2, cast.record(number=2)

    results = list(registrar.register_lines(lines()))
    assert all(each.registered is not None for each in results)
    assert head_of(engine).checkpoint_number == 1
    assert time.monotonic() - begun < 30
    registrar.close()


@pytest.mark.parametrize(
    ("waits", "others_write", "first"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_who_waited_for_another_writer_goes_before_its_own_lines(
    cast: Cast,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    waits: bool,
    others_write: bool,
    first: bool,
) -> None:
    """From reading the head to the commit, which is the disk's."""
    seen: list[str] = []
    for name in ("take", "end", "stand_back"):
        monkeypatch.setattr(Precedence, name, lambda _, name=name: seen.append(name))
    commit = BatchWriter._commit
    monkeypatch.setattr(BatchWriter, "_commit", lambda *given: (seen.append("commit"), commit(*given)))
    monkeypatch.setattr("ledger.registration.batch.CROWDED_S", 0.0 if waits else 600.0)
    registrar, other = cast.started(engine, tmp_path / "mark"), cast.registrar(engine, tmp_path / "mark")
    registrar.register(cast.record())
    if others_write:
        other.register(cast.record())
    seen.clear()
    list(registrar.register_lines([(1, cast.record())]))
    assert seen == ["stand_back", *(["take"] if first else []), "end", "commit", "end"]
    seen.clear()
    registrar.register(cast.record())
    assert seen == ["end", "commit", "end"]
    registrar.close()
    other.close()


def test_who_waited_goes_first_for_some_batches_more_while_another_writes(
    cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer at once when nobody else has written between two of its batches."""
    taken: list[bool] = []
    monkeypatch.setattr(Precedence, "take", lambda _: taken.append(True))
    monkeypatch.setattr("ledger.registration.batch.CROWDED_BATCHES", 2)
    registrar, other = cast.started(engine, tmp_path / "mark"), cast.registrar(engine, tmp_path / "mark")

    def went_first(*, waits: bool = False, others_write: bool = True) -> bool:
        monkeypatch.setattr("ledger.registration.batch.CROWDED_S", 0.0 if waits else 600.0)
        if others_write:
            other.register(cast.record())
        taken.clear()
        registrar.register(cast.record())
        return bool(taken)

    registrar.register(cast.record())
    assert [went_first(waits=True), *(went_first() for _ in range(4))] == [True, True, True, False, False]
    assert went_first(waits=True)
    assert not went_first(others_write=False)
    assert not went_first()
    registrar.close()
    other.close()


@pytest.mark.parametrize(("longest_s", "commits"), [(0.0, 5), (60.0, 1)])
def test_what_takes_too_long_is_committed_in_parts(
    cast: Cast,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    longest_s: float,
    commits: int,
) -> None:
    monkeypatch.setattr(batch, "LONGEST_S", longest_s)
    limits = Limits(patience_s=5, patience_limit_s=60, patience_statements=6)
    registrar = cast.started(engine, tmp_path / "mark", limits=limits)
    lines = [cast.record(number=number) for number in range(5)]
    lines.insert(2, cast.record(origin="another.example/log"))
    results = list(registrar.register_lines(enumerate(lines)))
    assert isinstance(results[2].error, StatementRefused)
    registered = [each.registered for each in results if each.registered is not None]
    assert [each.index for each in registered] == [1, 2, 3, 4, 5]
    assert head_of(engine).checkpoint_number == commits
    assert head_of(engine).refusal_count == 1
    for each in registered:
        statement_hash = hashlib.sha256(each.jws).digest()
        receipt = verify_receipt(each.receipt, statement_hash, cast.origin, [cast.verifier])
        assert receipt.index == each.index
    registrar.close()


def test_what_is_placed_is_sent_to_a_server_while_the_rest_is_judged(
    cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(patience_s=5, patience_limit_s=60, patience_statements=7)
    registrar = cast.started(engine, tmp_path / "mark", limits=limits)
    monkeypatch.setattr(batch, "SENT_AT_ONCE", 3)
    done: list[str] = []

    def noted(what: str, owner: object, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            done.append(f"{what} {len(args[1])}" if what == "sent" else what)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    noted("sent", log_store, "append_entries")
    noted("judged", BatchWriter, "_place")
    results = list(registrar.register_lines((n, cast.record(number=n)) for n in range(7)))
    registrar.close()
    assert [each.registered.index for each in results if each.registered] == [*range(1, 8)]
    judged = ["judged"] * 3
    meanwhile = [*judged, "sent 3", *judged, "sent 3", "judged", "sent 1"]
    together = [*judged, *judged, "judged", "sent 7"]
    assert done == (together if engine.dialect.name == "sqlite" else meanwhile)


def test_rows_of_several_tables_are_sent_without_waiting_in_between(
    cast: Cast, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrar = cast.started(engine, tmp_path / "mark")
    done: list[str] = []
    telling = batch.telling

    @contextmanager
    def noted_telling(connection: Connection) -> Iterator[bool]:
        with telling(connection) as meanwhile:
            done.append("begun")
            yield meanwhile
            done.append("waited")

    monkeypatch.setattr(batch, "telling", noted_telling)
    for owner, name in ((log_store, "append_entries"), (batch, "write_records"), (batch, "write_changes")):
        original = getattr(owner, name)

        def call(*args: Any, name: str = name, original: Any = original) -> None:
            done.append(name)
            original(*args)

        monkeypatch.setattr(owner, name, call)
    registrar.register(cast.record())
    registrar.close()
    sent = ["append_entries", "write_records", "write_changes"]
    assert done == ["begun", "waited", "begun", *sent, "waited"]
