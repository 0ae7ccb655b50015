"""Reader tokens and session proofs: short-lived, signed by an enrolled key, good at one log.

A reader token lets its bearer read while it lasts. A session proof answers one challenge of the log and opens
a session once; neither is ever taken for the other.

Decides: form, audience, times and signature of both. Never decides whose the key is, whether it is valid now,
what its party may read, or whether a challenge is one that the log has given.

Source: RFC 7519 (JWT), RFC 8725 section 3.11 (explicit typing: a statement or a proof is never a token).
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.errors import KeyUnknown, MalformedError, SessionRefused, SignatureInvalid, TokenInvalid, TooLarge
from ledger.identifiers import is_origin, is_uuid4
from ledger.statements.jwk import PublicKey
from ledger.statements.jws import (
    KID_FORM,
    CompactJws,
    read_numeric_date,
    read_typed_header,
    refuse_another_key,
    require_signature_length,
    split_compact,
    write_compact,
)
from ledger.statements.keys import Signer
from ledger.strict_json import is_json_object, parse_json

TOKEN_TYPE: Final = "reledger-read+jwt"  # noqa: S105 - a media type
SESSION_TYPE: Final = "reledger-session+jwt"
MAX_TOKEN_BYTES: Final = 2_048
MAX_LIFETIME_S: Final = 300
# How far the reader's clock may be ahead of the log's.
CLOCK_TOLERANCE_S: Final = 60

# A challenge is 32 bytes as base64url, as a kid is.
_CHALLENGE = re.compile(KID_FORM)


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What tells one kind of token from another.

    Attributes:
        typ: The header's ``typ``.
        claim: The claim that it has beside ``aud``, ``iat`` and ``exp``, and that makes each one distinct.
        fits: Whether a text may be that claim.
        form: What that claim is, in words.
        called: What the kind is called.
        refusal: The error of what is none, or none that is good.
        unknown: The error of what is signed by a key that is not enrolled.
    """

    typ: str
    claim: str
    fits: Callable[[str], bool]
    form: str
    called: str
    refusal: type[TokenInvalid | SessionRefused]
    unknown: type[TokenInvalid | KeyUnknown]


