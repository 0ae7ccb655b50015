"""What an auditor keeps between two audits of a remote log: the last checkpoint, and how far it was checked.

Decides: the files, and that they are replaced at once or not at all. What is kept here is the auditor's own
word; nobody else should be able to write the folder."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ledger.audit.compact import Peaks, TileStitcher
from ledger.audit.found import FoundAct
from ledger.audit.links import EntryChain
from ledger.encoding import b64_decode, b64_encode
from ledger.errors import SettingsInvalid

_VERSION = 1


@dataclass(slots=True)
class Position:
    """Up to where entries were checked and found right; always at the end of a full tile.

    Attributes:
        chain: The last entry's leaf hash and time.
        peaks: The tree so far.
        tiles: The tiles above level 0 so far.
        acts_bytes: How much of the file of acts belongs to it.
    """

    chain: EntryChain = field(default_factory=EntryChain)
    peaks: Peaks = field(default_factory=Peaks)
    tiles: TileStitcher = field(default_factory=TileStitcher)
    acts_bytes: int = 0


class Kept(NamedTuple):
    """What an auditor keeps of a log.

    Attributes:
        note: The last checkpoint that was proved to continue the one before; None before the first.
        proven: Up to where the log of that checkpoint was found right.
        progress: How far an audit came since that did not end; nothing proves it but the root at its end.
    """

    note: bytes | None
    proven: Position
    progress: Position | None


class RemoteState:
    """The files of one log in a folder that may hold those of several."""

    def __init__(self, folder: Path, origin: str) -> None:
        """Makes the folder where it is missing.

        Raises:
            SettingsInvalid: It cannot be made.
        """
        self._folder = folder / hashlib.sha256(origin.encode()).hexdigest()[:16]
        self._state = self._folder / "state.json"
        self._acts = self._folder / "acts.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsInvalid(f"the folder {self._folder} cannot be used: {error.strerror}") from error

    def load(self) -> Kept:
        """What the last audits left.

        Raises:
            SettingsInvalid: The file is not one that this class wrote.
        """
        try:
            members = json.loads(self._state.read_bytes())
        except FileNotFoundError:
            return Kept(None, Position(), None)
        except (OSError, ValueError) as error:
            raise self._unreadable() from error
        try:
            if members["version"] != _VERSION:
                raise ValueError("another version")
            note, progress = members["note"], members["progress"]
            return Kept(
                None if note is None else b64_decode(note),
                _read_position(members["proven"]),
                None if progress is None else _read_position(progress),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._unreadable() from error

    def save(self, kept: Kept) -> None:
        """Replaces what is kept; afterwards it is on the disk."""
        members = {
            "version": _VERSION,
            "note": None if kept.note is None else b64_encode(kept.note),
            "proven": _position_members(kept.proven),
            "progress": None if kept.progress is None else _position_members(kept.progress),
        }
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix="state.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(json.dumps(members).encode())
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._state)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        _sync_folder(self._folder)

    def acts(self, position: Position) -> Iterator[FoundAct]:
        """The acts up to a position, in order; what was written beyond it is cut off.

        Raises:
            SettingsInvalid: The file is not one that ``append_acts`` wrote.
        """
        if position.acts_bytes == 0:
            self._acts.unlink(missing_ok=True)
            return
        try:
            os.truncate(self._acts, position.acts_bytes)
            with self._acts.open("rb") as stream:
                for line in stream:
                    index, time_us, issuer, kid, statement_hash, jws = json.loads(line)
                    yield FoundAct(
                        index, time_us, issuer, kid, b64_decode(statement_hash), jws.encode("ascii")
                    )
        except (OSError, TypeError, ValueError) as error:
            raise self._unreadable() from error

    def append_acts(self, acts: list[FoundAct]) -> int:
        """Adds acts; gives how long the file is then."""
        with self._acts.open("ab") as stream:
            for act in acts:
                members: list[Any] = [
                    act.entry_index,
                    act.recorded_at_us,
                    act.issuer,
                    act.kid,
                    b64_encode(act.statement_hash),
                    act.jws.decode("ascii"),
                ]
                stream.write(json.dumps(members).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            return stream.tell()

    def _unreadable(self) -> SettingsInvalid:
        return SettingsInvalid(
            f"what is kept in {self._folder} cannot be read",
            mend="Restore the folder; only if it is lost for good, remove it: the audit then begins anew, "
            "and cannot show that the log was not signed anew before.",
        )


def _position_members(position: Position) -> dict[str, Any]:
    return {
        "acts_bytes": position.acts_bytes,
        "leaf": b64_encode(position.chain.leaf or b""),
        "time_us": position.chain.time_us,
        "size": position.peaks.width,
        "peaks": [b64_encode(hashed) for hashed in position.peaks.hashes],
        "rows": [[b64_encode(hashed) for hashed in row] for row in position.tiles.rows],
        "counts": position.tiles.counts,
    }


def _read_position(members: dict[str, Any]) -> Position:
    return Position(
        chain=EntryChain(b64_decode(members["leaf"]), members["time_us"]),
        peaks=Peaks.restored(int(members["size"]), [b64_decode(text) for text in members["peaks"]]),
        tiles=TileStitcher.restored(
            [[b64_decode(text) for text in row] for row in members["rows"]],
            [int(count) for count in members["counts"]],
        ),
        acts_bytes=int(members["acts_bytes"]),
    )


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals the rename
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
