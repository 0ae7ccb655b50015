"""Reader tokens: short-lived, signed by an enrolled key, good for reading at one log.

Decides: form, audience, times and signature of a token. Never decides whose the key is, whether it is valid
now, or what its party may read.

Source: RFC 7519 (JWT), RFC 8725 section 3.11 (explicit typing: a statement or a proof is never a token).
"""

import json
import uuid
from dataclasses import dataclass
from typing import Final

from ledger.errors import MalformedError, SignatureInvalid, TokenInvalid, TooLarge
from ledger.identifiers import is_origin, is_uuid4
from ledger.statements.jwk import PublicKey
from ledger.statements.jws import (
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
MAX_TOKEN_BYTES: Final = 2_048
MAX_LIFETIME_S: Final = 300
# How far the reader's clock may be ahead of the log's.
CLOCK_TOLERANCE_S: Final = 60

_CLAIMS = frozenset({"aud", "iat", "exp", "jti"})


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A token that is well formed; whether it is good is not known yet.

    Attributes:
        kid: Thumbprint of the key that it says signed it.
        alg: The algorithm's name as written.
        aud: The origin of the log that it is for.
        iat: Seconds since the epoch at which it was made.
        exp: Seconds since the epoch from which it is no longer good; 1 to 300 after iat.
        jti: Its UUIDv4.
        signing_input: What the signature is over.
        signature: The signature.
    """

    kid: str
    alg: str
    aud: str
    iat: int
    exp: int
    jti: str
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
    claims = {"aud": origin, "iat": now_s, "exp": now_s + lifetime_s, "jti": jti or str(uuid.uuid4())}
    payload = json.dumps(claims, separators=(",", ":")).encode()
    text = write_compact({"typ": TOKEN_TYPE}, payload, signer).decode("ascii")
    parse_token(text)
    return text


def parse_token(text: str) -> ReadToken:
    """Reads a token; neither its signature nor its times against a clock are checked.

    Args:
        text: As it stood behind ``Bearer``.

    Raises:
        TokenInvalid: Not a token in its one form.
    """
    try:
        compact = split_compact(text.encode("utf-8", "replace"), max_bytes=MAX_TOKEN_BYTES)
        alg, kid = read_typed_header(compact.header, TOKEN_TYPE)
        require_signature_length(alg, compact.signature)
        return _read_claims(compact, alg, kid)
    except (MalformedError, TooLarge) as error:
        raise TokenInvalid(error.detail) from None


def verify_token(token: ReadToken, key: PublicKey, origin: str, now_s: int) -> None:
    """Returns only if the token is the key's, for this log, and good at this moment.

    Args:
        token: As ``parse_token`` gave it.
        key: The enrolled key that its kid names; its own validity is the caller's to judge.
        origin: This log.
        now_s: Seconds since the epoch.

    Raises:
        TokenInvalid: It is not.
    """
    if token.aud != origin:
        raise TokenInvalid("the token is for another log")
    if token.iat > now_s + CLOCK_TOLERANCE_S:
        raise TokenInvalid(
            f"the token is from the future: iat is {token.iat - now_s} s ahead of this log's clock"
        )
    if token.exp <= now_s:
        raise TokenInvalid(f"the token expired {now_s - token.exp} s ago")
    try:
        refuse_another_key(token.alg, token.kid, key)
        key.verify(token.signature, token.signing_input)
    except (MalformedError, SignatureInvalid) as error:
        raise TokenInvalid(error.detail) from None


def _read_claims(compact: CompactJws, alg: str, kid: str) -> ReadToken:
    claims = parse_json(compact.payload)
    if not is_json_object(claims) or claims.keys() != _CLAIMS:
        raise TokenInvalid("the claims are not exactly aud, iat, exp and jti")
    aud, jti = claims["aud"], claims["jti"]
    if not isinstance(aud, str) or not is_origin(aud):
        raise TokenInvalid("aud is not an origin")
    if not isinstance(jti, str) or not is_uuid4(jti):
        raise TokenInvalid("jti is not a UUIDv4 in lower case")
    iat, exp = read_numeric_date(claims["iat"]), read_numeric_date(claims["exp"])
    if iat is None or exp is None:
        raise TokenInvalid("iat and exp are not NumericDates written as JSON integers")
    if not 0 < exp - iat <= MAX_LIFETIME_S:
        raise TokenInvalid(f"exp is not 1 to {MAX_LIFETIME_S} s after iat")
    return ReadToken(kid, alg, aud, iat, exp, jti, compact.signing_input, compact.signature)
