"""A ledger over HTTP, as its callers see it.

Decides: how answers become results or errors, and when a request is sent again (only where the server says
503, or the connection broke, and the bytes are the same). Verifies nothing; see ``ledger.client.outbox``.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx2

from ledger.errors import RemoteFailed

TIMEOUT = httpx2.Timeout(30.0, read=120.0)
ATTEMPTS = 6
MAX_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger answered to one statement.

    Attributes:
        status: HTTP status.
        members: The JSON object of the answer: a result, or a problem (RFC 9457).
    """

    status: int
    members: dict[str, Any]

    @property
    def recorded(self) -> bool:
        """The ledger says that the statement is in the log."""
        return self.status in (200, 201)

    @property
    def retry_safe(self) -> bool:
        """Nothing was acknowledged; the same bytes may be sent again."""
        return self.status == 503

    @property
    def findings(self) -> list[Mapping[str, Any]]:
        """What is wrong with what was sent, as far as the server says it as it must."""
        given = self.members.get("findings")
        return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []

    def describe(self) -> str:
        """The answer in one line, for a person."""
        if self.recorded:
            return printable(f"entry {self.members.get('index')}")
        code = self.members.get("code", self.status)
        text = f"{code}: {self.members.get('detail', self.members.get('title', ''))}"
        mend = self.members.get("mend")
        return printable(f"{text} {mend}" if mend else text)


