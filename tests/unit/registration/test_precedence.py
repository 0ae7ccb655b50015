"""Who goes first in a process: the committing thread, once it had to wait for the log lock; then those who
examine the oldest requests."""

import gc
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from ledger.registration import precedence as module
from ledger.registration.precedence import Precedence, Turn, Turns, uncollected


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


# --- turns ---


@contextmanager
def beginning(turn: Turn) -> Iterator[threading.Thread]:
    """A thread that has a line to examine; afterwards it may."""
    thread = threading.Thread(target=turn.begin, daemon=True)
    thread.start()
    yield thread
    thread.join(20)
    assert not thread.is_alive()


def begins(turn: Turn) -> None:
    with beginning(turn):
        pass


def past_the_free_lines(turn: Turn) -> Turn:
    for _ in range(module.FREE_LINES):
        begins(turn)
        turn.pause()
    return turn


@contextmanager
def requests(turns: Turns, count: int) -> Iterator[list[Turn]]:
    """Requests that have come one after the other, each beyond what waits for nobody."""
    with ExitStack() as stack:
        yield [past_the_free_lines(stack.enter_context(turns.queued())) for _ in range(count)]


def test_the_oldest_request_is_examined_first() -> None:
    with requests(Turns(1), 3) as (first, second, third):
        begins(first)
        with beginning(second) as younger, beginning(third) as youngest:
            assert waits(younger)
            first.pause()
            younger.join(60)
            assert waits(youngest)
            second.pause()


def test_as_many_are_examined_at_once_as_there_are_processors() -> None:
    with requests(Turns(2), 3) as (first, second, third):
        begins(first)
        begins(second)
        with beginning(third) as youngest:
            assert waits(youngest)
            first.pause()


def test_an_older_request_waits_for_no_younger_one() -> None:
    with requests(Turns(1), 2) as (first, second):
        begins(second)
        begins(first)


def test_who_has_nothing_to_examine_keeps_nobody() -> None:
    with requests(Turns(1), 2) as (first, second):
        begins(first)
        first.pause()
        begins(second)


def test_who_is_done_keeps_nobody() -> None:
    turns = Turns(1)
    with turns.queued() as turn, requests(turns, 1) as (second,):
        first = past_the_free_lines(turn)
        begins(first)
        with beginning(second) as younger:
            assert waits(younger)
            turns.leave(first)


def test_a_request_that_fails_keeps_nobody() -> None:
    turns = Turns(1)
    with suppress(ValueError), requests(turns, 1) as (first,):
        begins(first)
        raise ValueError
    with requests(turns, 1) as (second,):
        begins(second)


def test_a_small_batch_waits_for_nobody() -> None:
    turns = Turns(1)
    with requests(turns, 1) as (first,), turns.queued() as small:
        begins(first)
        past_the_free_lines(small)
        with beginning(small) as thread:
            assert waits(thread)
            first.pause()


def test_a_large_batch_lets_those_go_first_that_came_after_it() -> None:
    with requests(Turns(1), 2) as (first, second):
        for _ in range(module.FREE_LINES, module.TURN_LINES - 1):
            begins(first)
            first.pause()
        begins(second)
        with beginning(first) as older:
            assert waits(older)
            second.pause()
