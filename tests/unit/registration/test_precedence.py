"""Who goes first in a process: the committing thread, once it had to wait for the log lock."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.registration import precedence as module
from ledger.registration.precedence import Precedence, uncollected


@contextmanager
def standing_back(precedence: Precedence) -> Iterator[threading.Thread]:
    """A thread that stands back; afterwards it has ended."""
    thread = threading.Thread(target=precedence.stand_back, daemon=True)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 600.0)


def waits(thread: threading.Thread) -> bool:
    thread.join(0.02)
    return thread.is_alive()


def test_the_others_stand_back_until_it_ends() -> None:
    precedence = Precedence()
    precedence.stand_back()
    precedence.take()
    with standing_back(precedence) as thread:
        assert waits(thread)
        precedence.end()
    precedence.stand_back()


def test_nobody_stands_back_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.001)
    precedence = Precedence()
    precedence.take()
    precedence.stand_back()


def test_who_holds_the_lock_is_not_kept_by_the_garbage_collector() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="in between"), uncollected():
        raise ValueError("in between")
    assert gc.isenabled()


def test_only_who_stopped_the_garbage_collector_starts_it_again() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
