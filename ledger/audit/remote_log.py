"""A remote log as an auditor reads it: checkpoint, tiles, bundles, acts, statements, all to be checked.

Decides: which path holds what, and what an answer must look like to be looked at. Believes nothing it reads.
"""

import hashlib
import json
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from ledger.audit.transport import Reply, Transport
from ledger.encoding import b64url_encode
from ledger.errors import RemoteFailed, TileMalformed
from ledger.log.merkle import HASH_BYTES
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.tiles import TILE_WIDTH, entries_path, parse_entry_bundle, tile_path
from ledger.statements.envelope import MAX_JWS_BYTES
from ledger.statements.keys import Signer
from ledger.statements.tokens import make_token

ACTS_PAGE = 100
_MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + 65_535)
_MAX_PAGE_BYTES = 64 * 1_048_576
_TOKEN_LIFETIME_S = 300
_TOKEN_RENEWED_AFTER_S = 200
_PROBLEM_BYTES = 65_536


class Unread(Enum):
    """Why a statement was not read."""

    PRIVATE = "private"
    ERASED = "erased"
    WITHHELD = "withheld"


class RemoteLog:
    """Reads one log."""

    def __init__(
        self,
        transport: Transport,
        origin: str,
        token_signer: Signer | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Reads as the party of ``token_signer``, or as anybody."""
        self._transport = transport
        self._origin = origin
        self._signer = token_signer
        self._now_s = now_s
        self._token: tuple[str, float] | None = None
        self._page: dict[int, bytes | None] = {}
        self._page_start, self._page_end = 0, 0

    @property
    def reads_private(self) -> bool:
        """Whether statements are asked for beside the public acts."""
        return self._signer is not None

    def checkpoint(self) -> bytes:
        """The latest checkpoint.

        Raises:
            RemoteFailed: There is none to be had.
        """
        return self._require("/checkpoint", MAX_NOTE_BYTES).body

    def bundle(self, index: int, width: int) -> list[bytes] | None:
        """The entries of a bundle, None where what is served is not one."""
        reply = self._get("/" + entries_path(index, width), _MAX_BUNDLE_BYTES)
        try:
            return parse_entry_bundle(reply.body, width) if reply.status == 200 else None
        except TileMalformed:
            return None

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """The bytes served as a tile, None where there are none."""
        reply = self._get("/" + tile_path(level, index, width), TILE_WIDTH * HASH_BYTES + 1)
        return reply.body if reply.status == 200 else None

    def require_tile(self, level: int, index: int, width: int) -> bytes:
        """A tile's hashes; TileMalformed where they are not to be had."""
        hashes = self.tile(level, index, width)
        if hashes is None:
            raise TileMalformed(f"the tile {level}/{index} is not served")
        return hashes

    def public_act(self, index: int, statement_hash: bytes) -> bytes | None:
        """The statement of a public entry, None where it is withheld; it may be another one's bytes.

        Args:
            index: The entry's index; acts are asked for with rising indices.
            statement_hash: What the entry commits to.
        """
        if not self._page_start <= index < self._page_end:
            self._read_page(index)
        listed = self._page.pop(index, None)
        if listed is not None and hashlib.sha256(listed).digest() == statement_hash:
            return listed
        served = self.statement(statement_hash)
        return served if isinstance(served, bytes) else listed

    def statement(self, statement_hash: bytes) -> bytes | Unread:
        """A statement, as far as the reader is let."""
        path = f"/v1/statements/{b64url_encode(statement_hash)}"
        reply = self._get(path, MAX_JWS_BYTES + 1, accept="application/jose", with_token=True)
        if reply.status == 200:
            return reply.body
        if reply.status == 401 and self._signer is not None:
            raise RemoteFailed(f"the reader token is refused: {_problem(reply)}")
        if reply.status in (401, 403):
            return Unread.PRIVATE
        return Unread.ERASED if reply.status == 410 else Unread.WITHHELD

    def _read_page(self, index: int) -> None:
        """The public acts from an index on; an unusable answer counts as an empty page."""
        reply = self._get(f"/v1/acts?start={index}&limit={ACTS_PAGE}", _MAX_PAGE_BYTES)
        self._page = _listed_acts(reply)
        self._page_start = index
        # Where the list says nothing of an index, a statement is asked for by its hash; that is always right.
        self._page_end = max(self._page, default=index) + 1

    def _require(self, path: str, limit: int) -> Reply:
        reply = self._get(path, limit)
        if reply.status != 200:
            raise RemoteFailed(f"GET {path} answered {reply.status}: {_problem(reply)}")
        return reply

    def _get(self, path: str, limit: int, *, accept: str = "*/*", with_token: bool = False) -> Reply:
        headers = {"Accept": accept}
        if with_token and self._signer is not None:
            headers["Authorization"] = f"Bearer {self._current_token(self._signer)}"
        return self._transport.get(path, headers, max(limit, _PROBLEM_BYTES))

    def _current_token(self, signer: Signer) -> str:
        now_s = self._now_s()
        if self._token is None or now_s - self._token[1] > _TOKEN_RENEWED_AFTER_S:
            self._token = (make_token(signer, self._origin, int(now_s), _TOKEN_LIFETIME_S), now_s)
        return self._token[0]


def _listed_acts(reply: Reply) -> dict[int, bytes | None]:
    try:
        acts = json.loads(reply.body)["acts"] if reply.status == 200 else []
        return {
            act["index"]: None if act["jws"] is None else act["jws"].encode("ascii")
            for act in acts
            if type(act["index"]) is int
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _problem(reply: Reply) -> str:
    try:
        members: Any = json.loads(reply.body)
        return f"{members['code']}: {members['detail']}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ascii(reply.body[:200])
