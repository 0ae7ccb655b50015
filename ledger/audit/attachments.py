"""The private store of attachments: each file is what its digest says, and a statement that stands names it.

Decides: nothing about the log, which holds the digests alone. A file that is missing is no fault: nobody has
to upload any.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ledger.audit.report import FaultList

_TABLE = "stored_attachments"


def check_attachments(pieces: Iterable[Sequence[Any]], faults: FaultList) -> int:
    """How many files there are; what is wrong with them goes to ``faults``.

    Args:
        pieces: As ``stored_pieces`` gives them.
        faults: Is added to: ``attachment.bytes`` and ``attachment.unnamed``, by SHA-256.
    """
    count = 0
    for name, rows in groupby(pieces, itemgetter(0)):
        count += 1
        digest, size, stated, standing = hashlib.sha256(), 0, None, False
        for _, stated, standing, _, octets in rows:  # noqa: B007 - alike in all its rows
            if type(octets) is bytes:
                digest.update(octets)
                size += len(octets)
        if digest.hexdigest() != name or size != stated:
            detail = "the bytes are not those that the SHA-256 and the size say"
            faults.add("attachment.bytes", _TABLE, name, detail)
        if not standing:
            detail = "no statement that stands names it"
            faults.add("attachment.unnamed", _TABLE, name, detail)
    return count
