"""Where the files of the tests lie: in memory where there is room.

Most tests make a database that is gone a second later, and wait for a disk to sync it. Tests of crashes use
``on_disk``: what they are about is what a process leaves behind on a real disk.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3
_NO_PROGRAMS = getattr(os, "ST_NOEXEC", 0)


def prefer_memory() -> None:
    """Puts temporary files of this process and its children into memory, unless TMPDIR says where they go."""
    if not os.environ.get("TMPDIR") and _has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # found anew


def _has_room() -> bool:
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return False
    status = os.statvfs(MEMORY)
    return status.f_bavail * status.f_frsize >= ROOM_BYTES and not status.f_flag & _NO_PROGRAMS


@contextmanager
def on_disk() -> Iterator[Path]:
    """Temporary files go meanwhile to where they go without a word about it; yields a folder of one's own."""
    said = os.environ.pop("TMPDIR", None)
    tempfile.tempdir = None
    folder = Path(tempfile.mkdtemp(prefix="reledger-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        if said is not None:
            os.environ["TMPDIR"] = said
        tempfile.tempdir = None
