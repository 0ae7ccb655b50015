"""Results that are made while the request is still being sent, and read when the caller gets to it.

Decides: the maker never waits for the reader. Most clients send their whole body before they read any of the
answer; if making results stopped while nobody reads them, both sides would wait for each other for ever.
What the caller has not read yet is kept in memory up to a limit and in a temporary file beyond it.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Final

MEMORY_BYTES: Final = 1_048_576
_READ_BYTES: Final = 65_536
_GATHER_S: Final = 0.01
"""How long a piece may wait for others to travel with it."""


class ResultStream:
    """Bytes on their way from one making thread to one reading thread."""

    def __init__(self, make: Callable[[Callable[[bytes], bool]], None]) -> None:
        """Starts making.

        Args:
            make: Run in a thread of its own; it hands over bytes by calling its argument, which returns False
                once nobody will read them. That raises OSError if they cannot be kept, once: what is handed
                over then, little, is kept in memory. What ``make`` raises ends the answer.
        """
        self._spool = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by the last user
        self._changed = threading.Condition()
        self._written = 0
        self._read = 0
        self._wanted = 1
        self._ended = False
        self._failure: Exception | None = None
        self._last = b""
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, args=(make,), name="reledger-results", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[bytes]:
        """Yields what was made, in order: much at once where much is made, little after a moment at most.

        Raises:
            RuntimeError: Not all of it could be made or kept; what was made last is given before.
        """
        while piece := self._take():
            yield piece
        self._let_go()
        if self._last:
            yield self._last
        if self._failure is not None:
            raise RuntimeError("the answer was broken off") from self._failure

    def _take(self) -> bytes:
        """What may be read now, at least a byte until no more will come."""
        with self._changed:
            self._wait_for_bytes(1, None)
            self._wait_for_bytes(_READ_BYTES, _GATHER_S)
            if self._read == self._written:
                return b""
            try:
                self._spool.seek(self._read)
                piece: bytes = self._spool.read(min(_READ_BYTES, self._written - self._read))
            except OSError as error:  # a full disk, that what was written before still waits for
                self._failure = error
                return b""
            self._read += len(piece)
            if self._read == self._written and self._failure is None:
                # Everything is read: start over, so that the file does not grow with the whole answer.
                self._spool.seek(0)
                self._spool.truncate()
                self._read = self._written = 0
            return piece

    def close(self) -> None:
        """Says that nobody will read any more; called by the server when the answer is sent or broken off."""
        with self._changed:
            self._abandoned = True
        self._thread.join()
        self._let_go()

    def _let_go(self) -> None:
        with self._changed, contextlib.suppress(OSError):  # of a full disk, as above
            self._spool.close()

    def _put(self, piece: bytes) -> bool:
        with self._changed:
            if self._abandoned:
                return False
            if self._failure is not None:
                self._last += piece
                return True
            try:
                self._spool.seek(self._written)
                self._spool.write(piece)
            except OSError as error:
                self._failure = error
                raise
            self._written += len(piece)
            if self._written - self._read >= self._wanted:
                self._changed.notify_all()
        return True

    def _wait_for_bytes(self, wanted: int, seconds: float | None) -> None:
        """Waits until so many bytes are unread or no more will come, with the lock held."""
        self._wanted = wanted
        self._changed.wait_for(lambda: self._written - self._read >= wanted or self._ended, seconds)

    def _run(self, make: Callable[[Callable[[bytes], bool]], None]) -> None:
        try:
            make(self._put)
        except Exception as error:
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
