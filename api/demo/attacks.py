"""Attempts to cheat, made for real against the running server and a copy of its database."""

import contextlib
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.demo.cast import Member, sign
from api.demo.stage import Stage
from ledger.client.http import Answer, LedgerClient
from ledger.clock import SystemClock
from ledger.encoding import b64url_decode, b64url_encode
from ledger.statements.envelope import EPCIS, parse_statement


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and its answer."""

    title: str
    answer: Answer
    repelled: bool


def forge(client: LedgerClient, stage: Stage, document: dict[str, Any]) -> Attempt:
    """Someone without the mine's key signs in its name: with another key, under the mine's kid."""
    mine = stage.members["mine"]
    stranger = replace(mine, signer=_Impostor(mine, stage.members["plant"]))
    answer = client.submit(sign(document, stranger, stage.settings.origin, EPCIS, SystemClock()))
    return Attempt("a record in the mine's name, signed with another key", answer, answer.status == 422)


class _Impostor:
    """Names one key and signs with another."""

    def __init__(self, claimed: Member, held: Member) -> None:
        self.kid, self.alg, self.jwk = claimed.signer.kid, claimed.signer.alg, claimed.signer.jwk
        self._held = held.signer

    def sign(self, message: bytes) -> bytes:
        return self._held.sign(message)


def replay(client: LedgerClient, jws: bytes, index: int) -> Attempt:
    """The captured bytes of a record are sent again."""
    answer = client.submit(jws)
    same = answer.status == 200 and answer.members.get("index") == index
    return Attempt(f"entry {index} sent again: no second entry, its first receipt", answer, same)


def reuse(client: LedgerClient, stage: Stage, jws: bytes, document: dict[str, Any]) -> Attempt:
    """The mine itself says something else under an identifier that it has used."""
    header = parse_statement(jws).header
    other = sign(document, stage.members["mine"], stage.settings.origin, EPCIS, SystemClock(), jti=header.jti)
    answer = client.submit(other)
    return Attempt("another record under a used jti", answer, answer.status == 409)


def alter(client: LedgerClient, jws: bytes) -> Attempt:
    """On the way, 5,200 kg become 9,200 kg."""
    answer = client.submit(heavier(jws))
    return Attempt("a record altered on the way (5,200 kg becomes 9,200 kg)", answer, answer.status == 422)


def heavier(jws: bytes) -> bytes:
    """The statement with another mass and the old signature."""
    header, payload, signature = jws.split(b".")
    text = b64url_decode(payload).replace(b'"quantity":5200', b'"quantity":9200')
    return b".".join((header, b64url_encode(text).encode(), signature))


def tamper_with_copy(stage: Stage, index: int) -> Path:
    """Copies the database and changes one digit of one stored statement, as who owns the file could.

    Args:
        stage: The demonstration.
        index: The entry whose statement is changed; it says 5,200 kg.

    Returns:
        The copy.
    """
    copy = stage.folder / "tampered.db"
    with (
        contextlib.closing(sqlite3.connect(stage.database)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        triggers = target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            target.execute(f'DROP TRIGGER "{name}"')
        (jws,) = target.execute("SELECT jws FROM statement_bytes WHERE entry_index = ?", (index,)).fetchone()
        target.execute("UPDATE statement_bytes SET jws = ? WHERE entry_index = ?", (heavier(jws), index))
        target.commit()
    return copy
