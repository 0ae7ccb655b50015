"""JWS compact serialization, read strictly and written; what statements, proofs and tokens share.

Decides: the three parts, canonical base64url, a header that is one JSON object without repeated members, the
algorithms. Never decides which members a kind of object has, and verifies nothing.

Source: RFC 7515 sections 3.1, 4 and 7.1; RFC 8725 sections 2.1 and 3.1 (algorithms are the reader's choice).
"""

import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.encoding import b64url_decode, b64url_encode
from ledger.errors import (
    JsonDuplicateMember,
    JwsAlgorithmRefused,
    JwsHeaderInvalid,
    JwsMalformed,
    MalformedError,
    TooLarge,
)
from ledger.statements.jwk import ALGORITHMS, SIGNATURE_BYTES, PublicKey
from ledger.statements.keys import Signer
from ledger.strict_json import JsonNumber, JsonValue, is_json_object, parse_json

MAX_HEADER_BYTES: Final = 4_096
# 9999-12-31T23:59:59Z, the last second that the ledger can write down.
MAX_NUMERIC_DATE: Final = 253_402_300_799

# 32 bytes: the last character carries four bits, so its low two are zero.
KID_FORM: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_KID = re.compile(KID_FORM)
_TYPED_MEMBERS = frozenset({"alg", "kid", "typ"})
_WHOLE = re.compile(r"0|[1-9][0-9]*")

_REFUSED_MEMBERS: Final[Mapping[str, str]] = {
    "jwk": "keys come from the register, never from the header",
    "jku": "keys come from the register, never from an address",
    "x5u": "keys come from the register, never from an address",
    "x5c": "keys come from the register, never from a certificate",
    "x5t": "keys are named by kid",
    "x5t#S256": "keys are named by kid",
    "b64": "the payload is always base64url (RFC 7797 is not supported)",
    "crit": "no extension is supported, so none can be critical",
    "zip": "payloads are not compressed",
    "enc": "this is no encrypted object",
}


class CompactJws(NamedTuple):
    """The parts of a compact JWS; nothing has been verified.

    Attributes:
        header: The protected header's bytes, 0 to 4,096.
        payload: The payload bytes, not empty.
        signature: The signature bytes.
        signing_input: What the signature is over.
    """

    header: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes


