"""Parties' public keys: which may be enrolled, how they are named, and how they verify.

Decides: the kinds of key and what makes one unfit. Never decides whose a key is or when it is good, and never
reads private keys (``keys`` does).

A kind of key is one row of ``_KINDS``. ES256 signatures are the raw ``r || s`` of RFC 7518 section 3.4; both
``s`` and ``n - s`` verify, so signature bytes identify nothing.

Source: RFC 7517, 7518 and 8037 (JWK), RFC 7638 (thumbprint), RFC 8032, RFC 9864 (the name ``Ed25519``).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.encoding import b64url_decode, b64url_encode
from ledger.errors import SignatureInvalid
from ledger.findings import Finding
from ledger.statements import curves, ed25519

ED25519: Final = "Ed25519"
ES256: Final = "ES256"

# Names that a protected header may use, and the kind of key that each needs. EdDSA is the older name of the
# same algorithm (RFC 9864 section 2.2); Ed448 has no key kind here, so the name is not ambiguous.
ALGORITHMS: Final[Mapping[str, str]] = {"Ed25519": ED25519, "EdDSA": ED25519, "ES256": ES256}
SIGNATURE_BYTES: Final[Mapping[str, int]] = {ED25519: 64, ES256: 64}

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_ECDSA_SHA256 = ec.ECDSA(SHA256())

_Check = Callable[[bytes, bytes], None]


class PublicKey:
    """A party's public key, ready to verify.

    Attributes:
        kid: base64url SHA-256 thumbprint of the JWK, 43 characters.
        alg: ``Ed25519`` or ``ES256``.
        jwk: Exactly the members that the thumbprint covers.
    """

    __slots__ = ("_check", "alg", "jwk", "kid")

    def __init__(self, jwk: dict[str, str], alg: str, check: _Check) -> None:
        self.jwk: dict[str, str] = jwk
        self.kid: str = thumbprint(jwk)
        self.alg: str = alg
        self._check = check

    def verify(self, signature: bytes, message: bytes) -> None:
        """Returns only if the signature is this key's over the message.

        Args:
            signature: 64 bytes: Ed25519's ``R || S``, or ES256's ``r || s``.
            message: The signing input.

        Raises:
            SignatureInvalid: It is not.
        """
        try:
            self._check(signature, message)
        except InvalidSignature:
            raise SignatureInvalid(f"the signature is not that of key {self.kid}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.kid == self.kid

    def __hash__(self) -> int:
        return hash(self.kid)

    def __repr__(self) -> str:
        return f"PublicKey({self.alg}, {self.kid})"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of key.

    Attributes:
        alg: Its JOSE algorithm.
        constants: The JWK members that tell the kind, with their values.
        coordinates: The JWK members that tell the key, with the number of bytes of each.
        fault: What is unfit about such coordinates, or None.
        load: How signatures are checked with them.
    """

    alg: str
    constants: Mapping[str, str]
    coordinates: Mapping[str, int]
    fault: Callable[[Mapping[str, bytes]], str | None]
    load: Callable[[Mapping[str, bytes]], _Check]

    @property
    def members(self) -> tuple[str, ...]:
        """The JWK's members, all of which the thumbprint covers."""
        return (*self.constants, *self.coordinates)


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 SHA-256 thumbprint of a JWK, unpadded base64url.

    Args:
        jwk: A key of a kind that may be enrolled; members outside the kind's required ones are not covered.

    Raises:
        ValueError: No kind of key that may be enrolled, or a required member is missing.
    """
    kind = _kind_of(jwk)
    if kind is None or any(member not in jwk for member in kind.members):
        raise ValueError("no kind of key that may be enrolled")
    required = {member: jwk[member] for member in sorted(kind.members)}
    octets = json.dumps(required, separators=(",", ":"), ensure_ascii=False).encode()
    return b64url_encode(hashlib.sha256(octets).digest())


def parse_jwk(mapping: Mapping[str, Any]) -> PublicKey:
    """The public key of a JWK that may be enrolled.

    Raises:
        ValueError: ``check_jwk`` finds something; the message is its first finding's detail.
    """
    findings = check_jwk(mapping)
    kind = None if findings else _kind_of(mapping)
    if kind is None:
        raise ValueError(findings[0].detail)
    raw = {member: b64url_decode(mapping[member]) for member in kind.coordinates}
    return PublicKey({member: mapping[member] for member in kind.members}, kind.alg, kind.load(raw))


def check_jwk(mapping: object, pointer: str = "") -> list[Finding]:
    """Everything that makes a JWK unfit to be enrolled.

    Args:
        mapping: The JWK as parsed from the payload.
        pointer: Where it stands in the payload.

    Returns:
        Findings of code ``key.private``, ``key.kind``, ``key.member``, ``key.coordinate`` or ``key.weak``.
    """
    if not isinstance(mapping, Mapping):
        return [_finding("key.kind", "a key is a JSON object (RFC 7517)", pointer)]
    private = sorted(_PRIVATE_MEMBERS & mapping.keys())
    if private:
        detail = f"the key holds the private member {private[0]}: it is compromised and must not be used"
        mend = "Make a new key and send its public members only."
        return [_finding("key.private", detail, f"{pointer}/{private[0]}", mend)]
    kind = _kind_of(mapping)
    if kind is None:
        return [_finding("key.kind", "kty and crv name neither an Ed25519 nor a P-256 key", pointer)]
    findings = [
        _finding("key.member", f"{member} is missing", f"{pointer}/{member}")
        for member in kind.members
        if member not in mapping
    ]
    if mapping.keys() - set(kind.members):
        detail = f"the key has members other than {', '.join(kind.members)}"
        findings.append(_finding("key.member", detail, pointer))
    raw: dict[str, bytes] = {}
    for member, length in kind.coordinates.items():
        if member in mapping:
            octets = _coordinate(mapping[member], length)
            if octets is None:
                detail = f"{member} is not the unpadded base64url of {length} bytes"
                findings.append(_finding("key.coordinate", detail, f"{pointer}/{member}"))
            else:
                raw[member] = octets
    if not findings and (fault := kind.fault(raw)) is not None:
        findings.append(_finding("key.weak", fault, pointer, "Make a new key with a sound library."))
    return findings


def _finding(code: str, detail: str, pointer: str, mend: str = "") -> Finding:
    return Finding(
        code, detail, pointer, mend or "Send the public key as a JWK: kty, crv, x (and y for P-256)."
    )


def _coordinate(value: object, length: int) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        octets = b64url_decode(value)
    except ValueError:
        return None
    return octets if len(octets) == length else None


def _kind_of(jwk: Mapping[str, Any]) -> _Kind | None:
    for kind in _KINDS:
        if all(jwk.get(member) == value for member, value in kind.constants.items()):
            return kind
    return None


def _load_ed25519(raw: Mapping[str, bytes]) -> _Check:
    return ed25519.checker(raw["x"])


def _load_p256(raw: Mapping[str, bytes]) -> _Check:
    x, y = (int.from_bytes(raw[member], "big") for member in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()

    def check(signature: bytes, message: bytes) -> None:
        if len(signature) != SIGNATURE_BYTES[ES256]:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), message, _ECDSA_SHA256)

    return check


_KINDS: Final = (
    _Kind(
        alg=ED25519,
        constants={"kty": "OKP", "crv": "Ed25519"},
        coordinates={"x": 32},
        fault=lambda raw: curves.ed25519_fault(raw["x"]),
        load=_load_ed25519,
    ),
    _Kind(
        alg=ES256,
        constants={"kty": "EC", "crv": "P-256"},
        coordinates={"x": 32, "y": 32},
        fault=lambda raw: curves.p256_fault(raw["x"], raw["y"]),
        load=_load_p256,
    ),
)
