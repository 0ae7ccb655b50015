"""The signed statement: its envelope read, verified and made; and the proof of possession of a new key.

Decides: everything about a statement's header and signature that needs no state. Never reads the payload's
meaning, never re-encodes a received byte, and never decides whose a key is, whether ``aud`` is this log, or
whether ``iat`` and ``seen`` fit it.

The signature is over the bytes as sent. The statement hash covers the signature too; it names the bytes that
were logged and is no measure of sameness: an ES256 signature has a second valid form (``n - s`` for ``s``),
which is accepted. Sameness is (issuer, jti) with the hash of the signing input.
"""

import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.encoding import b64_encode
from ledger.errors import JwsHeaderInvalid, RequestError, RequestMalformed
from ledger.findings import Finding
from ledger.identifiers import UUID4_FORM, is_origin, is_uuid4
from ledger.records.quick import quick
from ledger.statements.jwk import ALGORITHMS, PublicKey
from ledger.statements.jws import (
    KID_FORM,
    MAX_NUMERIC_DATE,
    read_header,
    read_kid,
    read_numeric_date,
    read_typed_header,
    refuse_another_key,
    refuse_other_members,
    require_signature_length,
    require_type,
    split_compact,
    write_compact,
)
from ledger.statements.keys import Signer
from ledger.strict_json import JsonValue, parse_json

STATEMENT_TYPE: Final = "reledger+jws"
POSSESSION_TYPE: Final = "reledger-pop+jws"
EPCIS: Final = "epcis+json"
ACT: Final = "act+json"
MAX_JWS_BYTES: Final = 1_048_576
MAX_POSSESSION_BYTES: Final = 8_192
MAX_TREE_SIZE: Final = 2**63 - 1

_CONTENT_TYPES = frozenset({EPCIS, ACT})
_REQUIRED = frozenset({"alg", "kid", "typ", "cty", "aud", "iat", "jti"})
_MEMBERS = _REQUIRED | {"seen"}
_SEEN_FORM = "([1-9][0-9]{0,18}):([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"
_SEEN = re.compile(_SEEN_FORM)
_USUAL_HEADER = re.compile(
    rf'\{{"alg":"({"|".join(ALGORITHMS)})","kid":"({KID_FORM})","typ":"{re.escape(STATEMENT_TYPE)}",'
    rf'"cty":"({re.escape(EPCIS)}|{re.escape(ACT)})","aud":"([!#-*,-\[\]-~]{{1,255}})",'
    rf'"iat":(0|[1-9][0-9]{{0,11}}),"jti":"({UUID4_FORM})"(?:,"seen":"{_SEEN_FORM}")?\}}'
)


class SeenHead(NamedTuple):
    """A published tree head that the signer had seen, so the statement is not older than it.

    Attributes:
        size: Number of entries, 1 to 2^63 - 1.
        root: 32 bytes.
    """

    size: int
    root: bytes


@quick
@dataclass(frozen=True, slots=True)
class Header:
    """A statement's protected header.

    Attributes:
        alg: ``Ed25519``, ``EdDSA`` or ``ES256``, as written.
        kid: Thumbprint of the signing key, 43 characters.
        cty: ``epcis+json`` or ``act+json``.
        aud: The origin of the log that the statement is for.
        iat: When it was signed, by the signer's clock: seconds since the epoch, 0 to 253402300799.
        jti: Its UUIDv4.
        seen: The tree head it names, or None.
    """

    alg: str
    kid: str
    cty: str
    aud: str
    iat: int
    jti: str
    seen: SeenHead | None


