"""How many batches each of a server's processes has under way, told to all of them.

Decides: which connection is to be opened anew. The kernel deals connections out to the processes by chance,
and one that stays open stays where it is: of eight, seven may come to one of two processes, which then works
alone. A process that has ``APART`` batches more under way than another asks whoever brought it the last one
to connect again once that is answered, and the kernel deals anew. Nothing is refused and nobody waits.
"""

import mmap
import os
import threading
from pathlib import Path
from typing import Final

from api.file_locks import FileLock

APART: Final = 3
"""How many more a process has than another where they are not even. Batches that are committed together end
together, so counts go up and down by one or two all the time."""
_MOST: Final = 255
_COUNTS: Final = "batches-under-way"


class Dealing:
    """One process's place among the server's processes, with its count; for any number of threads."""

    def __init__(self, folder: Path | None, processes: int) -> None:
        """Takes a place that no living process has; without one it tells nobody and asks for nothing.

        Args:
            folder: The server's own, the same for all its processes; None where there is but one process.
            processes: How many there are.
        """
        self._changing = threading.Lock()
        self._count = 0
        self._counts: mmap.mmap | None = None
        self._held: FileLock | None = None
        self._place = 0
        if folder is None or processes < 2:
            return
        for self._place in range(processes):
            held = FileLock(folder / f"{_COUNTS}-{self._place}.lock")
            if held.acquire():
                self._held, self._counts = held, _shared_bytes(folder / _COUNTS, processes)
                self._tell()
                return

    def begin(self) -> bool:
        """Counts a batch; whether its sender should connect anew afterwards."""
        with self._changing:
            self._count += 1
            self._tell()
            return self._counts is not None and self._count >= min(self._counts[:]) + APART

    def end(self) -> None:
        """Says that a batch is done, however it ended."""
        with self._changing:
            self._count -= 1
            self._tell()

    def close(self) -> None:
        """Gives up the place."""
        with self._changing:
            if self._held is not None and self._counts is not None:
                self._counts.close()
                self._held.release()
                self._counts = self._held = None

    def _tell(self) -> None:
        if self._counts is not None:
            self._counts[self._place] = min(self._count, _MOST)


def _shared_bytes(path: Path, count: int) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, count)
        return mmap.mmap(descriptor, count)
    finally:
        os.close(descriptor)
