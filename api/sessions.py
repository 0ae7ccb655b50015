"""The console's sessions over HTTP: the cookie, where a request comes from, and opening and ending them.

Decides: what the cookie is called and how it is set, when it is looked at, and what proves that a request
comes from this site's own pages. Never decides who may read what (``api.access``) or how long a session lasts
(``ledger.store.sessions``).

A cookie that is no session's, or whose session is over, is as good as none: it is not cleared, for the answer
to an older request would otherwise take away the cookie of a session that was opened meanwhile.

Source: RFC 6265bis sections 4.1.2.7 (SameSite) and 4.1.3.2 (__Host-); Fetch Metadata Request Headers (W3C).
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from flask import Response, request
from sqlalchemy import Connection, Engine

from api.challenges import Challenges
from api.settings import Settings
from ledger.clock import Clock
from ledger.encoding import b64url_decode
from ledger.errors import SessionCrossSite, SessionRefused, StoreBusy
from ledger.statements.jws import KID_FORM
from ledger.store import sessions
from ledger.store.locking import SESSION_LOCK_KEY, begin_write, busy_as_unavailable
from ledger.store.sessions import SessionRow

COOKIE: Final = "reledger_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""What it is called over https: a browser takes it from this very host alone."""

_FORM: Final = re.compile(KID_FORM)  # 32 bytes as base64url, as a kid
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_OWN: Final = "same-origin"


def shown_session(settings: Settings) -> bytes | None:
    """The hash of the session cookie that this request shows and that may be looked at, or None.

    With the cookie, a request that changes something must prove that it comes from this origin. One that only
    reads and comes from another site is answered as if the cookie were not there.

    Raises:
        SessionCrossSite: It has the cookie, is no GET, and does not prove where it comes from.
    """
    text = request.cookies.get(_cookie_name(settings))
    if text is None:
        return None
    if request.method in _SAFE_METHODS:
        # "none": the address was typed, or is a bookmark.
        if request.headers.get("Sec-Fetch-Site", _OWN) not in (_OWN, "none"):
            return None
    else:
        refuse_cross_site(settings, proof=True)
    return hash_cookie(text)


def refuse_cross_site(settings: Settings, *, proof: bool) -> None:
    """Returns only if nothing says that the request comes from another site's page.

    Args:
        settings: Of this server.
        proof: Whether something must say that it comes from this one's.

    Raises:
        SessionCrossSite: It comes from elsewhere, or ``proof`` is wanted and there is none.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        if site != _OWN:
            raise SessionCrossSite("the browser says that another site's page has sent this request")
    elif origin is not None:
        if origin != _own_origin(settings):
            raise SessionCrossSite("the request's Origin is not this server's own")
    elif proof:
        raise SessionCrossSite("with a session, neither Sec-Fetch-Site nor Origin says where this comes from")


def hash_cookie(text: str) -> bytes | None:
    """SHA-256 of a cookie's value; None for what no session's cookie can be."""
    return hashlib.sha256(text.encode("ascii")).digest() if _FORM.fullmatch(text) is not None else None


def set_cookie(response: Response, settings: Settings, value: str) -> None:
    """Gives the browser a session's cookie; an empty value takes it away."""
    response.set_cookie(
        _cookie_name(settings),
        value,
        max_age=sessions.LONGEST_US // sessions.SECOND_US if value else 0,
        path="/",
        secure=_is_secure(settings),
        httponly=True,
        samesite="Strict",
    )


def _own_origin(settings: Settings) -> str:
    return settings.public_url or f"{request.scheme}://{request.host}"


def _is_secure(settings: Settings) -> bool:
    return _own_origin(settings).startswith("https:")


def _cookie_name(settings: Settings) -> str:
    return SECURE_COOKIE if _is_secure(settings) else COOKIE


class SessionDesk:
    """Opens, renews and ends sessions; all that counts is in the database, so any process may go on."""

    def __init__(self, engine: Engine, clock: Clock, challenges: Challenges) -> None:
        """Starts nothing.

        Args:
            engine: The ledger's database.
            clock: The host's clock.
            challenges: What gives them, in every server of the log alike.
        """
        self._engine = engine
        self._clock = clock
        self._challenges = challenges
        self._lock = threading.Lock()
        self._used: dict[bytes, int] = {}
        self._noting: threading.Thread | None = None

    def give_challenge(self) -> tuple[str, int]:
        """A new challenge, and when it is over in microseconds since the epoch; nothing is written."""
        return self._challenges.give(self._clock.now_us())

    def open(self, kid: str, challenge: str) -> tuple[str, SessionRow]:
        """A new session for a key that has answered a challenge: its cookie's value, and what is kept of it.

        Raises:
            SessionRefused: The challenge was not given, is over, or was answered before.
            StoreBusy: The database did not answer in time.
        """
        now_us = self._clock.now_us()
        answered = b64url_decode(challenge)
        expires_us = self._challenges.expiry(answered)
        if expires_us is None or expires_us <= now_us:
            raise SessionRefused("the challenge is not this log's, or is over")
        cookie = secrets.token_urlsafe(32)
        hashed = hashlib.sha256(cookie.encode("ascii")).digest()
        with self._writing() as connection:
            if not sessions.take_challenge(connection, answered, expires_us, now_us):
                raise SessionRefused("the challenge was answered before")
            row = sessions.add_session(connection, hashed, kid, now_us)
        return cookie, row

    def end(self, session: SessionRow) -> None:
        """Ends one session, in every process at once."""
        with self._writing() as connection:
            sessions.end_session(connection, session.session_hash)

    def end_all(self, kid: str) -> None:
        """Ends every session of a key, in every process at once."""
        with self._writing() as connection:
            sessions.end_sessions(connection, kid)

    def note_use(self, session: SessionRow) -> None:
        """Puts off the session's end, in a thread of its own: nobody waits for the database's lock to read.

        Where the lock is not had within seconds, the next request notes it.
        """
        now_us = self._clock.now_us()
        if now_us - session.seen_us < sessions.RENEWAL_US:
            return
        with self._lock:
            self._used[session.session_hash] = now_us
            if self._noting is None:
                self._noting = threading.Thread(target=self._note, name="reledger-sessions", daemon=True)
                self._noting.start()

    def settle(self) -> None:
        """Returns once what was noted so far is written, or was given up."""
        with self._lock:
            noting = self._noting
        if noting is not None:
            noting.join()

    def _note(self) -> None:
        try:
            while used := self._take_used():
                with suppress(StoreBusy), self._writing() as connection:
                    for session_hash, now_us in used.items():
                        sessions.note_use(connection, session_hash, now_us)
        except BaseException:
            with self._lock:
                self._noting = None
            raise

    def _take_used(self) -> dict[bytes, int]:
        with self._lock:
            used, self._used = self._used, {}
            if not used:
                self._noting = None
            return used

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            busy_as_unavailable(),
            self._engine.connect() as connection,
            begin_write(connection, lock_key=SESSION_LOCK_KEY),
        ):
            yield connection
