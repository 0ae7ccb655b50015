"""Asking as everybody, by token and in a session; what an answer tells, and what is not the caller's."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote, urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from api.access import Token
from api.operations import Operation
from ledger.encoding import b64url_decode
from tests.support.asking import Ask, Caller
from tests.support.cast import Actor
from tests.support.everybody import Everybody, marks_of

CALLERS: Final = (
    *("nobody", "stranger"),
    *("mine", "south", "plant", "maker", "recycler", "importer", "leaver"),
    *("authority", "inspector", "operator", "auditor", "customs", "tax"),
)
MODES: Final = ("token", "session")
SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}


class Door:
    """Asks as somebody: with a token, or in a browser where the caller has signed in."""

    def __init__(self, crowd: Everybody) -> None:
        self._crowd = crowd
        self._thin = crowd.site.parts.engine.dialect.name != "sqlite"
        self._browsers: dict[str, FlaskClient] = {}

    def asked(self, asks: Sequence[Ask]) -> Iterator[tuple[Caller, Ask]]:
        """Every question by every caller, by token and in a session; where there are many, by turns.

        On the second engine, whose answers come from the same code, each caller asks every other one of many.
        """
        many = len(asks) >= 4
        for (number, name), (place, ask) in itertools.product(enumerate(CALLERS), enumerate(asks)):
            if many and self._thin and (number + place // 2) % 2:
                continue
            known = self._crowd.parties.get(name)
            modes = MODES if not many else (MODES[(number + place) % 2],)
            for mode in modes if known is not None else MODES[:1]:
                yield Caller(name, mode, None if known is None else known.party), ask

    def ask(self, operation: Operation, ask: Ask, caller: Caller) -> TestResponse:
        path = operation.path
        for name, value in ask.path.items():
            path = path.replace("{" + name + "}", quote(value, safe="/:"))
        body = ask.body if isinstance(ask.body, bytes) else ask.body(self._crowd, caller)
        address = f"{path}?{urlencode(ask.query)}" if ask.query else path
        client, headers = self._client(caller)
        return client.open(
            address, method=operation.method, headers={**headers, **ask.headers}, data=body or None
        )

    def forget(self, caller: Caller) -> None:
        """What was signed in is signed out."""
        self._browsers.pop(caller.name, None)

    def _client(self, caller: Caller) -> tuple[FlaskClient, dict[str, str]]:
        site = self._crowd.site
        if caller.name == "nobody":
            return site.client, {}
        signer: Actor = self._crowd.parties.get(caller.name, self._crowd.cast.stranger)
        if caller.mode == "token":
            return site.client, {"Authorization": f"Bearer {site.token(signer)}"}
        if caller.name not in self._browsers:
            self._browsers[caller.name] = site.sign_in(signer)
        return self._browsers[caller.name], SAME_ORIGIN


def expected(operation: Operation, ask: Ask, caller: Caller) -> frozenset[int]:
    """The statuses that this caller's question may be answered with."""
    token = operation.access.token
    if token is Token.NONE:
        return ask.opens
    if caller.name == "stranger" and token is not Token.SESSION:
        return frozenset({401})  # a bad credential opens nothing, not even what is public
    if ask.who(caller):
        return ask.opens
    return frozenset({ask.closed if caller.known else 401})


def shown(response: Response) -> str:
    """Everything that an answer tells, and what is inside the statements that it holds."""
    text = response.get_data().decode("utf-8", "replace")
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
    inner: list[str] = []
    for payload in re.findall(r"[\w-]{8,}\.([\w-]{8,})\.[\w-]{40,}", text):
        try:
            said = json.loads(b64url_decode(payload))
        except ValueError:
            continue
        inner += [json.dumps(said), *marks_of(said)]
    whole = "\n".join([text, headers, *inner])
    return whole if unquote(whole) == whole else f"{whole}\n{unquote(whole)}"


def leaked(text: str, secrets: Iterable[str]) -> list[str]:
    """Which of the names and masses stand in a text."""
    numbers = set(re.findall(r"\d+", text))
    return sorted(
        secret for secret in secrets if (secret in numbers if secret.isdecimal() else secret in text)
    )
