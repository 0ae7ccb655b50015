"""Who does which task of an audit, with another process that does what the test says."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from ledger.audit import crew as crews
from ledger.audit.crew import Crew, Task

TASKS = [Task("range", start, start + 1) for start in range(20)]


class Pool:
    """Begins the first tasks and ends none of them by itself."""

    def __init__(self, begun: int) -> None:
        self.begun = begun
        self.futures: list[Future[Any]] = []

    def submit(self, _: Callable[..., Any], task: Task) -> Future[Any]:
        future: Future[Any] = Future()
        if len(self.futures) < self.begun:
            future.set_running_or_notify_cancel()
        self.futures.append(future)
        return future


class Here:
    """This process: notes what it does, and lets the others end their tasks once it did so many."""

    def __init__(self, pool: Pool, most: int) -> None:
        self.pool, self.most = pool, most
        self.done: list[int] = []

    def do(self, task: Task) -> str:
        self.done.append(task.start)
        if len(self.done) == self.most:
            end(self.pool.futures[: self.pool.begun])
        return f"here {task.start}"


def end(futures: Sequence[Future[Any]]) -> None:
    for place, future in enumerate(futures):
        if not future.done():
            future.set_result(f"there {place}")


def a_crew(pool: Pool, here: Here) -> Crew:
    made = Crew(2)
    made._pool, made._assigned = pool, here  # in place of __enter__ and assign, which start processes
    return made


def test_whoever_waits_does_the_first_task_that_nobody_has_begun() -> None:
    pool = Pool(begun=2)
    here = Here(pool, most=3)
    results = a_crew(pool, here).run(TASKS)
    assert next(results) == (TASKS[0], "there 0")
    assert here.done == [2, 3, 4]
    assert [next(results)[1] for _ in range(4)] == ["there 1", "here 2", "here 3", "here 4"]
    assert all(each.cancelled() for each in pool.futures[2:5])
    assert not any(each.cancelled() for each in pool.futures[5:])
    assert [result for _, result in results] == [f"here {start}" for start in range(5, 20)]


def test_no_more_wait_than_each_process_may_have() -> None:
    pool = Pool(begun=1)
    next(a_crew(pool, Here(pool, most=1)).run(TASKS))
    assert len(pool.futures) == 16


def test_where_all_are_begun_the_first_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(begun=20)
    here = Here(pool, most=0)
    waited: list[Sequence[Future[Any]]] = []

    def wait(futures: Sequence[Future[Any]], timeout: float) -> None:
        waited.append(futures)
        end(pool.futures)

    monkeypatch.setattr(crews, "wait", wait)
    assert next(a_crew(pool, here).run(TASKS)) == (TASKS[0], "there 0")
    assert waited == [[pool.futures[0]]]
    assert here.done == []
