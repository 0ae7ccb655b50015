"""How a remote audit asks: a seam with one implementation over HTTP, and patience in front of it.

Decides: which answers are asked for again, how long an answer may be, and nothing about what it says.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import httpx2

from ledger.errors import RemoteFailed

ATTEMPTS = 8
MAX_WAIT_S = 15.0
_TIMEOUT = httpx2.Timeout(30.0, read=120.0)
_LATER = frozenset({429, 502, 503, 504})


class ConnectionLost(RemoteFailed):
    """No answer came, or only a part of one; asking again is safe."""


class Reply(NamedTuple):
    """An answer.

    Attributes:
        status: HTTP status.
        body: All of it.
        retry_after_s: When to ask again, where the answer says so.
    """

    status: int
    body: bytes
    retry_after_s: float | None = None


class Transport(Protocol):
    """Asks one server; a redirection is an answer like any other."""

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Reply:
        """The answer to a GET.

        Args:
            path: Begins with a slash; may have a query.
            headers: To be sent.
            limit: How many bytes the body may have.

        Raises:
            ConnectionLost: No whole answer came.
            RemoteFailed: The answer is longer than ``limit``.
        """
        ...


class HttpTransport:
    """Over HTTP, or straight into a WSGI application where the client is made with such a transport."""

    def __init__(self, url: str, client: httpx2.Client | None = None) -> None:
        """Connects lazily.

        Args:
            url: Base URL of the ledger.
            client: Another client than an ordinary one; not closed with this transport.
        """
        self._url = url.rstrip("/")
        self._own = None if client is not None else httpx2.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._client = client or self._own

    def close(self) -> None:
        """Gives up the connections that this transport made."""
        if self._own is not None:
            self._own.close()

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Reply:
        """See ``Transport``."""
        assert self._client is not None
        body = bytearray()
        try:
            with self._client.stream("GET", self._url + path, headers=dict(headers)) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > limit:
                        raise RemoteFailed(f"the answer to GET {path} has more than {limit:,} bytes")
                return Reply(response.status_code, bytes(body), _seconds(response.headers.get("Retry-After")))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ConnectionLost(
                f"GET {self._url}{path} got no answer: {error}",
                mend="Check the address and that the ledger is running; the audit goes on where it was.",
            ) from error


class PatientTransport:
    """Asks again while the server is busy or the connection breaks."""

    def __init__(
        self,
        inner: Transport,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._attempts = attempts
        self._sleep = sleep

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Reply:
        """See ``Transport``; the last answer or error is passed on when patience ends."""
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1
            pause_s: float | None = None
            try:
                reply = self._inner.get(path, headers, limit)
            except ConnectionLost:
                if last:
                    raise
            else:
                if last or reply.status not in _LATER:
                    return reply
                pause_s = reply.retry_after_s
            self._sleep(min(0.2 * 2**attempt if pause_s is None else pause_s, MAX_WAIT_S))
        raise AssertionError("unreachable")


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