def printable(text: str) -> str:
    """A server's text with what would steer a terminal replaced."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


class LedgerClient:
    """A connection to one ledger. Use as a context manager, or call ``close``."""

    def __init__(self, url: str, *, http: httpx2.Client | None = None) -> None:
        """Connects lazily.

        Args:
            url: Base URL, for example ``http://127.0.0.1:8000``.
            http: Another client, for example one on a WSGI application; closed with this one.
        """
        self.url = url.rstrip("/")
        self._http = http or httpx2.Client(timeout=TIMEOUT, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def log(self) -> dict[str, Any]:
        """``origin``, ``vkeys``, ``size`` and ``root`` as the ledger states them."""
        members = self.get_json("/v1/log")
        if not isinstance(members.get("origin"), str) or not isinstance(members.get("vkeys"), list):
            raise RemoteFailed(f"{self.url}/v1/log does not describe a log")
        return members

    def get_json(self, path: str, *, token: str | None = None) -> dict[str, Any]:
        """The JSON object at a path.

        Raises:
            RemoteFailed: Not reachable, not 200, or not a JSON object.
        """
        return _json_object(self.get(path, token=token, accept="application/json"), path)

    def get(self, path: str, *, token: str | None = None, accept: str = "*/*") -> bytes:
        """The body at a path.

        Raises:
            RemoteFailed: Not reachable, or not 200.
        """
        return self.get_page(path, token=token, accept=accept)[0]

    def get_page(
        self, path: str, *, token: str | None = None, accept: str = "*/*"
    ) -> tuple[bytes, str | None]:
        """The body at a path, and the path of the next page as its Link header names it (RFC 8288).

        Raises:
            RemoteFailed: Not reachable, not 200, or the next page is said to be somewhere else.
        """
        headers = {"Accept": accept}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        response = self._send("GET", path, headers=headers)
        if response.status_code != 200:
            raise _refused(f"GET {path}", response)
        following = response.links.get("next", {}).get("url")
        if following is not None and not following.startswith("/"):
            raise RemoteFailed(printable(f"the page after {path} is said to be at {following}"))
        return response.content, following

    def put_file(self, path: str, file: Path, *, token: str) -> Answer:
        """Puts a file's bytes at a path; it is read as it is sent, and sent again where the ledger says 503.

        Raises:
            RemoteFailed: The ledger cannot be reached, or the connection broke: sending again is safe.
        """

        def send() -> httpx2.Response:
            with file.open("rb") as stream:
                headers = {
                    "Content-Type": "application/octet-stream",
                    "Content-Length": str(os.fstat(stream.fileno()).st_size),
                    "Authorization": f"Bearer {token}",
                }
                return self._http.put(self.url + path, content=stream, headers=headers)

        return self._answered(path, lambda: self._tried("PUT", path, send))

    def save(self, path: str, stream: BinaryIO, *, token: str) -> str:
        """Writes the body at a path into a stream as it arrives; its SHA-256 in hexadecimal digits.

        Raises:
            RemoteFailed: Not reachable, not 200, or broken off; what was written by then is not whole.
        """
        digest = hashlib.sha256()
        headers = {"Accept": "application/octet-stream", "Authorization": f"Bearer {token}"}
        try:
            with self._http.stream("GET", self.url + path, headers=headers) as response:
                if response.status_code != 200:
                    response.read()
                    raise _refused(f"GET {path}", response)
                for block in response.iter_bytes():
                    digest.update(block)
                    stream.write(block)
        except httpx2.HTTPError as error:
            raise RemoteFailed(f"GET {path} broke off: {error}", mend="Ask again.") from error
        return digest.hexdigest()

    def submit(self, jws: bytes) -> Answer:
        """Posts one statement; sends the same bytes again while the ledger says 503 or cannot be reached."""
        return self._post("/v1/statements", jws)

    def check(self, jws: bytes) -> Answer:
        """Posts one statement to the dry run."""
        return self._post("/v1/statements/check", jws)

    def submit_lines(self, lines: Iterable[bytes]) -> Iterator[Answer]:
        """Posts statements as one batch and yields the answers in order, as they arrive.

        Args:
            lines: Compact JWS, none of them with a line end.

        Raises:
            RemoteFailed: The connection broke or the batch as a whole was refused; what was answered before
                stands, the rest may be sent again.
        """
        body = b"".join(line + b"\n" for line in lines)
        headers = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
        try:
            with self._http.stream(
                "POST", self.url + "/v1/statements/batch", content=body, headers=headers
            ) as response:
                if response.status_code != 200:
                    response.read()
                    raise _refused("the batch", response)
                for text in response.iter_lines():
                    members = _json_object(text.encode("utf-8", "replace"), "a line of the batch")
                    status = members.get("status")
                    if type(status) is not int:
                        raise RemoteFailed("a line of the batch did not answer with a status")
                    yield Answer(status, members)
        except httpx2.HTTPError as error:
            raise RemoteFailed(f"the batch broke off: {error}") from error

    def _post(self, path: str, jws: bytes) -> Answer:
        headers = {"Content-Type": "application/jose", "Accept": "application/json"}
        return self._answered(path, lambda: self._send("POST", path, content=jws, headers=headers))

    def _answered(self, path: str, send: Callable[[], httpx2.Response]) -> Answer:
        """What is answered in the end: it is sent again, for some time, while the answer is 503."""
        waited = 0.0
        for attempt in range(ATTEMPTS):
            response = send()
            answer = Answer(response.status_code, _json_object(response.content, path))
            if not answer.retry_safe or attempt == ATTEMPTS - 1:
                break
            pause = min(_seconds(response.headers.get("Retry-After")), MAX_WAIT_S - waited)
            if pause <= 0:
                break
            time.sleep(pause)
            waited += pause
        return answer

    def _send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        return self._tried(method, path, lambda: self._http.request(method, self.url + path, **request))

    def _tried(self, method: str, path: str, send: Callable[[], httpx2.Response]) -> httpx2.Response:
        """One request; a broken connection is tried again, for every request here may be repeated."""
        for attempt in range(ATTEMPTS):
            try:
                return send()
            except httpx2.HTTPError as error:
                if attempt == ATTEMPTS - 1 or isinstance(error, httpx2.ConnectError):
                    raise RemoteFailed(
                        f"{method} {self.url}{path} got no answer: {error}",
                        mend="Check the address and that the ledger is running; sending again is safe.",
                    ) from error
                time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")


def _json_object(body: bytes, path: str) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RemoteFailed(f"{path} did not answer with JSON") from error
    if not isinstance(members, dict):
        raise RemoteFailed(f"{path} did not answer with a JSON object")
    return members


def _refused(asked: str, response: httpx2.Response) -> RemoteFailed:
    """What the ledger says, how to mend it, and last where it said so."""
    status = response.status_code
    try:
        members = json.loads(response.content)
        code, detail, mend = str(members["code"]), members["detail"], members.get("mend", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said = f"{asked} answered {status}: {response.text[:200]}"
        return RemoteFailed(printable(said), extra={"status": status})
    return RemoteFailed(
        printable(f"{code}: {detail} ({asked} answered {status})"),
        mend=printable(str(mend)),
        extra={"status": status, "answered": code},
    )


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdigit() else 1.0
