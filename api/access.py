"""Who may read what.

Decides: whose a reader token or a session is, which roles open which operations, and who sees a private
statement. Changes nothing, and asks only the registers and the sessions.

A token is good if an enrolled key signed it, that key may sign now, and the token's own times hold. A session
is good while it lasts and the key that opened it may sign now. A role counts only while its party is listed;
what a party itself filed stays open to it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from sqlalchemy import Connection

from ledger.encoding import b64url_encode
from ledger.errors import (
    ResourceNotFound,
    RoleForbidden,
    StatementErased,
    StatementPrivate,
    TokenInvalid,
    TokenMissing,
)
from ledger.findings import Finding
from ledger.statements.jwk import parse_jwk
from ledger.statements.registers import GrantRecord, KeyRecord, LoggedStatement
from ledger.statements.standing import is_listed, key_fault
from ledger.statements.tokens import MAX_TOKEN_BYTES, SignedToken, parse_token, verify_token
from ledger.store import log_store, registers_store, sessions
from ledger.store.attachments_store import issuers_naming, standing_namings
from ledger.store.sessions import SessionRow

SCHEME: Final = "bearer"


class Token(Enum):
    """Which credential an operation looks at: a reader token, or where none is sent a session's cookie."""

    NONE = "none"
    OPTIONAL = "optional"
    NEEDED = "needed"
    SESSION = "session"  # needed, and nothing but the cookie is looked at


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation asks of its caller.

    Attributes:
        token: Which credential: none is looked at; optional; needed; or a session is needed.
        roles: The caller's party holds at least one of them; empty: any party.
    """

    token: Token
    roles: frozenset[str] = frozenset()


REGULATORS: Final = frozenset({"regulator", "authority"})
AUDITORS: Final = REGULATORS | {"auditor"}

PUBLIC: Final = Access(Token.NONE)
OPTIONAL: Final = Access(Token.OPTIONAL)
ANY_PARTY: Final = Access(Token.NEEDED)
AUDITING: Final = Access(Token.NEEDED, AUDITORS)
IN_SESSION: Final = Access(Token.SESSION)


@dataclass(frozen=True, slots=True)
class Reader:
    """A caller that is known.

    Attributes:
        party: Its party's identifier.
        kid: The key that signed its token or opened its session.
        roles: Its party's roles, empty while the party is not listed.
        session: The session that it is known by; None where it is known by a token.
    """

    party: str
    kid: str
    roles: frozenset[str]
    session: SessionRow | None = None

    def of(self, session: SessionRow) -> "Reader":
        """The same caller, known by a session."""
        return replace(self, session=session)

    def holds(self, roles: frozenset[str]) -> bool:
        """Whether the reader holds one of these roles."""
        return not roles.isdisjoint(self.roles)


def identify(connection: Connection, authorization: str | None, origin: str, now_us: int) -> Reader | None:
    """The caller that an Authorization header names, or None without one.

    Args:
        connection: A reading transaction.
        authorization: The header as received.
        origin: This log's origin.
        now_us: Microseconds since the epoch.

    Raises:
        TokenInvalid: A header that is not a good token of this ledger.
    """
    if authorization is None:
        return None
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != SCHEME:
        raise TokenInvalid("the authorization scheme is not Bearer")
    if len(text) > MAX_TOKEN_BYTES:
        raise TokenInvalid(f"the token has more than {MAX_TOKEN_BYTES} bytes")
    token = parse_token(text.strip(" "))
    return _reader(connection, _signer(connection, token, origin, now_us), now_us)


def answerer(connection: Connection, proof: SignedToken, origin: str, now_us: int) -> Reader:
    """The caller that has signed a challenge; whether that challenge was given is not looked at.

    Args:
        connection: A reading transaction.
        proof: As ``parse_session_proof`` gave it.
        origin: This log's origin.
        now_us: Microseconds since the epoch.

    Raises:
        KeyUnknown: The key is not enrolled.
        SessionRefused: The proof is not good here and now.
    """
    return _reader(connection, _signer(connection, proof, origin, now_us), now_us)


def recognise(connection: Connection, session_hash: bytes, now_us: int) -> Reader | None:
    """The caller whose session this is, or None where it is over, or its key may sign no more.

    Args:
        connection: A reading transaction.
        session_hash: SHA-256 of the cookie.
        now_us: Microseconds since the epoch.
    """
    session = sessions.read_session(connection, session_hash, now_us)
    key = None if session is None else registers_store.read_key(connection, session.kid)
    if key is None or _fault(connection, key, now_us) is not None:
        return None
    return _reader(connection, key, now_us, session)


def _signer(connection: Connection, token: SignedToken, origin: str, now_us: int) -> KeyRecord:
    """The key that has signed a token, which is good here and now."""
    key = registers_store.read_key(connection, token.kid)
    if key is None:
        raise token.kind.unknown(f"the {token.kind.called} is signed by a key that is not enrolled")
    verify_token(token, parse_jwk(key.jwk), origin, now_us // 1_000_000)
    fault = _fault(connection, key, now_us)
    if fault is not None:
        raise token.kind.refusal(fault.detail, mend=fault.mend)
    return key


def _fault(connection: Connection, key: KeyRecord, now_us: int) -> Finding | None:
    """Why a key may not sign at this moment, or None."""
    return key_fault(key, log_store.read_head(connection).tree_size, now_us)


def _reader(connection: Connection, key: KeyRecord, now_us: int, session: SessionRow | None = None) -> Reader:
    party = registers_store.read_party(connection, key.party)
    listed = party is not None and is_listed(party.listings, now_us)
    roles = frozenset(party.roles) if party is not None and listed else frozenset()
    return Reader(key.party, key.kid, roles, session)


def admit(access: Access, reader: Reader | None) -> None:
    """Returns only if an operation is open to a caller.

    Raises:
        TokenMissing: It needs a token or a session and there is none.
        RoleForbidden: The caller's party holds none of the roles.
    """
    if access.token in (Token.NONE, Token.OPTIONAL):
        return
    if reader is None:
        if access.token is Token.SESSION:
            raise TokenMissing("there is no session", mend="Sign in with POST /v1/sessions.")
        raise TokenMissing("this needs a reader token or a session")
    if access.roles and not reader.holds(access.roles):
        raise RoleForbidden(f"this is open to the roles {', '.join(sorted(access.roles))}")


def admit_to_statement(connection: Connection, reader: Reader | None, statement: LoggedStatement) -> None:
    """Returns only if a caller may read a statement.

    Open to everybody: public acts. To its issuer, the parties that it names, and those that a regulator's
    grant
    names: a private statement. To regulators and authorities: all.

    Raises:
        TokenMissing: It is private and the caller is not known.
        StatementPrivate: It is private, and not to be read by this caller.
    """
    if statement.public:
        return
    if reader is None:
        raise TokenMissing(
            "the statement is private",
            mend="Send 'Authorization: Bearer <token>' of its issuer, of a party that it names, or of one "
            "that a regulator granted it to; its entry and proof are public.",
        )
    if reader.holds(REGULATORS) or reader.party == statement.issuer:
        return
    if reader.party in registers_store.read_readers(connection, statement.entry_index):
        return
    grants = registers_store.read_grants(connection, reader.party)
    facts = (statement.entry_index, statement.statement_hash, statement.issuer)
    if any(_grant_covers(grant, *facts) for grant in grants):
        return
    raise StatementPrivate(
        "the statement is private to its issuer, the parties it names and those granted it"
    )


def _grant_covers(grant: GrantRecord, entry_index: int, statement_hash: bytes, issuer: str) -> bool:
    """Whether everything that a grant's scope gives holds for a statement; an empty scope covers nothing."""
    scope = grant.scope
    if not scope:
        return False
    statements, issuers = scope.get("statements"), scope.get("issuers")
    start, end = scope.get("start"), scope.get("end")
    return (
        (statements is None or b64url_encode(statement_hash) in statements)
        and (issuers is None or issuer in issuers)
        and (start is None or entry_index >= int(start))
        and (end is None or entry_index < int(end))
    )


