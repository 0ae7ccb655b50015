"""Which thread of a process goes first: the one that holds the log lock while another process waits for it,
then those that examine the oldest batch requests.

Decides: when the lines of batches are not examined, and when nobody looks for garbage. Python runs one thread
of a process at a time, so whatever else is done while this process holds the log lock is waited for by all
other writers; and requests that are all examined at once are all done late, all at the same moment, and spend
their time on changing threads. Never decides what is committed. For the lock nobody waits longer than
``PATIENCE_S``.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_S: Final = 1.0
FREE_LINES: Final = 32
"""Lines of a request that wait for no other: small batches are not kept by large ones."""
TURN_LINES: Final = 1_024
"""Lines after which a request lets those go first that have come meanwhile."""
POLL_S: Final = 0.02
"""How soon a request notices that an older one has no lines to examine just now."""


class Precedence:
    """Lets one committing thread go before the examining threads of its process."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    def take(self) -> None:
        """From now on the others stand back."""
        self._free.clear()

    def end(self) -> None:
        """Lets the others go on, if they stand back."""
        self._free.set()

    def stand_back(self) -> None:
        """Returns when nobody goes first, or after ``PATIENCE_S``."""
        if not self._free.is_set():
            self._free.wait(PATIENCE_S)


class Turns:
    """Lets the lines of so many requests be examined at once, the oldest first."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._changed = threading.Condition(threading.Lock())
        self._queue: tuple[Turn, ...] = ()

    @contextmanager
    def queued(self) -> Iterator["Turn"]:
        """A place in the queue, the last one, for a request."""
        turn = Turn(self)
        with self._changed:
            self._queue = (*self._queue, turn)
        try:
            yield turn
        finally:
            self.leave(turn)

    def leave(self, turn: "Turn", *, again: bool = False) -> None:
        """Gives up a place in the queue, or changes it for the last one."""
        with self._changed:
            rest = tuple(each for each in self._queue if each is not turn)
            self._queue = (*rest, turn) if again else rest
            self._changed.notify_all()

    def wait(self, turn: "Turn") -> None:
        """Returns when few enough of those before it are examining."""
        if self._is_up(turn):
            return
        with self._changed:
            while not self._is_up(turn):
                # Who pauses tells nobody: it happens between any two lines.
                self._changed.wait(POLL_S)

    def _is_up(self, turn: "Turn") -> bool:
        before = 0
        for each in self._queue:
            if each is turn:
                return True
            before += each.examining
            if before >= self._at_once:
                return False
        return True


class Turn:
    """One request's place in the queue."""

    __slots__ = ("_lines", "_turns", "examining")

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._lines = 0
        self.examining = False

    def begin(self) -> None:
        """Says that there is a line to examine, and returns when it may be."""
        self._lines += 1
        if self._lines <= FREE_LINES:
            return
        if self._lines % TURN_LINES == 0:
            self._turns.leave(self, again=True)
        self.examining = True
        self._turns.wait(self)

    def pause(self) -> None:
        """Says that the line is examined, and that the next may be long in coming."""
        self.examining = False


@contextmanager
def uncollected() -> Iterator[None]:
    """Meanwhile the garbage collector waits, if it was at work at all; what it is to look at it finds after.

    Any number of threads may do so: only who stopped it starts it again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
