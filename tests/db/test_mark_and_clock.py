"""The write path against its mark and its clock: what it refuses to sign."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.clock import SystemClock
from ledger.errors import (
    ClockSkew,
    MarkAhead,
    MarkMissing,
    MarkUnwritable,
)
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.merkle import prove_consistency
from ledger.log.tree_head import Checkpoint
from ledger.registration import batch, log_state
from ledger.registration.batch import BatchWriter
from ledger.registration.kept_books import KeptBooks
from ledger.registration.registrar import Registrar
from ledger.store import log_store
from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import HeadRow
from tests.support.cast import Cast
from tests.support.databases import copy_sqlite


def note_of(engine: Engine, size: int) -> bytes:
    """The signed checkpoint of this size."""
    with engine.connect() as connection:
        stored = log_store.checkpoint_of_size(connection, size)
    assert stored is not None
    return stored.note


class TestMark:
    def test_no_mark_on_this_host(
        self, cast: Cast, registrar: Registrar, engine: Engine, tmp_path: Path
    ) -> None:
        other = cast.registrar(engine, tmp_path / "elsewhere")
        with pytest.raises(MarkMissing):
            other.register(cast.record())
        other.close()

    def test_an_older_copy_refuses_to_sign(
        self, cast: Cast, sqlite_url: str, sqlite_template: Path, tmp_path: Path
    ) -> None:

        engine = create_ledger_engine(sqlite_url)
        registrar = cast.started(engine, tmp_path / "mark")
        registrar.register(cast.record())
        registrar.close()
        engine.dispose()
        older = create_ledger_engine(copy_sqlite(sqlite_template, tmp_path / "older.db"))
        again = cast.registrar(older, tmp_path / "mark")
        with pytest.raises(MarkAhead):
            again.initialise(cast.act(cast.genesis()))
        older.dispose()

    def test_another_log_of_the_same_size(
        self, cast: Cast, registrar: Registrar, engine: Engine, tmp_path: Path
    ) -> None:
        registrar.register(cast.record())
        mark = cast.mark(tmp_path / "fork")
        mark.replace(sign_checkpoint(Checkpoint(cast.origin, 1, bytes(32)), cast.log_signer))
        forked = cast.registrar(engine, tmp_path / "fork")
        with pytest.raises(MarkAhead):
            forked.register(cast.record(number=2))
        forked.close()

    def test_a_mark_that_cannot_be_written_acknowledges_nothing(
        self,
        cast: Cast,
        registrar: Registrar,
        engine: Engine,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:

        def refuse(source: Any, target: Any) -> None:
            raise OSError(30, "Read-only file system")

        jws = cast.record()
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", refuse)
            with pytest.raises(MarkUnwritable):
                registrar.register(jws)
            with pytest.raises(MarkUnwritable):
                registrar.register(cast.record(number=2))
        with engine.connect() as connection:
            assert log_store.read_head(connection).tree_size == 2
        again = registrar.register(jws)
        assert (again.created, again.index) == (False, 1)
        assert registrar.register(cast.record(number=3)).index == 2


class TestMarkBehindAnotherHost:
    """This host knows entries 0 and 1; another one has appended entry 2, which this host's mark lacks."""

    @pytest.fixture
    def proved(
        self,
        cast: Cast,
        registrar: Registrar,
        engine: Engine,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> list[int]:
        """The sizes of the marks that a proof was made for."""
        registrar.register(cast.record())
        cast.mark(tmp_path / "another").replace(note_of(engine, 2))
        another = cast.registrar(engine, tmp_path / "another")
        another.register(cast.record(number=2))
        another.close()
        sizes: list[int] = []

        def prove(size: int, *rest: Any) -> list[bytes]:
            sizes.append(size)
            return prove_consistency(size, *rest)

        monkeypatch.setattr(log_state, "prove_consistency", prove)
        return sizes

    def test_what_grew_from_the_marked_head_needs_no_proof(
        self, cast: Cast, registrar: Registrar, proved: list[int]
    ) -> None:
        assert registrar.register(cast.record(number=3)).index == 3
        assert proved == []

    def test_what_grew_from_an_older_mark_is_proved(
        self, cast: Cast, registrar: Registrar, engine: Engine, tmp_path: Path, proved: list[int]
    ) -> None:
        cast.mark(tmp_path / "mark").replace(note_of(engine, 1))
        assert registrar.register(cast.record(number=3)).index == 3
        assert proved == [1]

    @pytest.mark.parametrize("size", [1, 2])
    def test_a_mark_of_another_log_is_found(
        self, cast: Cast, registrar: Registrar, tmp_path: Path, proved: list[int], size: int
    ) -> None:
        forked = sign_checkpoint(Checkpoint(cast.origin, size, bytes(32)), cast.log_signer)
        cast.mark(tmp_path / "mark").replace(forked)
        with pytest.raises(MarkAhead):
            registrar.register(cast.record(number=3))
        assert proved == [size]


class FixedClock:
    def __init__(self, now_us: int) -> None:
        self.us = now_us

    def now_us(self) -> int:
        return self.us


class TestAnotherWriter:
    """A process of the same host that appends, and raises the mark, between two looks of this one."""

    @pytest.fixture
    def meanwhile(
        self,
        cast: Cast,
        registrar: Registrar,
        engine: Engine,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[Callable[[Any], None]]:
        """Lets it append right after a module has read the head."""
        registrar.register(cast.record())
        other = cast.registrar(engine, tmp_path / "mark")
        real = log_store.read_head

        def append_after_the_head_of(module: Any) -> None:
            def read_head(connection: Connection) -> HeadRow:
                head = real(connection)
                monkeypatch.setattr(log_store, "read_head", real)
                other.register(cast.record(number=2))
                return head

            monkeypatch.setattr(module.log_store, "read_head", read_head)

        yield append_after_the_head_of
        other.close()

    def test_an_idle_process_does_not_take_the_mark_to_be_ahead(
        self,
        cast: Cast,
        engine: Engine,
        tmp_path: Path,
        meanwhile: Callable[[Any], None],
    ) -> None:
        mark = cast.mark(tmp_path / "mark")
        writer = BatchWriter(engine, cast.origin, cast.log_signer, mark, SystemClock())
        before = mark.read()
        meanwhile(batch)
        writer.advance_mark()
        after = mark.read()
        assert before is not None
        assert after is not None
        assert after.size == before.size + 1


class TestClock:
    def test_a_clock_that_went_back(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:

        engine = create_ledger_engine(sqlite_url)
        clock = FixedClock(1_800_000_000_000_000)
        registrar = cast.started(engine, tmp_path, clock=clock)
        clock.us -= 5_000_000
        held = registrar.register(cast.record())
        assert held.recorded_at_us == 1_800_000_000_000_000
        clock.us += 20_000_000
        later = registrar.register(cast.record(number=2))
        assert later.recorded_at_us == clock.us
        clock.us -= 5_000_000
        held = registrar.register(cast.record(number=3))
        assert held.recorded_at_us == later.recorded_at_us
        clock.us -= 1
        with pytest.raises(ClockSkew):
            registrar.register(cast.record(number=4))
        registrar.close()
        engine.dispose()

    def test_books_that_are_long_in_opening_are_no_difference(
        self, cast: Cast, registrar: Registrar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The clocks of host and database are read side by side."""
        clock, opened = SystemClock(), KeptBooks.open
        late_us = 0

        def open_slowly(*parts: Any) -> None:
            nonlocal late_us
            opened(*parts)
            late_us = 6_000_000

        monkeypatch.setattr(KeptBooks, "open", open_slowly)
        monkeypatch.setattr(SystemClock, "now_us", lambda _: time.time_ns() // 1_000 + late_us)
        assert registrar.register(cast.record()).created
        assert late_us
        assert clock.now_us() > time.time_ns() // 1_000

    def test_host_and_database_differ(self, cast: Cast, postgres_url: str, tmp_path: Path) -> None:

        engine = create_ledger_engine(postgres_url)
        registrar = cast.registrar(engine, tmp_path, clock=FixedClock(1_800_000_000_000_000))
        with pytest.raises(ClockSkew):
            registrar.initialise(cast.act(cast.genesis()))
        registrar.close()
        engine.dispose()