READING: Final = TokenKind(
    TOKEN_TYPE, "jti", is_uuid4, "a UUIDv4 in lower case", "token", TokenInvalid, TokenInvalid
)
SESSION: Final = TokenKind(
    SESSION_TYPE,
    "challenge",
    lambda text: _CHALLENGE.fullmatch(text) is not None,
    "the unpadded base64url of 32 bytes",
    "proof",
    SessionRefused,
    KeyUnknown,
)


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token that is well formed; whether it is good is not known yet.

    Attributes:
        kind: Which kind of token it is.
        kid: Thumbprint of the key that it says signed it.
        alg: The algorithm's name as written.
        aud: The origin of the log that it is for.
        iat: Seconds since the epoch at which it was made.
        exp: Seconds since the epoch from which it is no longer good; 1 to 300 after iat.
        nonce: A reader token's ``jti``, a session proof's ``challenge``.
        signing_input: What the signature is over.
        signature: The signature.
    """

    kind: TokenKind
    kid: str
    alg: str
    aud: str
    iat: int
    exp: int
    nonce: str
    signing_input: bytes
    signature: bytes


def make_token(
    signer: Signer, origin: str, now_s: int, lifetime_s: int = MAX_LIFETIME_S, jti: str | None = None
) -> str:
    """A token that lets its bearer read at one log as the signer's party.

    Args:
        signer: A party's key.
        origin: The log.
        now_s: Seconds since the epoch.
        lifetime_s: 1 to 300.
        jti: A UUIDv4 in lower case; a random one if None.

    Raises:
        TokenInvalid: As ``parse_token`` would say of the result.
    """
    return _make(READING, signer, origin, now_s, lifetime_s, jti or str(uuid.uuid4()))


def make_session_proof(
    signer: Signer, origin: str, challenge: str, now_s: int, lifetime_s: int = MAX_LIFETIME_S
) -> str:
    """The answer to a challenge, which opens a session at one log as the signer's party.

    Args:
        signer: A party's key.
        origin: The log.
        challenge: As the log gave it.
        now_s: Seconds since the epoch.
        lifetime_s: 1 to 300.

    Raises:
        SessionRefused: As ``parse_session_proof`` would say of the result.
    """
    return _make(SESSION, signer, origin, now_s, lifetime_s, challenge)


def parse_token(text: str) -> SignedToken:
    """Reads a reader token; neither its signature nor its times against a clock are checked.

    Args:
        text: As it stood behind ``Bearer``.

    Raises:
        TokenInvalid: Not a token in its one form.
    """
    return _parse(READING, text.encode("utf-8", "replace"))


def parse_session_proof(octets: bytes) -> SignedToken:
    """Reads a session proof; neither its signature nor its times against a clock are checked.

    Args:
        octets: A request's body.

    Raises:
        SessionRefused: Not a session proof in its one form.
    """
    return _parse(SESSION, octets)


def verify_token(token: SignedToken, key: PublicKey, origin: str, now_s: int) -> None:
    """Returns only if the token is the key's, for this log, and good at this moment.

    Args:
        token: As ``parse_token`` or ``parse_session_proof`` gave it.
        key: The enrolled key that its kid names; its own validity is the caller's to judge.
        origin: This log.
        now_s: Seconds since the epoch.

    Raises:
        TokenInvalid, SessionRefused: It is not; which, its kind says.
    """
    refusal, called = token.kind.refusal, token.kind.called
    if token.aud != origin:
        raise refusal(f"the {called} is for another log")
    if token.iat > now_s + CLOCK_TOLERANCE_S:
        raise refusal(
            f"the {called} is from the future: iat is {token.iat - now_s} s ahead of this log's clock"
        )
    if token.exp <= now_s:
        raise refusal(f"the {called} expired {now_s - token.exp} s ago")
    try:
        refuse_another_key(token.alg, token.kid, key)
        key.verify(token.signature, token.signing_input)
    except (MalformedError, SignatureInvalid) as error:
        raise refusal(error.detail) from None


def _make(kind: TokenKind, signer: Signer, origin: str, now_s: int, lifetime_s: int, nonce: str) -> str:
    claims = {"aud": origin, "iat": now_s, "exp": now_s + lifetime_s, kind.claim: nonce}
    payload = json.dumps(claims, separators=(",", ":")).encode()
    octets = write_compact({"typ": kind.typ}, payload, signer)
    _parse(kind, octets)
    return octets.decode("ascii")


def _parse(kind: TokenKind, octets: bytes) -> SignedToken:
    try:
        compact = split_compact(octets, max_bytes=MAX_TOKEN_BYTES)
        alg, kid = read_typed_header(compact.header, kind.typ)
        require_signature_length(alg, compact.signature)
        return _read_claims(kind, compact, alg, kid)
    except (MalformedError, TooLarge) as error:
        raise kind.refusal(error.detail) from None


def _read_claims(kind: TokenKind, compact: CompactJws, alg: str, kid: str) -> SignedToken:
    claims = parse_json(compact.payload)
    if not is_json_object(claims) or claims.keys() != {"aud", "iat", "exp", kind.claim}:
        raise kind.refusal(f"the claims are not exactly aud, iat, exp and {kind.claim}")
    aud, nonce = claims["aud"], claims[kind.claim]
    if not isinstance(aud, str) or not is_origin(aud):
        raise kind.refusal("aud is not an origin")
    if not isinstance(nonce, str) or not kind.fits(nonce):
        raise kind.refusal(f"{kind.claim} is not {kind.form}")
    iat, exp = read_numeric_date(claims["iat"]), read_numeric_date(claims["exp"])
    if iat is None or exp is None:
        raise kind.refusal("iat and exp are not NumericDates written as JSON integers")
    if not 0 < exp - iat <= MAX_LIFETIME_S:
        raise kind.refusal(f"exp is not 1 to {MAX_LIFETIME_S} s after iat")
    return SignedToken(kind, kid, alg, aud, iat, exp, nonce, compact.signing_input, compact.signature)