def split_compact(data: bytes, *, max_bytes: int) -> CompactJws:
    """The parts of a compact JWS; the header's JSON is not read.

    Args:
        data: The bytes as received.
        max_bytes: How long they may be.

    Raises:
        TooLarge: Longer than max_bytes, or a decoded header above 4,096 bytes.
        JwsMalformed: Not three parts of canonical unpadded base64url, or an empty payload.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"{len(data):,} bytes, and at most {max_bytes:,} are taken")
    first, last = data.find(b"."), data.rfind(b".")
    if first == last or data.find(b".", first + 1) != last:
        raise JwsMalformed(f"{data.count(b'.') + 1} parts instead of header.payload.signature")
    header = _decode("header", data[:first])
    if len(header) > MAX_HEADER_BYTES:
        raise TooLarge(
            f"a header of {len(header):,} bytes, and at most {MAX_HEADER_BYTES:,} are taken",
            mend="Leave out of the header what does not belong there.",
        )
    payload = _decode("payload", data[first + 1 : last])
    if not payload:
        raise JwsMalformed(
            "the payload is empty", mend="Send the payload inside the JWS, not detached from it."
        )
    return CompactJws(header, payload, _decode("signature", data[last + 1 :]), data[:last])


def read_header(octets: bytes) -> dict[str, JsonValue]:
    """The protected header's members; ``alg`` is one that is accepted.

    Raises:
        JwsHeaderInvalid: Not a JSON object, or no ``alg`` that is a string.
        JsonDuplicateMember: A member is named twice.
        JwsAlgorithmRefused: ``none``, a MAC, or any other algorithm that is not accepted.
    """
    try:
        header = parse_json(octets)
    except JsonDuplicateMember as error:
        raise JsonDuplicateMember(f"in the protected header, {error.detail}", pointer=error.pointer) from None
    except MalformedError as error:
        raise JwsHeaderInvalid(f"the protected header is not JSON: {error.detail}") from None
    if not is_json_object(header):
        raise JwsHeaderInvalid("the protected header is not a JSON object")
    alg = header.get("alg")
    if not isinstance(alg, str):
        raise JwsHeaderInvalid("alg is missing or not a string")
    if alg not in ALGORITHMS:
        raise JwsAlgorithmRefused(f"the algorithm {alg[:40]!r} is not one of {', '.join(ALGORITHMS)}")
    return header


def read_typed_header(octets: bytes, typ: str) -> tuple[str, str]:
    """``alg`` and ``kid`` of a header that has exactly ``alg``, ``kid`` and ``typ``.

    Raises:
        JwsHeaderInvalid, JsonDuplicateMember, JwsAlgorithmRefused: It is not such a header.
    """
    header = read_header(octets)
    refuse_other_members(header, _TYPED_MEMBERS)
    require_type(header, typ)
    return str(header["alg"]), read_kid(header)


def require_signature_length(alg: str, signature: bytes) -> None:
    """Returns only if the signature is as long as those of the algorithm.

    Raises:
        JwsMalformed: It is not.
    """
    expected = SIGNATURE_BYTES[ALGORITHMS[alg]]
    if len(signature) != expected:
        raise JwsMalformed(
            f"the signature has {len(signature)} bytes and those of {alg} have {expected}",
            mend="Write ES256 signatures as raw r || s (RFC 7518 section 3.4), not as DER.",
        )


def write_compact(header: Mapping[str, object], payload: bytes, signer: Signer) -> bytes:
    """A compact JWS over the payload; ``alg`` and ``kid`` are the signer's and come first.

    Args:
        header: The other members, in the order in which they are to be written.
        payload: The bytes to be signed as they are.
        signer: Who signs.
    """
    members = {"alg": signer.alg, "kid": signer.kid, **header}
    protected = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    signing_input = f"{b64url_encode(protected)}.{b64url_encode(payload)}".encode("ascii")
    return signing_input + b"." + b64url_encode(signer.sign(signing_input)).encode("ascii")


def refuse_other_members(header: Mapping[str, JsonValue], members: frozenset[str]) -> None:
    """Returns only if the header has no member outside ``members``.

    Raises:
        JwsHeaderInvalid: It has one; the detail says why the known ones are refused.
    """
    others = header.keys() - members
    if not others:
        return
    name = min(others)
    why = _REFUSED_MEMBERS.get(name, "it is not a member of this header")
    raise JwsHeaderInvalid(f"the header member {name[:40]!r} is refused: {why}")


def require_type(header: Mapping[str, JsonValue], expected: str) -> None:
    """Returns only if ``typ`` is the expected one: what keeps a statement, a proof and a token apart.

    Raises:
        JwsHeaderInvalid: Missing or another.
    """
    if header.get("typ") != expected:
        raise JwsHeaderInvalid(f"typ is not {expected}")


def read_kid(header: Mapping[str, JsonValue]) -> str:
    """The header's ``kid``.

    Raises:
        JwsHeaderInvalid: Missing, or not the base64url of 32 bytes.
    """
    kid = header.get("kid")
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        raise JwsHeaderInvalid("kid is not a base64url SHA-256 thumbprint (RFC 7638)")
    return kid


def read_numeric_date(value: JsonValue) -> int | None:
    """Seconds since the epoch, 0 to 253402300799, from a JSON integer; None for anything else."""
    if not isinstance(value, JsonNumber) or _WHOLE.fullmatch(value.text) is None:
        return None
    seconds = int(value)
    return seconds if seconds <= MAX_NUMERIC_DATE else None


def refuse_another_key(alg: str, kid: str, key: PublicKey) -> None:
    """Returns only if a header's ``alg`` and ``kid`` are those of the key that is to verify it.

    Raises:
        JwsHeaderInvalid: Another kid.
        JwsAlgorithmRefused: An algorithm of another kind of key.
    """
    if kid != key.kid:
        raise JwsHeaderInvalid(f"the kid is not that of the key {key.kid}")
    if ALGORITHMS[alg] != key.alg:
        raise JwsAlgorithmRefused(f"{alg} is not the algorithm of the key {kid}, which is {key.alg}")


def _decode(part: str, octets: bytes) -> bytes:
    try:
        return b64url_decode(octets)
    except ValueError as error:
        raise JwsMalformed(f"the {part} is {error}") from None
