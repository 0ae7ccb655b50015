"""The write path against its mark and its clock: what it refuses to sign."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.errors import (
    ClockSkew,
    MarkAhead,
    MarkMissing,
    MarkUnwritable,
)
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.tree_head import Checkpoint
from ledger.registration.registrar import Registrar
from ledger.store import log_store
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.databases import copy_sqlite


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
        with engine.connect() as connection:
            note = log_store.checkpoint_of_size(connection, 1)
        assert note is not None
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


class FixedClock:
    def __init__(self, now_us: int) -> None:
        self.us = now_us

    def now_us(self) -> int:
        return self.us


class TestClock:
    def test_a_clock_that_went_back(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:

        engine = create_ledger_engine(sqlite_url)
        clock = FixedClock(1_800_000_000_000_000)
        registrar = cast.started(engine, tmp_path, clock=clock)
        clock.us -= 5_000_000
        held = registrar.register(cast.record())
        assert held.recorded_at_us == 1_800_000_000_000_000
        clock.us -= 1
        with pytest.raises(ClockSkew):
            registrar.register(cast.record(number=2))
        registrar.close()
        engine.dispose()

    def test_host_and_database_differ(self, cast: Cast, postgres_url: str, tmp_path: Path) -> None:

        engine = create_ledger_engine(postgres_url)
        registrar = cast.registrar(engine, tmp_path, clock=FixedClock(1_800_000_000_000_000))
        with pytest.raises(ClockSkew):
            registrar.initialise(cast.act(cast.genesis()))
        registrar.close()
        engine.dispose()
