"""Reading the envelopes of millions of statements: what checking a signature needs, and no more.

Decides: nothing that ``ledger.statements.envelope`` does not. A header written in the order in which this
project writes it is taken apart by one expression, for a third of the cost; every other one, and every
doubt, goes to the strict reader there, which is also what says why a statement is refused.
"""

import hashlib
import re
from binascii import a2b_base64
from typing import NamedTuple

from ledger.statements.envelope import MAX_JWS_BYTES, SeenHead, parse_statement

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DOT = ord(".")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_sha256 = hashlib.sha256

# What the last character may be, by the length modulo 4; a single left-over character is never base64.
_LAST = {0: _ALPHABET, 1: b"", 2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_SIGNATURE_TEXT = 86  # base64url of 64 bytes
_MAX_HEADER_TEXT = 5_461  # base64url of 4,096 bytes


class Envelope(NamedTuple):
    """What an audit needs of a statement's envelope.

    Attributes:
        alg: As the header has it.
        kid: Thumbprint of the signing key.
        act: Whether the payload is an act.
        aud: The origin that it is for.
        iat: Seconds since the epoch.
        jti: Its UUIDv4.
        seen: The tree head that it names, or None.
        signing_input: What is signed.
        signature: 64 bytes.
        statement_hash: SHA-256 of the JWS.
        signing_input_hash: SHA-256 of ``signing_input``.
    """

    alg: str
    kid: str
    act: bool
    aud: str
    iat: int
    jti: str
    seen: SeenHead | None
    signing_input: bytes
    signature: bytes
    statement_hash: bytes
    signing_input_hash: bytes


class EnvelopeReader:
    """Reads envelopes of statements for one log."""

    __slots__ = ("_match", "_origin")

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._match = re.compile(
            rb'\{"alg":"(Ed25519|EdDSA|ES256)","kid":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])","typ":"reledger\+jws",'
            rb'"cty":"(epcis|act)\+json","aud":"' + re.escape(origin.encode("ascii")) + rb'",'
            rb'"iat":(0|[1-9][0-9]{0,10}),'
            rb'"jti":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"\}'
        ).fullmatch

    def read(self, jws: bytes) -> Envelope:
        """The envelope of a statement.

        Args:
            jws: The compact JWS.

        Raises:
            RequestError: As ``parse_statement`` says.
        """
        return self.read_usual(jws) or _read_strictly(jws)

    def read_usual(self, jws: bytes) -> Envelope | None:
        """The envelope of a statement in the usual form, without ``seen``; None for anything else."""
        # Two dots and nothing else beside the alphabet, the second one 86 characters before the end.
        dot = jws.find(b".")
        if (
            jws.translate(None, _ALPHABET) != b".."
            or not 0 < dot <= _MAX_HEADER_TEXT
            or len(jws) > MAX_JWS_BYTES
            or len(jws) < dot + _SIGNATURE_TEXT + 3
            or jws[-_SIGNATURE_TEXT - 1] != _DOT
            or jws[-1] not in _LAST[2]
            or jws[-_SIGNATURE_TEXT - 2] not in _LAST[(len(jws) - dot - _SIGNATURE_TEXT - 2) & 3]
            or jws[dot - 1] not in _LAST[dot & 3]
        ):
            return None
        match = self._match(a2b_base64(jws[:dot].translate(_TO_STANDARD) + b"=="))
        if match is None:
            return None
        alg, kid, kind, iat, jti = match.groups()
        signing_input = jws[: -_SIGNATURE_TEXT - 1]
        digest = _sha256(signing_input)
        signing_input_hash = digest.digest()
        digest.update(jws[-_SIGNATURE_TEXT - 1 :])
        return Envelope(
            alg.decode(),
            kid.decode(),
            kind == b"act",
            self._origin,
            int(iat),
            jti.decode(),
            None,
            signing_input,
            a2b_base64(jws[-_SIGNATURE_TEXT:].translate(_TO_STANDARD) + b"=="),
            digest.digest(),
            signing_input_hash,
        )


def _read_strictly(jws: bytes) -> Envelope:
    statement = parse_statement(jws)
    header = statement.header
    return Envelope(
        header.alg,
        header.kid,
        header.cty == "act+json",
        header.aud,
        header.iat,
        header.jti,
        header.seen,
        statement.signing_input,
        statement.signature,
        statement.statement_hash,
        statement.signing_input_hash,
    )
