"""Which thread of a process goes first: the one that holds the log lock while another process waits for it.

Decides: when the lines of batches are not examined, and when nobody looks for garbage. Python runs one thread
of a process at a time, so whatever else is done while this process holds the log lock is waited for by all
other writers. Never decides what is committed, and nobody waits here for longer than ``PATIENCE_S``.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_S: Final = 1.0


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
