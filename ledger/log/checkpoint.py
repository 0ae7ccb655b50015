"""The checkpoint: a tree head as a signed note.

Decides: that a checkpoint bears the log's own Ed25519 signature under the log's own name.
Never proves that one checkpoint goes on from another (see merkle).

Source: C2SP tlog-checkpoint; DESIGN section 2.
"""

from collections.abc import Iterable

from ledger.errors import CheckpointMalformed, NoteUnsigned
from ledger.log.note import KeyKind, NoteSigner, NoteVerifier, join_note, open_note
from ledger.log.tree_head import MAX_SIZE, Checkpoint, is_origin, parse_checkpoint

__all__ = [
    "MAX_SIZE",
    "Checkpoint",
    "is_origin",
    "open_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
]


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The note of this tree head, signed by the log.

    Raises:
        ValueError: The signer does not bear the origin's name.
    """
    if signer.name != checkpoint.origin:
        raise ValueError(f"a log's key is named as its origin {checkpoint.origin}, not {signer.name}")
    text = checkpoint.text()
    return join_note(text, [signer.sign(text)])


def open_checkpoint(data: bytes, origin: str, verifiers: Iterable[NoteVerifier]) -> Checkpoint:
    """The tree head that the log of this origin signed.

    Args:
        data: The note.
        origin: The log's name.
        verifiers: Trusted keys. Witnesses' keys may be among them and their signatures must then verify,
            but an Ed25519 signature (type 01) under the origin's name is needed besides.

    Raises:
        NoteMalformed: The bytes are not a note.
        NoteSignatureInvalid: A known key's signature does not verify.
        NoteUnsigned: The log's own signature is missing.
        CheckpointMalformed: The text is not a checkpoint, or is one of another log.
    """
    keys = tuple(verifiers)
    note = open_note(data, keys)
    log_keys = [key.key_id for key in keys if key.name == origin and key.kind is KeyKind.ED25519]
    if not [line for line in note.signatures if line.name == origin and line.key_id in log_keys]:
        raise NoteUnsigned(f"the log {origin} itself has not signed this with a key that is trusted here")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise CheckpointMalformed(f"this is a checkpoint of {checkpoint.origin}, not of {origin}")
    return checkpoint
