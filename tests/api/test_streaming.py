"""Results on their way from who makes them to who reads them."""

import threading
import time
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

from api import streaming
from api.streaming import MEMORY_BYTES, ResultStream

Put = Callable[[bytes], bool]


def test_everything_comes_out_in_order() -> None:
    pieces = [bytes([number % 256]) * (number * 97 % 5_000) for number in range(2_000)]

    def make(put: Put) -> None:
        for piece in pieces:
            assert put(piece)

    stream = ResultStream(make)
    assert b"".join(stream) == b"".join(pieces)
    stream.close()


def test_the_maker_does_not_wait_for_the_reader() -> None:
    done = threading.Event()

    def make(put: Put) -> None:
        for _ in range(64):
            put(b"x" * 65_536)
        done.set()

    stream = ResultStream(make)
    assert done.wait(timeout=30)
    assert sum(map(len, stream)) == 64 * 65_536 > MEMORY_BYTES
    stream.close()


def test_the_reader_waits_for_the_maker() -> None:
    go = threading.Event()

    def make(put: Put) -> None:
        put(b"first")
        go.wait(timeout=30)
        put(b"second")

    stream = ResultStream(make)
    pieces = iter(stream)
    assert next(pieces) == b"first"
    go.set()
    assert list(pieces) == [b"second"]
    stream.close()


def test_small_pieces_that_come_at_once_travel_together() -> None:
    def make(put: Put) -> None:
        for _ in range(5_000):
            put(b"a small piece\n")

    stream = ResultStream(make)
    pieces = list(stream)
    assert b"".join(pieces) == b"a small piece\n" * 5_000
    assert len(pieces) < 50
    stream.close()


def test_space_is_given_back_once_everything_is_read() -> None:
    read = threading.Semaphore(0)

    def make(put: Put) -> None:
        for _ in range(50):
            put(b"x" * 65_536)
            read.acquire(timeout=30)

    stream = ResultStream(make)
    for _ in stream:
        read.release()
    assert not stream._spool._rolled
    stream.close()


def test_a_maker_whose_reader_left_is_told() -> None:
    told = threading.Event()

    def make(put: Put) -> None:
        while put(b"x"):
            time.sleep(0.001)
        told.set()

    stream = ResultStream(make)
    assert next(iter(stream))
    stream.close()
    assert told.is_set()


def test_a_maker_that_fails_breaks_the_answer_off() -> None:
    def make(put: Put) -> None:
        put(b"x")
        raise ZeroDivisionError

    stream = ResultStream(make)
    pieces = iter(stream)
    assert next(pieces) == b"x"
    with pytest.raises(RuntimeError) as error:
        next(pieces)
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    stream.close()


class Full(SpooledTemporaryFile[bytes]):
    """On a disk that takes so many pieces."""

    left = 3
    readable_then = True

    def write(self, piece: Any) -> int:
        type(self).left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")
        return super().write(piece)

    def seek(self, *place: Any) -> int:
        if self.left < 0 and not self.readable_then:
            raise OSError(28, "No space left on device")
        return super().seek(*place)


@pytest.mark.parametrize(
    ("readable", "told"), [(True, b"line 0\nline 1\nline 2\nproblem\n"), (False, b"problem\n")]
)
def test_what_cannot_be_kept_is_told_last(
    monkeypatch: pytest.MonkeyPatch, readable: bool, told: bytes
) -> None:
    """An answer that only ended would seem to be whole."""
    kept = type("Kept", (Full,), {"readable_then": readable})
    monkeypatch.setattr(streaming, "SpooledTemporaryFile", kept)
    failed = threading.Event()

    def make(put: Put) -> None:
        try:
            for number in range(10):
                put(b"line %d\n" % number)
        except OSError:
            put(b"problem\n")
            failed.set()

    stream = ResultStream(make)
    assert failed.wait(30)
    read: list[bytes] = []
    with pytest.raises(RuntimeError, match="broken off"):
        read.extend(stream)
    assert b"".join(read) == told
    stream.close()
