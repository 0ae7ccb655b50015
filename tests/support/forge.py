"""Compact JWS made by hand: tests sign what no honest writer writes, with keys that never change."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.statements.keys import FileSigner, Signer

ORIGIN = "log.example/rare-earths"
JTI = "9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f"


def unpadded(raw: bytes) -> str:
    """base64url without padding, straight from the standard library."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    """The bytes of base64url without padding, as the standard library reads it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def ed25519_signer() -> FileSigner:
    """The key of RFC 8037 appendix A.1."""
    return FileSigner(
        Ed25519PrivateKey.from_private_bytes(padded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    )


def es256_signer() -> FileSigner:
    """The key of RFC 7515 appendix A.3."""
    number = int.from_bytes(padded("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"), "big")
    return FileSigner(derive_private_key(number, SECP256R1()))


def statement_header(signer: Signer, **changes: Any) -> dict[str, Any]:
    """A good statement header with members changed, added, or (None) left out."""
    header = {
        "alg": signer.alg,
        "kid": signer.kid,
        "typ": "reledger+jws",
        "cty": "epcis+json",
        "aud": ORIGIN,
        "iat": 1_795_000_000,
        "jti": JTI,
        **changes,
    }
    return {name: value for name, value in header.items() if value is not None}


def forge(header: bytes | dict[str, Any], payload: bytes, signer: Signer) -> bytes:
    """A compact JWS with exactly these header and payload bytes, rightly signed."""
    octets = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    signing_input = f"{unpadded(octets)}.{unpadded(payload)}".encode()
    return signing_input + b"." + unpadded(signer.sign(signing_input)).encode()