def find_attachment(connection: Connection, reader: Reader, sha256_hex: str) -> str:
    """For whom the file is kept that a caller may read: the issuer of a statement that names it.

    The statement stands, and the caller may read it; what only others name or have sent opens nothing.

    Raises:
        ResourceNotFound: None of them names it, or no issuer has uploaded it; others' are not told of.
        StatementErased: Each of them was erased.
    """
    party = None if reader.holds(REGULATORS) else reader.party
    standing, erased = issuers_naming(connection, sha256_hex, party)
    if party is not None and not any(standing.values()):
        standing |= _issuers_granted(connection, party, sha256_hex)
    uploaded = [issuer for issuer, stored in standing.items() if stored]
    if uploaded:
        return min(uploaded)
    if standing:
        raise ResourceNotFound(
            "a statement names this attachment, and its issuer has not uploaded it",
            mend="Ask the issuer for it: its SHA-256 shows whether it is the one.",
        )
    if erased:
        raise StatementErased("every statement that named this attachment was erased, and with it the file")
    raise ResourceNotFound("no statement that you may read names an attachment with this SHA-256")


def _issuers_granted(connection: Connection, party: str, sha256_hex: str) -> dict[str, bool]:
    grants = registers_store.read_grants(connection, party)
    if not grants:
        return {}
    return {
        issuer: bool(stored)
        for index, name, issuer, stored in standing_namings(connection, sha256_hex)
        if any(_grant_covers(grant, index, name, issuer) for grant in grants)
    }


def find_statement(connection: Connection, statement_hash: bytes) -> LoggedStatement:
    """What the log holds of a statement.

    Raises:
        ResourceNotFound: The log does not hold it.
    """
    statement = registers_store.read_logged(connection, [statement_hash]).get(statement_hash)
    if statement is None:
        raise ResourceNotFound("the log holds no statement with this hash")
    return statement
