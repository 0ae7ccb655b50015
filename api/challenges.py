"""Challenges that a key signs to open a session; none is stored before it is answered.

A challenge says itself until when it is good, and proves that a server of this log gave it, so that who asks
for thousands fills nothing and takes nobody's place. Decides: how long it is good. Never decides whether it
was answered before (``ledger.store.sessions``).
"""

import hmac
import secrets
from typing import Final

from ledger.encoding import b64url_encode

CHALLENGE_US: Final = 120_000_000
"""A challenge is good for this long."""

_TIME_BYTES: Final = 8
_SAID_BYTES: Final = 16  # the time, and as many random bytes
_LENGTH: Final = 32


class Challenges:
    """Gives challenges and knows its own again: time (u64be) || 8 random bytes || 16 bytes of HMAC-SHA256."""

    def __init__(self, secret: bytes) -> None:
        """Starts nothing.

        Args:
            secret: 32 bytes that the log's servers share.
        """
        self._secret = secret

    def give(self, now_us: int) -> tuple[str, int]:
        """A new challenge as base64url, and when it is over in microseconds since the epoch."""
        expires_us = now_us + CHALLENGE_US
        said = expires_us.to_bytes(_TIME_BYTES) + secrets.token_bytes(_SAID_BYTES - _TIME_BYTES)
        return b64url_encode(said + self._seal(said)), expires_us

    def expiry(self, challenge: bytes) -> int | None:
        """When a challenge is over, in microseconds since the epoch; None where it is none of ours."""
        said, seal = challenge[:_SAID_BYTES], challenge[_SAID_BYTES:]
        if len(challenge) != _LENGTH or not hmac.compare_digest(seal, self._seal(said)):
            return None
        return int.from_bytes(said[:_TIME_BYTES])

    def _seal(self, said: bytes) -> bytes:
        return hmac.digest(self._secret, said, "sha256")[: _LENGTH - _SAID_BYTES]