@quick
@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement that is well formed; whether its signature verifies is not known yet.

    Attributes:
        jws: The compact JWS, exactly as received.
        header: The protected header.
        payload: The payload bytes.
        signature: The signature, 64 bytes.
        statement_hash: SHA-256 of ``jws``: what the log commits to.
        signing_input_hash: SHA-256 of what was signed: equal for a repetition, whatever its signature bytes.
    """

    jws: bytes
    header: Header
    payload: bytes
    signature: bytes
    statement_hash: bytes
    signing_input_hash: bytes

    @property
    def signing_input(self) -> bytes:
        """The bytes that the signature is over: header and payload parts with their dot."""
        return self.jws[: self.jws.rindex(b".")]


def parse_statement(jws: bytes) -> SignedStatement:
    """Reads a statement's envelope; its signature is not verified and its payload is not read.

    Args:
        jws: The compact JWS as received, no white space around it.

    Raises:
        TooLarge: Above 1,048,576 bytes, or a header above 4,096.
        JwsMalformed: Not the compact serialization in its one spelling.
        JwsHeaderInvalid: A member missing, unknown or not in its one form.
        JwsAlgorithmRefused: Any algorithm but Ed25519, EdDSA and ES256.
        JsonDuplicateMember: The header names a member twice.
    """
    compact = split_compact(jws, max_bytes=MAX_JWS_BYTES)
    header = _read_usual_header(compact.header) or _read_header(compact.header)
    require_signature_length(header.alg, compact.signature)
    digest = hashlib.sha256(compact.signing_input)
    signing_input_hash = digest.digest()
    digest.update(jws[len(compact.signing_input) :])
    return SignedStatement(
        jws, header, compact.payload, compact.signature, digest.digest(), signing_input_hash
    )


def verify_statement(statement: SignedStatement, key: PublicKey) -> None:
    """Returns only if the statement is signed by the key.

    Args:
        statement: As ``parse_statement`` gave it.
        key: The enrolled key that its ``kid`` names.

    Raises:
        JwsHeaderInvalid: The statement names another key.
        JwsAlgorithmRefused: Its algorithm is not the key's.
        SignatureInvalid: The signature does not verify.
    """
    refuse_another_key(statement.header.alg, statement.header.kid, key)
    key.verify(statement.signature, statement.signing_input)


def sign_statement(
    payload: bytes,
    *,
    signer: Signer,
    origin: str,
    cty: str,
    iat: int,
    jti: str,
    seen: SeenHead | None = None,
) -> bytes:
    """A statement over the payload; it is one that ``parse_statement`` takes.

    Args:
        payload: The document's bytes, signed as they are.
        signer: Who signs.
        origin: The log that it is for.
        cty: ``epcis+json`` or ``act+json``.
        iat: Seconds since the epoch.
        jti: A random UUIDv4 in lower case, new for each statement; keep the result before sending it.
        seen: A published tree head, if the statement is to be dated from below.

    Raises:
        TooLarge, JwsMalformed, JwsHeaderInvalid: As ``parse_statement`` would say of the result.
    """
    header: dict[str, object] = {"typ": STATEMENT_TYPE, "cty": cty, "aud": origin, "iat": iat, "jti": jti}
    if seen is not None:
        header["seen"] = f"{seen.size}:{b64_encode(seen.root)}"
    jws = write_compact(header, payload, signer)
    parse_statement(jws)
    return jws


def make_proof_of_possession(signer: Signer, origin: str, party: str) -> str:
    """A proof, for one log and one party, that the signer holds the private key; enrolment needs it.

    Args:
        signer: The new key.
        origin: The log at which it is to be enrolled.
        party: Identifier of the party that is to own it.
    """
    payload = _possession_payload(origin, party, signer.kid)
    return write_compact({"typ": POSSESSION_TYPE}, payload, signer).decode("ascii")


def verify_proof_of_possession(text: str, key: PublicKey, origin: str, party: str) -> None:
    """Returns only if the text proves that whoever asks for the key's enrolment holds its private key.

    Args:
        text: A compact JWS of at most 8,192 characters.
        key: The key to be enrolled.
        origin: The log.
        party: Identifier of the party that is to own the key.

    Raises:
        MalformedError: Not such a proof, by another kind of key, or for another log, party or key.
        TooLarge: Too long.
        SignatureInvalid: The signature does not verify.
    """
    compact = split_compact(text.encode("utf-8", "replace"), max_bytes=MAX_POSSESSION_BYTES)
    alg, kid = read_typed_header(compact.header, POSSESSION_TYPE)
    require_signature_length(alg, compact.signature)
    refuse_another_key(alg, kid, key)
    key.verify(compact.signature, compact.signing_input)
    claims = parse_json(compact.payload)
    if claims != {"origin": origin, "party": party, "kid": key.kid}:
        raise RequestMalformed(
            "the proof of possession does not have exactly this origin, this party and this kid",
            mend='Sign {"origin", "party", "kid"} for this log and the party that is to own the key.',
        )


def check_proof_of_possession(
    text: str, key: PublicKey, origin: str, party: str, pointer: str = ""
) -> list[Finding]:
    """``verify_proof_of_possession`` as findings: none, or one of code ``key.possession``."""
    try:
        verify_proof_of_possession(text, key, origin, party)
    except RequestError as error:
        return [Finding("key.possession", error.detail, pointer, error.mend)]
    return []


def _read_usual_header(octets: bytes) -> Header | None:
    """The header if it is good and written as ``sign_statement`` writes it; else None, which says nothing.

    ``_read_header`` reads every text that matches to the same Header, at several times the cost.
    """
    match = _USUAL_HEADER.fullmatch(octets.decode("latin-1"))
    if match is None:
        return None
    alg, kid, cty, aud, iat, jti, size, root = match.groups()
    seconds = int(iat)
    if seconds > MAX_NUMERIC_DATE:
        return None
    if size is None:
        return Header(alg, kid, cty, aud, seconds, jti, None)
    if (entries := int(size)) > MAX_TREE_SIZE:
        return None
    return Header(alg, kid, cty, aud, seconds, jti, SeenHead(entries, binascii.a2b_base64(root)))


def _read_header(octets: bytes) -> Header:
    members = read_header(octets)
    if members.keys() != _REQUIRED:
        refuse_other_members(members, _MEMBERS)
        if missing := sorted(_REQUIRED - members.keys()):
            raise JwsHeaderInvalid(f"the header has no {missing[0]}")
    require_type(members, STATEMENT_TYPE)
    cty = members["cty"]
    if not isinstance(cty, str) or cty not in _CONTENT_TYPES:
        raise JwsHeaderInvalid(f"cty is neither {EPCIS} nor {ACT}")
    aud = members["aud"]
    if not isinstance(aud, str) or not is_origin(aud):
        raise JwsHeaderInvalid("aud is no origin: 1 to 255 bytes of printable ASCII without space and '+'")
    jti = members["jti"]
    if not isinstance(jti, str) or not is_uuid4(jti):
        raise JwsHeaderInvalid("jti is not a UUIDv4 in lower case")
    iat = read_numeric_date(members["iat"])
    if iat is None:
        raise JwsHeaderInvalid("iat is not a NumericDate written as a JSON integer, 0 to 253402300799")
    return Header(
        alg=str(members["alg"]),
        kid=read_kid(members),
        cty=cty,
        aud=aud,
        iat=iat,
        jti=jti,
        seen=_read_seen(members["seen"]) if "seen" in members else None,
    )


def _read_seen(value: JsonValue) -> SeenHead:
    match = _SEEN.fullmatch(value) if isinstance(value, str) else None
    if match is None or (size := int(match[1])) > MAX_TREE_SIZE:
        raise JwsHeaderInvalid("seen is not <size>:<standard base64 root> with a size from 1 to 2^63 - 1")
    return SeenHead(size, binascii.a2b_base64(match[2]))


def _possession_payload(origin: str, party: str, kid: str) -> bytes:
    return json.dumps({"origin": origin, "party": party, "kid": kid}, separators=(",", ":")).encode()
