"""What a pass over the entries finds of an act.

Decides: nothing. It stands by itself so that a process that checks signatures, and meets no act,
need not import what an act is.
"""

from typing import NamedTuple


class FoundAct(NamedTuple):
    """An act in the log, as the fold needs it; ``issuer`` is the owner of ``kid``."""

    entry_index: int
    recorded_at_us: int
    issuer: str
    kid: str
    statement_hash: bytes
    jws: bytes
