"""The console's sessions, and the challenges that were answered to open them.

Decides: how long a session lasts, how many a key may have, and that a challenge is good once. Never decides
whose a key is, or whether it may sign. Every function works in the caller's transaction; those that write
need the lock ``SESSION_LOCK_KEY``.

A session is stored by the SHA-256 of its cookie: what is read in the database opens nothing.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ledger.store.models import Base

SECOND_US: Final = 1_000_000
IDLE_US: Final = 15 * 60 * SECOND_US
"""A session that is not used ends after this."""
LONGEST_US: Final = 8 * 3_600 * SECOND_US
"""Every session ends after this."""
RENEWAL_US: Final = 60 * SECOND_US
"""That a session is used is noted at most so often."""
MAX_SESSIONS: Final = 16
"""Sessions that one key may have open; the one used longest ago makes room."""

_CHALLENGES: Final = Base.metadata.tables["challenges"]
_SESSIONS: Final = Base.metadata.tables["sessions"]
_SESSION: Final = select(_SESSIONS).where(_SESSIONS.c.session_hash == bindparam("session_hash"))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session.

    Attributes:
        session_hash: SHA-256 of its cookie.
        kid: The key that opened it.
        issued_us: When, in microseconds since the epoch.
        seen_us: When it was last noted that it is used.
    """

    session_hash: bytes
    kid: str
    issued_us: int
    seen_us: int

    @property
    def expires_us(self) -> int:
        """When it ends however much it is used."""
        return self.issued_us + LONGEST_US

    @property
    def idle_expires_us(self) -> int:
        """When it ends unless it is used before."""
        return min(self.seen_us + IDLE_US, self.expires_us)


def take_challenge(connection: Connection, challenge: bytes, expires_us: int, now_us: int) -> bool:
    """Whether nobody has answered a challenge before; from now on somebody has.

    Args:
        connection: A transaction that holds the lock.
        challenge: 32 bytes.
        expires_us: When it is over; until then it is remembered.
        now_us: Microseconds since the epoch.
    """
    connection.execute(delete(_CHALLENGES).where(_CHALLENGES.c.expires_us <= now_us))
    if connection.scalar(select(_CHALLENGES.c.expires_us).where(_CHALLENGES.c.challenge == challenge)):
        return False
    connection.execute(insert(_CHALLENGES).values(challenge=challenge, expires_us=expires_us))
    return True


def add_session(connection: Connection, session_hash: bytes, kid: str, now_us: int) -> SessionRow:
    """Opens a session, and forgets those that are over and those of this key beyond ``MAX_SESSIONS``."""
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.seen_us <= now_us - IDLE_US))
    kept = (
        select(_SESSIONS.c.session_hash)
        .where(_SESSIONS.c.kid == kid)
        .order_by(_SESSIONS.c.seen_us.desc(), _SESSIONS.c.session_hash)
        .limit(MAX_SESSIONS - 1)
    )
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.kid == kid, _SESSIONS.c.session_hash.not_in(kept)))
    row = SessionRow(session_hash, kid, now_us, now_us)
    connection.execute(
        insert(_SESSIONS).values(session_hash=session_hash, kid=kid, issued_us=now_us, seen_us=now_us)
    )
    return row


def read_session(connection: Connection, session_hash: bytes, now_us: int) -> SessionRow | None:
    """The session, if there is one and it is not over."""
    found = connection.execute(_SESSION, {"session_hash": session_hash}).first()
    row = None if found is None else SessionRow(*found)
    return None if row is None or row.idle_expires_us <= now_us else row


def note_use(connection: Connection, session_hash: bytes, now_us: int) -> None:
    """Puts off the end of a session that is still there; nothing else."""
    connection.execute(
        update(_SESSIONS)
        .where(_SESSIONS.c.session_hash == session_hash, _SESSIONS.c.seen_us < now_us)
        .values(seen_us=now_us)
    )


def end_session(connection: Connection, session_hash: bytes) -> None:
    """Ends one session."""
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.session_hash == session_hash))


def end_sessions(connection: Connection, kid: str) -> None:
    """Ends every session of a key."""
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.kid == kid))
