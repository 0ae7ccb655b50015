"""Batches are counted for all processes of a server, and who has too many asks for new connections."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.dealing import Dealing


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Dealing, Dealing]]:
    pair = Dealing(tmp_path, 2), Dealing(tmp_path, 2)
    yield pair
    for each in pair:
        each.close()


def test_who_has_three_more_asks_anew(two: tuple[Dealing, Dealing]) -> None:
    one, other = two
    assert [one.begin() for _ in range(5)] == [False, False, True, True, True]
    assert [other.begin() for _ in range(9)] == [*[False] * 7, True, True]
    for _ in range(8):
        other.end()
    one.end()
    assert [one.begin(), other.begin()] == [True, False]


def test_two_more_than_another_is_even(two: tuple[Dealing, Dealing]) -> None:
    one, other = two
    one.begin()
    for _ in range(50):
        assert not one.begin()
        assert not other.begin()


@pytest.mark.parametrize("processes", [0, 1])
def test_a_process_alone_asks_for_nothing(tmp_path: Path, processes: int) -> None:
    for alone in (Dealing(tmp_path, processes), Dealing(None, 2)):
        assert not any(alone.begin() for _ in range(20))
        alone.end()
        alone.close()
    assert list(tmp_path.iterdir()) == []


def test_one_of_three_is_idle(tmp_path: Path) -> None:
    one, two, three = (Dealing(tmp_path, 3) for _ in range(3))
    begun = [each.begin() for each in (one, one, two, two, two, one, three, one, three, two)]
    assert begun == [False, False, False, False, True, True, False, True, False, False]


def test_who_finds_no_place_takes_no_part(two: tuple[Dealing, Dealing], tmp_path: Path) -> None:
    """A process that begins before the one it comes for has ended."""
    late = Dealing(tmp_path, 2)
    assert not any(late.begin() for _ in range(20))
    late.end()
    assert [two[0].begin() for _ in range(3)] == [False, False, True]


def test_the_place_of_a_killed_process_begins_at_nothing(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from api.dealing import Dealing\n"
        "lost = Dealing(Path(sys.argv[1]), 2)\n"
        "for _ in range(9): lost.begin()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment, check=False, timeout=60)
    other = Dealing(tmp_path, 2)
    assert (tmp_path / "batches-under-way").read_bytes() == bytes([0, 0])
    third = Dealing(tmp_path, 2)
    assert [each.begin() for each in (other, other, third, other, other)] == [False] * 4 + [True]


def test_more_than_a_byte_holds_are_counted(two: tuple[Dealing, Dealing], tmp_path: Path) -> None:
    one, other = two
    for _ in range(300):
        one.begin()
    assert (tmp_path / "batches-under-way").read_bytes() == bytes([255, 0])
    for _ in range(299):
        one.end()
    assert (tmp_path / "batches-under-way").read_bytes() == bytes([1, 0])
    assert [other.begin() for _ in range(4)] == [False, False, False, True]


def test_threads_lose_no_count(two: tuple[Dealing, Dealing], tmp_path: Path) -> None:
    def work() -> None:
        for _ in range(2_000):
            two[0].begin()
            two[0].end()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "batches-under-way").read_bytes() == bytes([0, 0])


def test_a_place_that_was_given_up_counts_no_more(two: tuple[Dealing, Dealing], tmp_path: Path) -> None:
    two[0].begin()
    two[0].close()
    two[0].end()
    assert not any(two[0].begin() for _ in range(20))
    again = Dealing(tmp_path, 2)
    assert [again.begin() for _ in range(3)] == [False, False, True]
