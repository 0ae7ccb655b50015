"""Request bodies: one statement read whole within its limit, many read line by line as they arrive, and a
file put aside.

Decides: how much is read and kept in memory. A body may come without a length (chunked) and without an end.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final

from flask import g, request

from ledger.errors import RequestMalformed, StoreBusy, TooLarge
from ledger.statements.envelope import MAX_JWS_BYTES

BLOCK_BYTES: Final = 4_096
"""How much of a stream is waited for at once: a server's read returns when so much has come, or the end."""
FILE_BLOCK_BYTES: Final = 65_536
_DRAIN_BYTES: Final = 4 * MAX_JWS_BYTES
_LINE_END: Final = b"\n"


def read_statement() -> bytes:
    """The request's body, which is one compact JWS; its form is not looked at here.

    Raises:
        TooLarge: More than 1,048,576 bytes.
        RequestMalformed: The body ended before its stated length.
    """
    return b"".join(_blocks(MAX_JWS_BYTES, MAX_JWS_BYTES, _too_large))


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A body that was put aside.

    Attributes:
        stream: Its bytes, from the beginning; whoever has it closes it, which takes them away.
        size: How many they are.
        sha256_hex: Their SHA-256.
    """

    stream: BinaryIO
    size: int
    sha256_hex: str


@contextmanager
def receive_file(max_bytes: int) -> Iterator[ReceivedFile]:
    """The request's body in a temporary file of its own: nothing waits for a slow sender but the sender.

    Raises:
        TooLarge: More than ``max_bytes``.
        RequestMalformed: The body ended before its stated length.
        StoreBusy: This host has no room for it.
    """
    try:
        # Opening, flushing and closing it may fail as well as writing.
        with TemporaryFile() as stream:
            digest = hashlib.sha256()
            for block in _blocks(max_bytes, FILE_BLOCK_BYTES, lambda: _too_long(max_bytes)):
                digest.update(block)
                stream.write(block)
            size = stream.tell()
            stream.seek(0)
            yield ReceivedFile(stream, size, digest.hexdigest())
    except OSError as error:
        raise StoreBusy("this host has no room to receive the file") from error


def _blocks(max_bytes: int, block_bytes: int, too_large: Callable[[], TooLarge]) -> Iterator[bytes]:
    """The body in blocks, refused as soon as it is known to be too long."""
    length = request.content_length
    if length is not None and length > max_bytes:
        raise too_large()
    stream = _Body()
    while stream.taken <= max_bytes and (
        block := stream.read(min(block_bytes, max_bytes + 1 - stream.taken))
    ):
        if stream.taken > max_bytes:
            raise too_large()
        yield block
    if length is not None and stream.taken < length:
        raise RequestMalformed("the body ended before its Content-Length", mend="Send the same bytes again.")


def drain() -> None:
    """Reads and drops what is left of a refused body, within limits.

    A client that is still sending would otherwise meet a broken connection before it reads the answer.
    """
    if request.method not in ("POST", "PUT") or g.get("body_ended", False):
        return
    stream = _Body()
    while stream.taken < _DRAIN_BYTES and stream.read(BLOCK_BYTES * 16):
        pass


class LineReader:
    """The lines of a body, each with its number, read as they arrive; see ``lines``.

    Attributes:
        cut: Why reading ended before the body did, or None.
    """

    def __init__(self, *, max_lines: int, max_bytes: int) -> None:
        """Reads nothing yet.

        Args:
            max_lines: Lines that are read, blank ones included, before the rest is refused.
            max_bytes: Bytes that are read before the rest is refused.
        """
        self._stream = _Body()
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self.cut: TooLarge | None = None
        self.number = 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yields (1-based line number, line without its LF).

        Of an over-long line only the first 1,048,577 bytes are kept, so that it is refused as one statement
        that is too long. Blank lines at the end are left out; others are lines like any other. Afterwards
        ``cut`` says whether the body was read to its end.
        """
        blank = 0
        for line in self._split():
            self.number += 1
            if self.number > self._max_lines:
                self.cut = TooLarge(
                    f"the batch has more than {self._max_lines} lines",
                    line=self.number,
                    mend="Send this line and those after it in another batch.",
                )
                return
            if not line:
                blank += 1
                continue
            for number in range(self.number - blank, self.number):
                yield number, b""
            blank = 0
            yield self.number, line

    def _split(self) -> Iterator[bytes]:
        kept = bytearray()
        while block := self._stream.read(BLOCK_BYTES):
            if self._stream.taken > self._max_bytes:
                self.cut = TooLarge(
                    f"the batch has more than {self._max_bytes} bytes",
                    line=self.number + 1,
                    mend="Send this line and those after it in another batch.",
                )
                return
            *whole, rest = block.split(_LINE_END)
            for piece in whole:
                self._keep(kept, piece)
                yield bytes(kept)
                kept.clear()
            self._keep(kept, rest)
        if kept:
            yield bytes(kept)

    @staticmethod
    def _keep(kept: bytearray, piece: bytes) -> None:
        kept += piece[: MAX_JWS_BYTES + 1 - len(kept)]


class _Body:
    """The request's raw stream, counting what was taken.

    Only ``read(n)`` is used: it means the same in every server, while ``readline`` does not (granian's
    drops the line end, so that a blank line looks like the end).
    """

    def __init__(self) -> None:
        self._stream: Any = request.stream
        self._context = g._get_current_object()
        self.taken = 0

    def read(self, size: int) -> bytes:
        try:
            block: bytes = self._stream.read(size)
        except OSError as error:
            self._context.body_ended = True
            raise RequestMalformed("the body broke off", mend="Send the same bytes again.") from error
        self.taken += len(block)
        if not block:
            self._context.body_ended = True
        return block


def _too_large() -> TooLarge:
    return TooLarge(f"a statement has at most {MAX_JWS_BYTES} bytes")


def _too_long(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"the file has more than {max_bytes} bytes, which its statement states or this ledger takes at most",
        mend="Send the very file that the movement names.",
    )
