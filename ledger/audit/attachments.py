"""The private store of attachments: each file is what its digest says, and whoever it is kept for names it.

Decides: nothing about the log, which holds the digests alone. A file that is missing is no fault: nobody has
to upload any.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from ledger.audit.report import FaultList
from ledger.clock import parse_time_us

_TABLE: Final = "stored_attachments"
_PIECES: Final = "attachment_pieces"
_LATEST_US: Final = parse_time_us("9999-12-31T23:59:59.999999Z")


def check_attachments(
    pieces: Iterable[Sequence[Any]], strays: Iterable[Sequence[Any]], faults: FaultList
) -> int:
    """How many files there are; what is wrong with them goes to ``faults``.

    Args:
        pieces: As ``stored_pieces`` gives them.
        strays: As ``stray_pieces`` gives them.
        faults: Is added to: ``attachment.bytes``, ``attachment.origin`` and ``attachment.unnamed``, by
            SHA-256 and party, and ``attachment.stray`` by these and the piece's number.
    """
    count = 0
    for (name, party), rows in groupby(pieces, itemgetter(0, 1)):
        count += 1
        place = f"{name}/{party}"
        digest, size, following, in_order = hashlib.sha256(), 0, 0, True
        for row in rows:
            piece, octets = row[-2:]
            if type(octets) is bytes:
                digest.update(octets)
                size += len(octets)
                in_order = in_order and type(piece) is int and piece == following
                following += 1
        _, _, stated, stored_at_us, known, standing, *_ = row
        if digest.hexdigest() != name or type(stated) is not int or size != stated or not in_order:
            detail = "the bytes are not those that the SHA-256 and the size say, one piece after the other"
            faults.add("attachment.bytes", _TABLE, place, detail)
        if not known or type(stored_at_us) is not int or not 0 <= stored_at_us <= _LATEST_US:
            detail = "it is kept for no known party, or came at no time that there is"
            faults.add("attachment.origin", _TABLE, place, detail)
        if not standing:
            detail = "no statement of that party that stands names it"
            faults.add("attachment.unnamed", _TABLE, place, detail)
    for name, party, piece in strays:
        place = f"{name}/{party}/{piece}"
        faults.add("attachment.stray", _PIECES, place, "it is a piece of no uploaded attachment")
    return count
