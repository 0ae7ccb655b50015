"""What is kept of a body while it is read."""

from collections.abc import Iterator

import pytest
from flask import Flask

from api.bodies import BLOCK_BYTES, LineReader
from ledger.statements.envelope import MAX_JWS_BYTES
from tests.support.web import chunked


@pytest.fixture
def app() -> Flask:
    return Flask("bodies")


def lines(
    app: Flask, body: bytes, *, max_lines: int = 100, max_bytes: int = 2**30
) -> list[tuple[int, bytes]]:
    with app.test_request_context(method="POST", environ_overrides=chunked(body)):
        return list(LineReader(max_lines=max_lines, max_bytes=max_bytes).lines())


@pytest.mark.parametrize("size", [MAX_JWS_BYTES + 1, MAX_JWS_BYTES + 2, 3 * MAX_JWS_BYTES])
def test_of_an_over_long_line_only_so_much_is_kept_as_shows_that_it_is(app: Flask, size: int) -> None:
    (first, long), last = lines(app, b"a" * size + b"\nb\n")
    assert (first, len(long), last) == (1, MAX_JWS_BYTES + 1, (2, b"b"))


def test_the_longest_line_is_kept_whole(app: Flask) -> None:
    assert [len(line) for _, line in lines(app, b"a" * MAX_JWS_BYTES)] == [MAX_JWS_BYTES]


@pytest.mark.parametrize("length", [1, 2, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5_000])
def test_lines_are_the_same_wherever_blocks_end(app: Flask, length: int) -> None:
    wanted = [(number, bytes([96 + number % 26]) * length) for number in range(1, 8)]
    assert lines(app, b"\n".join(line for _, line in wanted)) == wanted
    assert lines(app, b"\n".join(line for _, line in wanted) + b"\n") == wanted


def test_lines_are_read_as_they_are_asked_for(app: Flask) -> None:
    asked: list[int] = []

    class Counted:
        def read(self, size: int) -> bytes:
            asked.append(size)
            return b"x\n" * (size // 2)

    with app.test_request_context(
        method="POST", environ_overrides={"wsgi.input": Counted(), "wsgi.input_terminated": True}
    ):
        found: Iterator[tuple[int, bytes]] = LineReader(max_lines=10**9, max_bytes=10**9).lines()
        assert next(found) == (1, b"x")
    assert asked == [BLOCK_BYTES]


def test_blank_lines_without_an_end_are_bounded(app: Flask) -> None:
    class Blank:
        def read(self, size: int) -> bytes:
            return b"\n" * size

    with app.test_request_context(
        method="POST", environ_overrides={"wsgi.input": Blank(), "wsgi.input_terminated": True}
    ):
        reader = LineReader(max_lines=100_000, max_bytes=10**9)
        assert list(reader.lines()) == []
        assert reader.cut is not None
        assert reader.cut.line == 100_001
