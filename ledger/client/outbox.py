"""A folder that keeps each signed statement before it is sent, and its receipt once it is verified.

Decides: the file names, so that a stopped run finds what it has signed and sends the same bytes again.
A document is known by where it came from and by its SHA-256; changed bytes are another document.

``NAME.HASH.jws`` the statement; ``NAME.HASH.receipt`` its verified receipt; ``NAME.HASH.refused.json`` the
last refusal, with the refused statement as ``NAME.HASH.refused.jws``; ``log.vkey`` the log's key as first
seen or as given.
"""

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import EvidenceError, NoteMalformed, OutboxInvalid
from ledger.log.note import NoteVerifier, parse_vkey
from ledger.log.receipt import VerifiedReceipt, verify_receipt

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one document's statement and receipt are kept."""

    jws: Path
    receipt: Path
    refusal: Path


class Outbox:
    """The outbox of one log in one folder."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, readable by its owner only (statements are private)."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OutboxInvalid(f"the folder {folder} cannot be made: {error.strerror}") from error

    def slot(self, source: str, payload: bytes) -> Slot:
        """The files of one document.

        Args:
            source: File name, with the line number where the file holds several documents.
            payload: The document's bytes.
        """
        name = _UNSAFE.sub("_", source).strip("._") or "document"
        digest = hashlib.sha256(payload).hexdigest()[:16]
        stem = f"{name[:80]}.{digest}"
        return Slot(
            self.folder / f"{stem}.jws",
            self.folder / f"{stem}.receipt",
            self.folder / f"{stem}.refused.json",
        )

    def pin_log_key(self, origin: str, stated: list[str], given: str | None) -> NoteVerifier:
        """The key that receipts are verified with.

        Args:
            origin: The log's origin as the server states it.
            stated: The vkeys that the server states.
            given: The vkey that the caller trusts, or None to take the one kept here, or the first stated.

        Raises:
            OutboxInvalid: The server states other keys than the one trusted or kept.
        """
        path = self.folder / "log.vkey"
        kept = path.read_text(encoding="utf-8").strip() if path.exists() else None
        trusted = given or kept or (stated[0] if stated else "")
        if kept is not None and trusted != kept:
            raise OutboxInvalid(
                f"this folder belongs to the log key {kept}",
                mend="Use another --outbox for another log.",
            )
        try:
            verifier = parse_vkey(trusted)
        except NoteMalformed as error:
            raise OutboxInvalid(f"the log key is not a vkey: {error.detail}") from error
        if trusted not in stated or verifier.name != origin:
            raise OutboxInvalid(
                f"the server of {origin!r} does not state the trusted log key",
                mend="Check the address; if the address is right, do not trust this server.",
            )
        if kept is None:
            write_file(path, trusted.encode() + b"\n")
        return verifier

    def keep_receipt(
        self, slot: Slot, jws: bytes, receipt: bytes, origin: str, verifier: NoteVerifier
    ) -> VerifiedReceipt:
        """Verifies a receipt and only then keeps it.

        Raises:
            EvidenceError: The receipt does not prove that this statement is in this log.
        """
        verified = verify_receipt(receipt, hashlib.sha256(jws).digest(), origin, [verifier])
        write_file(slot.receipt, receipt)
        slot.refusal.unlink(missing_ok=True)
        return verified

    def kept_receipt(self, slot: Slot, origin: str, verifier: NoteVerifier) -> VerifiedReceipt | None:
        """The receipt of an earlier run, verified again; None where there is none that verifies."""
        try:
            jws, receipt = slot.jws.read_bytes(), slot.receipt.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return verify_receipt(receipt, hashlib.sha256(jws).digest(), origin, [verifier])
        except EvidenceError:
            return None

    def keep_refusal(self, slot: Slot, problem: Mapping[str, Any]) -> None:
        """Keeps why a statement was refused and sets the statement aside, so that a new run signs anew.

        The refused statement stays beside its refusal: the answer may be the server's mistake, or worse.
        """
        write_file(slot.refusal, json.dumps(problem, indent=2, ensure_ascii=False).encode() + b"\n")
        with contextlib.suppress(FileNotFoundError):
            os.replace(slot.jws, slot.refusal.with_suffix(".jws"))


def write_file(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: temporary file, fsync, rename."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
