"""Keeping the copy of the lots beside a server up to date (``ledger.store.graph_copy``).

Decides: who does it and how fast. Of all server processes of a host one does, in a thread of its own; when it
ends another takes over. What is new is copied every few seconds, and after a start what is missing at half of
one processor's pace, so that the server answers meanwhile. Nothing depends on it: where it fails it says so
and tries again, and the server asks its database. It leaves the disk some room, for the high-water mark may
lie on it, and without that nothing is registered.
"""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

import structlog
from sqlalchemy import Connection

from api.file_locks import FileLock
from ledger.errors import StoreBusy
from ledger.store.graph_copy import GraphCopy

KEPT_SECONDS: Final = 5.0
"""How often what is new is copied, and how often a process that does not copy asks whether it is to."""
FAILED_SECONDS: Final = 60.0
"""How long after a failure it is tried again."""
ENDED_SECONDS: Final = 5.0
"""How long an end waits for what is being copied; it may be cut off anywhere."""
ROOM_BYTES: Final = 2**29
"""What the copy leaves free of its disk."""
_LOCK: Final = "keeper.lock"


class GraphKeeper:
    """Keeps one copy up; every server process of a host may have one.

    Args:
        copy: The copy.
        reading: Opens a transaction in which every query sees one and the same state of the database.
    """

    def __init__(self, copy: GraphCopy, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._copy = copy
        self._reading = reading
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger("reledger.graph")

    def start(self) -> None:
        """Begins, in a thread; call it in the process that serves."""
        self._thread = threading.Thread(target=self._run, name="reledger-graph", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends what was begun; what was copied stays. A database that does not answer is not waited for."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(ENDED_SECONDS)

    def _run(self) -> None:
        folder = self._copy.folder
        lock, held, pause = FileLock(folder / _LOCK), False, 0.0
        with lock:
            while not self._ended.wait(pause):
                try:
                    held = held or self._take(lock)
                    pause = self._copy_some() if held else KEPT_SECONDS
                except StoreBusy:
                    pause = KEPT_SECONDS
                except Exception as error:  # the thread's edge: nobody else of this process would copy
                    pause = FAILED_SECONDS
                    with suppress(Exception):  # the disk that is full may be the log's
                        self._log.error(
                            "graph copy not kept",
                            error=str(error),
                            mend=f"Make room or let the server write; or stop it and remove {folder}.",
                        )

    def _take(self, lock: FileLock) -> bool:
        self._copy.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not lock.acquire():
            return False
        self._copy.warm()
        return True

    def _copy_some(self) -> float:
        """Copies the next lots; seconds until it is to be done again."""
        begun = time.monotonic()
        free = shutil.disk_usage(self._copy.folder).free
        if free < ROOM_BYTES:
            raise OSError(f"its disk has {free:,} bytes free, and {ROOM_BYTES:,} are left to others")
        with self._reading() as connection:
            more = self._copy.copy_more(connection)
        return time.monotonic() - begun if more else KEPT_SECONDS
