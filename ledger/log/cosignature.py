"""What a cosigner signs: the messages of C2SP tlog-cosignature, for Ed25519 and for ML-DSA-44.

Decides: the bytes under a cosignature. Never holds a key.

Source: C2SP tlog-cosignature.
"""

from ledger.errors import CheckpointMalformed, NoteSignatureInvalid
from ledger.log.tree_head import parse_checkpoint

TIME_BYTES = 8
MAX_TIME_S = 2**63 - 1


def split_cosignature(signature: bytes) -> tuple[int, bytes]:
    """The time in seconds since the epoch and the signature proper of u64be time || signature.

    Raises:
        NoteSignatureInvalid: Too short, or a time above 2^63 - 1.
    """
    if len(signature) <= TIME_BYTES:
        raise NoteSignatureInvalid("a cosignature begins with 8 bytes of time")
    time_s = int.from_bytes(signature[:TIME_BYTES], "big")
    if time_s > MAX_TIME_S:
        raise NoteSignatureInvalid("the time of a cosignature is at most 2^63 - 1")
    return time_s, signature[TIME_BYTES:]


def join_cosignature(time_s: int, signature: bytes) -> bytes:
    """u64be time || signature; time_s is 0 to 2^63 - 1."""
    if not 0 <= time_s <= MAX_TIME_S:
        raise ValueError("the time of a cosignature is 0 to 2^63 - 1 seconds")
    return time_s.to_bytes(TIME_BYTES, "big") + signature


def ed25519_message(text: bytes, time_s: int) -> bytes:
    """What a type 04 cosigner signs: two header lines and the whole note text."""
    return b"cosignature/v1\ntime %d\n" % time_s + text


def mldsa44_message(name: str, text: bytes, time_s: int) -> bytes:
    """What a type 06 cosigner signs: the tree head of the note text as the subtree from leaf 0.

    Args:
        name: Name of the cosigner, 1 to 255 bytes in UTF-8.
        text: Text of a checkpoint.
        time_s: Seconds since the epoch, 0 to 2^63 - 1.

    Raises:
        NoteSignatureInvalid: The text is not a checkpoint, so that no such message exists.
    """
    try:
        checkpoint = parse_checkpoint(text)
    except CheckpointMalformed as error:
        raise NoteSignatureInvalid("an ML-DSA-44 cosignature is over a checkpoint only") from error
    name_bytes, origin = name.encode(), checkpoint.origin.encode("ascii")
    return b"".join(
        (
            b"subtree/v1\n\x00",
            len(name_bytes).to_bytes(1, "big"),
            name_bytes,
            time_s.to_bytes(8, "big"),
            len(origin).to_bytes(1, "big"),
            origin,
            bytes(8),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )
