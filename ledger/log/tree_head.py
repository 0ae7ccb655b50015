"""The tree head: which log, how many leaves, which root; and its three lines of text.

Decides: the one text of a tree head. Never verifies a signature (see checkpoint) or a proof (see merkle).

Source: C2SP tlog-checkpoint; DESIGN section 2 allows no extension lines.
"""

import re
from dataclasses import dataclass

from ledger.encoding import b64_decode, b64_encode
from ledger.errors import CheckpointMalformed
from ledger.log.merkle import EMPTY_ROOT, HASH_BYTES

MAX_SIZE = 2**63 - 1  # what a database integer and Go's int64 hold

_ORIGIN = re.compile(r"[!-*,-~]{1,255}", re.ASCII)
_FORM = re.compile(rb"([!-*,-~]{1,255})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


def is_origin(text: str) -> bool:
    """Whether the text can name a log: 1 to 255 printable ASCII characters, no space, no plus."""
    return _ORIGIN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head.

    Attributes:
        origin: Name of the log; see ``is_origin``.
        size: Number of leaves, 0 to 2^63 - 1.
        root: Root over them, 32 bytes; for size 0 the root of the empty tree.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The text that is signed: three lines, each ended by a newline.

        Raises:
            ValueError: A member is outside its domain.
        """
        if not is_origin(self.origin):
            raise ValueError("an origin is 1 to 255 printable ASCII characters without space and plus")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise ValueError("a tree head has a size of 0 to 2^63 - 1 and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("the empty tree has one root only")
        return f"{self.origin}\n{self.size}\n{b64_encode(self.root)}\n".encode("ascii")


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The tree head that this text is; ``parse_checkpoint(text).text() == text``.

    Raises:
        CheckpointMalformed: Anything but the one form; extension lines too.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise CheckpointMalformed("a checkpoint is three lines: origin, size, root in base64")
    origin, size_text, root_text = match.groups()
    try:
        checkpoint = Checkpoint(origin.decode("ascii"), int(size_text), b64_decode(root_text))
        checkpoint.text()
    except ValueError as error:
        raise CheckpointMalformed(str(error)) from error
    return checkpoint
