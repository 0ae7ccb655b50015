"""The high-water mark: the newest tree head that this host knows to be signed, kept outside the database.

Decides: the mark only rises (but for ``replace``, an operator's decision), and a write that returns has
reached the disk. The file holds the signed checkpoint itself, so that a mark cannot be forged by who can
write the folder but has no log key. Never reads the database.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import EvidenceError, MarkUnwritable
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.note import NoteVerifier

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def name_of(origin: str) -> str:
    """What the files and folders of one log are called, where a host keeps those of several in one folder.

    Args:
        origin: The log's origin.
    """
    return hashlib.sha256(origin.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class MarkedHead:
    """A tree head as the mark keeps it.

    Attributes:
        size: Number of entries.
        root: 32-byte root hash over them.
        note: The signed checkpoint.
    """

    size: int
    root: bytes
    note: bytes


class Mark:
    """The mark of one origin in one folder, shared by all processes of a host."""

    def __init__(self, folder: Path, origin: str, verifiers: Sequence[NoteVerifier]) -> None:
        """Names the files; touches nothing.

        Args:
            folder: On a local disk, outside the database's own folder where backups would restore both.
            origin: The log's origin; several origins may share a folder.
            verifiers: The log's own keys; a mark that they did not sign is refused.
        """
        name = name_of(origin)
        self.path = folder / f"{name}.mark"
        self._lock_path = folder / f"{name}.lock"
        self._origin = origin
        self._verifiers = tuple(verifiers)
        self._seen: tuple[bytes, MarkedHead] | None = None

    def read(self) -> MarkedHead | None:
        """The mark, or None where this host keeps none.

        Raises:
            MarkUnwritable: The file is there and cannot be read, or is no checkpoint of this log.
        """
        try:
            note = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MarkUnwritable(f"the mark {self.path} cannot be read: {error.strerror}") from error
        if self._seen is not None and self._seen[0] == note:
            return self._seen[1]
        try:
            checkpoint = self._open(note)
        except EvidenceError as error:
            raise MarkUnwritable(
                f"the mark {self.path} is not a checkpoint of this log: {error.detail}",
                mend="Put the newest kept checkpoint in its place with 'reledger mark adopt CHECKPOINT'.",
            ) from error
        marked = MarkedHead(checkpoint.size, checkpoint.root, note)
        self._seen = (note, marked)
        return marked

    def advance(self, note: bytes) -> None:
        """Raises the mark to a checkpoint; a mark that is already higher stays.

        Afterwards the mark is on the disk, at this checkpoint or beyond.

        Raises:
            MarkUnwritable: It could not be written. Nothing may be acknowledged on the strength of it.
        """
        checkpoint = self._open(note)
        with self._exclusive():
            current = self.read()
            if current is None or current.size < checkpoint.size:
                self._write(note)

    def replace(self, note: bytes) -> None:
        """Sets the mark to a checkpoint, be it lower: the operator says that newer entries are lost for good.

        Raises:
            EvidenceError: The note is not a checkpoint of this log.
            MarkUnwritable: It could not be written.
        """
        self._open(note)
        with self._exclusive():
            self._write(note)

    def _open(self, note: bytes) -> Checkpoint:
        return open_checkpoint(note, self._origin, self._verifiers)

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            try:
                _lock(descriptor)
            except OSError as error:
                raise self._unwritable(error) from error
            yield
        finally:
            os.close(descriptor)

    def _write(self, note: bytes) -> None:
        """Temporary file, fsync, rename, directory fsync: after a crash it is the old mark or the new."""
        try:
            descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name + ".")
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(note)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(temporary, self.path)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)
                raise
            self._sync_folder()
        except OSError as error:
            raise self._unwritable(error) from error

    def _sync_folder(self) -> None:
        if sys.platform == "win32":  # a folder cannot be opened there; NTFS journals the rename
            return
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> MarkUnwritable:
        return MarkUnwritable(f"the mark {self.path} could not be written: {error.strerror}")
