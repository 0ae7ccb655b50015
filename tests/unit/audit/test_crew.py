"""Who does which task of an audit, with another process that does what the test says."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ledger.audit import crew as crews
from ledger.audit.crew import Crew, Task

T = TypeVar("T")
TASKS = [Task("range", start, start + 1) for start in range(20)]


class Others:
    """Begin the first tasks and end none of them by themselves."""

    count, there = 1, True

    def __init__(self, begun: int) -> None:
        self.begun = begun
        self.futures: list[Future[Any]] = []

    def submit(self, task: Task) -> Future[Any]:
        future: Future[Any] = Future()
        if len(self.futures) < self.begun:
            future.set_running_or_notify_cancel()
        self.futures.append(future)
        return future


class Here:
    """This process: notes what it does, and lets the others end their tasks once it did so many."""

    def __init__(self, others: Others, most: int) -> None:
        self.others, self.most = others, most
        self.done: list[int] = []

    def do(self, task: Task) -> str:
        self.done.append(task.start)
        if len(self.done) == self.most:
            end(self.others.futures[: self.others.begun])
        return f"here {task.start}"

    def close(self) -> None:
        """It has no connection."""


def end(futures: Sequence[Future[Any]]) -> None:
    for place, future in enumerate(futures):
        if not future.done():
            future.set_result(f"there {place}")


def a_crew(others: Others, here: Here) -> Crew:
    made = Crew(2)
    made._others, made._assigned = others, here  # in place of __enter__ and assign, which start processes
    return made


def test_whoever_waits_does_the_first_task_that_nobody_has_begun() -> None:
    others = Others(begun=2)
    here = Here(others, most=3)
    results = a_crew(others, here).run(TASKS)
    assert next(results) == (TASKS[0], "there 0")
    assert here.done == [2, 3, 4]
    assert [next(results)[1] for _ in range(4)] == ["there 1", "here 2", "here 3", "here 4"]
    assert all(each.cancelled() for each in others.futures[2:5])
    assert not any(each.cancelled() for each in others.futures[5:])
    assert [result for _, result in results] == [f"here {start}" for start in range(5, 20)]


def test_until_the_others_are_there_this_process_does_the_first_tasks() -> None:
    others = Others(begun=0)
    others.there = False
    results = a_crew(others, Here(others, most=99)).run(TASKS)
    assert [next(results) for _ in range(3)] == [(TASKS[each], f"here {each}") for each in range(3)]
    assert others.futures == []
    others.there = True
    assert next(results) == (TASKS[3], "here 3")
    assert len(others.futures) == 16
    assert [result for _, result in results] == [f"here {start}" for start in range(4, 20)]


def test_what_keeps_the_others_from_starting_ends_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no process is left")

    monkeypatch.setattr(crews.ProcessPoolExecutor, "submit", lambda *_: fail())
    with Crew(2) as crew:
        crew._assigned = Here(Others(0), most=99)  # in place of assign
        with pytest.raises(OSError, match="no process is left"):
            list(crew.run(TASKS * 100_000))


def test_no_more_wait_than_each_process_may_have() -> None:
    others = Others(begun=1)
    next(a_crew(others, Here(others, most=1)).run(TASKS))
    assert len(others.futures) == 16


def test_where_all_are_begun_the_first_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(begun=20)
    here = Here(others, most=0)
    waited: list[Sequence[Future[Any]]] = []

    def wait(futures: Sequence[Future[Any]], timeout: float) -> None:
        waited.append(futures)
        end(others.futures)

    monkeypatch.setattr(crews, "wait", wait)
    assert next(a_crew(others, here).run(TASKS)) == (TASKS[0], "there 0")
    assert waited == [[others.futures[0]]]
    assert here.done == []


def told_by_another(asked: Callable[[], T]) -> T:
    """What a crew's other process finds."""
    with Crew(2) as crew:
        assert crew._others is not None
        crew._others.tell(None)
        told = crew._others._asker.submit(crew._others._pool.submit, asked)  # as a task once they are there
        return told.result().result()


def forked_from() -> int:
    return told_by_another(os.getppid)


def held() -> set[int]:
    """The signals that are not heard of."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_the_others_never_hear_of_an_interrupt_and_this_process_does() -> None:
    before = held()
    assert signal.SIGINT in told_by_another(held)
    assert held() == before
    assert signal.SIGINT not in before


def test_the_others_of_every_crew_come_from_one_process_that_is_not_this_one() -> None:
    assert forked_from() == forked_from()
    assert forked_from() not in (os.getpid(), os.getppid())


@pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="what a process loaded is seen in /proc only"
)
@pytest.mark.parametrize("postgresql", [False, True])
def test_what_they_come_from_has_loaded_what_they_need(postgresql: bool) -> None:
    """SQLite needs no driver of PostgreSQL's, which takes a tenth of a second to load."""
    besides = "import ledger.store.psycopg_forms" if postgresql else ""
    script = (
        f"from tests.unit.audit.test_crew import forked_from\n{besides}\n"
        "if __name__ == '__main__': print(open(f'/proc/{forked_from()}/maps').read())"
    )
    asked = [sys.executable, "-c", script]
    loaded = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "cryptography" in loaded
    assert ("psycopg" in loaded) is postgresql
