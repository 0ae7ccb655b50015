"""Requests with many lines side by side in one process: who is examined, and who waits."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.clock import SystemClock
from ledger.registration import registrar as module
from ledger.registration.outcomes import LineResult
from ledger.registration.precedence import FREE_LINES
from ledger.registration.registrar import Registrar
from ledger.store.locking import begin_write
from tests.support.cast import Cast, actor

WAIT_S = 30.0
Line = tuple[int, bytes]


@pytest.fixture
def registrar(cast: Cast, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    """One that examines a single request at once."""
    cast.started(engine, tmp_path / "mark").close()
    mark = cast.mark(tmp_path / "mark")
    made = Registrar(engine, cast.origin, cast.log_signer, mark, SystemClock(), examiners=1)
    yield made
    made.close()


class Request:
    """A batch request under way in a thread of its own."""

    def __init__(self, registrar: Registrar, lines: Iterator[Line]) -> None:
        self.results: list[LineResult] = []
        self._thread = threading.Thread(
            target=lambda: self.results.extend(registrar.register_lines(lines)), daemon=True
        )
        self._thread.start()

    def end(self) -> list[LineResult]:
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        return self.results


def some_lines(
    cast: Cast, first: int, count: int, then: Callable[[], object] = lambda: None
) -> Iterator[Line]:
    """Lines, and what happens when all of them have been taken."""
    for number in range(first, first + count):
        yield number, cast.record(number=number)
    then()


def accepted(results: list[LineResult]) -> int:
    assert all(result.error is None for result in results)
    return len(results)


def test_lines_that_are_long_in_coming_keep_no_other_request(cast: Cast, registrar: Registrar) -> None:
    gone, on = threading.Event(), threading.Event()

    def wait() -> None:
        gone.set()
        assert on.wait(WAIT_S)

    older = Request(registrar, some_lines(cast, 0, FREE_LINES + 8, wait))
    assert gone.wait(WAIT_S)
    younger = Request(registrar, some_lines(cast, 1_000, 2 * FREE_LINES))
    assert accepted(younger.end()) == 2 * FREE_LINES
    on.set()
    assert accepted(older.end()) == FREE_LINES + 8


def test_a_request_that_waits_for_earlier_lines_keeps_no_other(
    cast: Cast, registrar: Registrar, engine: Engine
) -> None:
    """One of them may enrol the key of a later one; meanwhile another writer holds the log lock."""
    reached, taken = threading.Event(), threading.Event()

    def lines() -> Iterator[Line]:
        yield from some_lines(cast, 0, FREE_LINES + 8)
        reached.set()
        yield FREE_LINES + 8, cast.record(actor("stranger", "miner"))

    with engine.connect() as other:
        begin_write(other)
        older = Request(registrar, lines())
        assert reached.wait(WAIT_S)
        younger = Request(registrar, some_lines(cast, 1_000, 2 * FREE_LINES, taken.set))
        assert taken.wait(5)
        other.rollback()
    assert accepted(younger.end()) == 2 * FREE_LINES
    assert [result.error is None for result in older.end()] == [True] * (FREE_LINES + 8) + [False]


def test_a_younger_request_waits_beyond_its_first_lines(
    cast: Cast, registrar: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    examining, on, waiting = threading.Event(), threading.Event(), threading.Event()
    counted: list[int] = []
    real = module.examine
    held = cast.record(number=FREE_LINES)

    def examine(statement: Any, *rest: Any) -> Any:
        if statement.jws == held:
            examining.set()
            assert on.wait(WAIT_S)
        return real(statement, *rest)

    def older_lines() -> Iterator[Line]:
        yield from some_lines(cast, 0, FREE_LINES)
        yield FREE_LINES, held

    def younger_lines() -> Iterator[Line]:
        for number, jws in some_lines(cast, 1_000, 2 * FREE_LINES):
            counted.append(number)
            if len(counted) > FREE_LINES:
                waiting.set()
            yield number, jws

    monkeypatch.setattr(module, "examine", examine)
    older = Request(registrar, older_lines())
    assert examining.wait(WAIT_S)
    younger = Request(registrar, younger_lines())
    assert waiting.wait(WAIT_S)
    threading.Event().wait(0.2)
    assert len(counted) == FREE_LINES + 1
    on.set()
    assert accepted(younger.end()) == 2 * FREE_LINES
    assert accepted(older.end()) == FREE_LINES + 1


@pytest.mark.parametrize("place", [0, 1, 5])
def test_a_fault_that_nobody_foresaw_comes_after_the_results_before_it(
    cast: Cast, registrar: Registrar, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    lines = [(number, cast.record(number=number)) for number in range(8)]
    real, wrong = module.examine, lines[place][1]

    def examine(statement: Any, *rest: Any) -> Any:
        if statement.jws == wrong:
            raise ZeroDivisionError
        return real(statement, *rest)

    monkeypatch.setattr(module, "examine", examine)
    told: list[LineResult] = []
    with pytest.raises(ZeroDivisionError):
        told.extend(registrar.register_lines(lines))
    assert [result.line for result in told] == list(range(place))
    assert accepted(told) == place
