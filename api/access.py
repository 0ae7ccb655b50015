"""Who may read what.

Decides: whose a reader token is, which roles open which operations, and who sees a private statement. Changes
nothing, and asks only the registers.

A token is good if an enrolled key signed it, that key may sign now, and the token's own times hold. A role
counts only while its party is listed; what a party itself filed stays open to it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import Connection

from ledger.encoding import b64url_encode
from ledger.errors import ResourceNotFound, RoleForbidden, StatementPrivate, TokenInvalid, TokenMissing
from ledger.statements.acts.standing import is_listed, key_fault
from ledger.statements.jwk import parse_jwk
from ledger.statements.registers import GrantRecord, LoggedStatement
from ledger.statements.tokens import MAX_TOKEN_BYTES, parse_token, verify_token
from ledger.store import log_store, registers_store

SCHEME: Final = "bearer"


class Token(Enum):
    """Whether an operation looks at a reader token."""

    NONE = "none"
    OPTIONAL = "optional"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation asks of its caller.

    Attributes:
        token: Not looked at; optional, and good where it is sent; or needed.
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


@dataclass(frozen=True, slots=True)
class Reader:
    """A caller that is known.

    Attributes:
        party: Its party's identifier.
        kid: The key that signed its token.
        roles: Its party's roles, empty while the party is not listed.
    """

    party: str
    kid: str
    roles: frozenset[str]

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
    key = registers_store.read_key(connection, token.kid)
    if key is None:
        raise TokenInvalid("the token is signed by a key that is not enrolled")
    verify_token(token, parse_jwk(key.jwk), origin, now_us // 1_000_000)
    fault = key_fault(key, log_store.read_head(connection).tree_size, now_us)
    if fault is not None:
        raise TokenInvalid(fault.detail, mend=fault.mend)
    party = registers_store.read_party(connection, key.party)
    listed = party is not None and is_listed(party.listings, now_us)
    return Reader(key.party, key.kid, frozenset(party.roles) if party is not None and listed else frozenset())


def admit(access: Access, reader: Reader | None) -> None:
    """Returns only if an operation is open to a caller.

    Raises:
        TokenMissing: It needs a token and there is none.
        RoleForbidden: The caller's party holds none of the roles.
    """
    if access.token is not Token.NEEDED:
        return
    if reader is None:
        raise TokenMissing("this needs a reader token")
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
    if any(grant_covers(grant, statement) for grant in grants):
        return
    raise StatementPrivate(
        "the statement is private to its issuer, the parties it names and those granted it"
    )


def grant_covers(grant: GrantRecord, statement: LoggedStatement) -> bool:
    """Whether everything that a grant's scope gives holds for a statement; an empty scope covers nothing."""
    scope = grant.scope
    if not scope:
        return False
    statements, issuers = scope.get("statements"), scope.get("issuers")
    start, end = scope.get("start"), scope.get("end")
    return (
        (statements is None or b64url_encode(statement.statement_hash) in statements)
        and (issuers is None or statement.issuer in issuers)
        and (start is None or statement.entry_index >= int(start))
        and (end is None or statement.entry_index < int(end))
    )


def find_statement(connection: Connection, statement_hash: bytes) -> LoggedStatement:
    """What the log holds of a statement.

    Raises:
        ResourceNotFound: The log does not hold it.
    """
    statement = registers_store.read_logged(connection, [statement_hash]).get(statement_hash)
    if statement is None:
        raise ResourceNotFound("the log holds no statement with this hash")
    return statement
