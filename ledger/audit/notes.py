"""Checking the stored notes of checkpoints, byte for byte.

Decides: a note is the text of the row's size and root and signature lines by known keys, the log's own among
them, and nothing else.
"""

from collections.abc import Callable, Iterable

from ledger.errors import NoteMalformed, NoteSignatureInvalid
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.merkle import HASH_BYTES
from ledger.log.note import KeyKind, NoteSignature, NoteVerifier, parse_note, parse_vkey

Report = Callable[[str, str], None]
"""(code, detail) of a fault at the checkpoint that is being checked."""


class CheckpointNotes:
    """Checks notes of one log under its keys and those of known cosigners."""

    def __init__(self, origin: str, vkeys: Iterable[str], cosigners: Iterable[str] = ()) -> None:
        """Checks under these keys.

        Args:
            origin: The log's origin.
            vkeys: The log's own keys.
            cosigners: Keys of witnesses whose lines may stand beside.

        Without any key of the log every checkpoint counts as unsigned.

        Raises:
            ValueError: Not a vkey, or none of the log's own is an Ed25519 key named as the origin.
        """
        self.origin = origin
        self.vkeys = tuple(vkeys)
        self.verifiers = tuple(parse_vkey(vkey) for vkey in (*self.vkeys, *cosigners))
        self._known = {(verifier.name, verifier.key_id): verifier for verifier in self.verifiers}
        self._own = {
            verifier.key_id
            for verifier in self.verifiers[: len(self.vkeys)]
            if verifier.name == origin and verifier.kind is KeyKind.ED25519
        }
        if self.vkeys and not self._own:
            raise ValueError(f"none of the keys is an Ed25519 key of the log {origin}")
        self._signatures = 0

    def take_count(self) -> int:
        """How many signatures were verified since the last call."""
        count, self._signatures = self._signatures, 0
        return count

    def open(self, note: bytes) -> Checkpoint:
        """The checkpoint that a note from elsewhere states; lines by unknown keys are ignored.

        Raises:
            EvidenceError: It is no checkpoint that this log signed.
        """
        return open_checkpoint(note, self.origin, self.verifiers)

    def check(self, size: int, root: object, note: object, report: Report) -> None:
        """Checks a stored note against its row.

        Args:
            size: The row's tree size.
            root: The row's root, as found.
            note: The row's note, as found.
            report: Takes each fault.
        """
        if type(root) is not bytes or len(root) != HASH_BYTES:
            report("checkpoint.root", "the root is not 32 bytes")
            root = None
        if type(note) is not bytes:
            report("checkpoint.note", "the note is not bytes")
            return
        try:
            parsed = parse_note(note)
        except NoteMalformed as error:
            report("checkpoint.note", error.detail)
            return
        if root is not None and parsed.text != Checkpoint(self.origin, size, root).text():
            report("checkpoint.note", "the note does not state this log, this size and this root")
        self._check_signatures(parsed.text, parsed.signatures, report)

    def _check_signatures(self, text: bytes, lines: tuple[NoteSignature, ...], report: Report) -> None:
        seen: set[tuple[str, bytes]] = set()
        for line in lines:
            key = (line.name, line.key_id)
            verifier: NoteVerifier | None = self._known.get(key)
            if verifier is None:
                report("checkpoint.note", f"a signature line is by an unknown key ({line.key_id.hex()})")
                continue
            if key in seen:
                report("checkpoint.note", f"the key {line.key_id.hex()} has signed twice")
            seen.add(key)
            self._signatures += 1
            try:
                verifier.verify(text, line.signature)
            except NoteSignatureInvalid as error:
                report("checkpoint.signature", error.detail)
        if not any((self.origin, key_id) in seen for key_id in self._own):
            report("checkpoint.signature", "the log's own signature is missing")
