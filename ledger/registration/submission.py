"""Examining one statement in the caller's own thread: everything that needs no lock.

Decides: is this a statement, by an enrolled key, with a valid signature; and what is wrong with its payload.
What is well signed and wrong travels on with its findings, for the committer keeps a journal of refusals.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ledger.controls.submission import Submission, read_submission
from ledger.errors import KeyUnknown
from ledger.records.quick import replace
from ledger.statements.envelope import SignedStatement, parse_statement, verify_statement
from ledger.statements.keys import PublicKey


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A key and the party that it belongs to, for ever; whether it is valid is judged under the lock."""

    key: PublicKey
    party: str


class KeyDirectory:
    """Enrolled keys by kid, remembered: a kid is the hash of its key and belongs to one party for ever."""

    def __init__(self, load: Callable[[str], EnrolledKey | None], *, limit: int = 65_536) -> None:
        """Remembers up to ``limit`` keys; ``load`` reads one from the register, None where it is unknown."""
        self._load = load
        self._limit = limit
        self._keys: dict[str, EnrolledKey] = {}
        self._lock = threading.Lock()

    def find(self, kid: str) -> EnrolledKey | None:
        """The key, or None where it is not enrolled as far as is committed."""
        # Without the lock: every statement asks, and one that waits for the others here waits for nothing.
        known = self._keys.get(kid)
        if known is not None:
            return known
        loaded = self._load(kid)
        if loaded is not None:
            with self._lock:
                self._keys[kid] = loaded
                while len(self._keys) > self._limit:
                    del self._keys[next(iter(self._keys))]
        return loaded


def key_unknown(kid: str) -> KeyUnknown:
    """The error for a key that no party of this ledger has."""
    return KeyUnknown(f"no party of this ledger has a key with kid {kid}", extra={"kid": kid})


def examine(statement: SignedStatement, enrolled: EnrolledKey, origin: str) -> Submission:
    """Verifies the signature, reads the payload, and foresees what recording it will look up.

    Args:
        statement: A parsed statement.
        enrolled: The key that its kid names.
        origin: This log's origin.

    Raises:
        JwsAlgorithmRefused: The algorithm is not the key's.
        SignatureInvalid: The signature does not verify.
        MalformedError: The payload is not JSON as it must be.
        TooLarge: The payload has more events than a statement may have.
    """
    verify_statement(statement, enrolled.key)
    submission = read_submission(statement, enrolled.party, origin)
    return replace(submission, foreseen=submission.foresee()) if submission.movements else submission


def parse_and_examine(jws: bytes, keys: KeyDirectory, origin: str) -> Submission:
    """Parses, finds the key, and examines; see ``examine``.

    Raises:
        KeyUnknown: The kid is not enrolled.
    """
    statement = parse_statement(jws)
    enrolled = keys.find(statement.header.kid)
    if enrolled is None:
        raise key_unknown(statement.header.kid)
    return examine(statement, enrolled, origin)
