"""Fixed keys, and notes put together from bytes after C2SP signed-note and tlog-cosignature."""

import base64
import hashlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from tests.support.rfc6962 import RecursiveTree
from tests.vectors.makers.proofs import TREE

ORIGIN = "log.example/rare-earths"
ELSEWHERE = "log.example/elsewhere"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"log").digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"other").digest())
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"witness").digest())
MLDSA_KEY = MLDSA44PrivateKey.from_seed_bytes(hashlib.sha256(b"ml-dsa").digest())
LOG_PUBLIC = LOG_KEY.public_key().public_bytes_raw()
OTHER_PUBLIC = OTHER_KEY.public_key().public_bytes_raw()
WITNESS_PUBLIC = WITNESS_KEY.public_key().public_bytes_raw()
MLDSA_PUBLIC = MLDSA_KEY.public_key().public_bytes_raw()
WITNESS = "witness.example/w1"
MLDSA_WITNESS = "witness.example/w2"
COSIGNED_S = 1_763_625_600


def b64(raw: bytes) -> str:
    """Padded standard base64."""
    return base64.b64encode(raw).decode()


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name || 0A || kind || key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name: str, kind: int, public: bytes) -> str:
    """A verifier key, with a right key id whatever the rest."""
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


LOG_VKEY = vkey(ORIGIN, 1, LOG_PUBLIC)
OTHER_VKEY = vkey(ORIGIN, 1, OTHER_PUBLIC)
RENAMED_VKEY = vkey(ELSEWHERE, 1, LOG_PUBLIC)
WITNESS_VKEY = vkey(WITNESS, 4, WITNESS_PUBLIC)
MLDSA_VKEY = vkey(MLDSA_WITNESS, 6, MLDSA_PUBLIC)


def line(name: str, kind: int, public: bytes, signature: bytes) -> str:
    """A signature line."""
    return f"— {name} {b64(key_id(name, kind, public) + signature)}\n"


def signed_line(text: str, key: Ed25519PrivateKey = LOG_KEY, name: str = ORIGIN) -> str:
    """A type 01 line."""
    return line(name, 1, key.public_key().public_bytes_raw(), key.sign(text.encode()))


def signed_note(text: str) -> str:
    """The text, the blank line and the log's line."""
    return text + "\n" + signed_line(text)


def cosigned_line(text: str, time_s: int = COSIGNED_S, signed_s: int = COSIGNED_S) -> str:
    """A type 04 line that states one time and signs another."""
    message = f"cosignature/v1\ntime {signed_s}\n{text}".encode()
    return line(WITNESS, 4, WITNESS_PUBLIC, time_s.to_bytes(8, "big") + WITNESS_KEY.sign(message))


def mldsa_line(text: str, stored: str) -> str:
    """A type 06 line: the stored one as long as it verifies, for signing is randomised; or else a new one."""
    origin, size, root = text.split("\n")[:3]
    message = b"".join(
        [
            b"subtree/v1\n\x00",
            bytes([len(MLDSA_WITNESS)]) + MLDSA_WITNESS.encode(),
            COSIGNED_S.to_bytes(8, "big"),
            bytes([len(origin)]) + origin.encode(),
            (0).to_bytes(8, "big"),
            int(size).to_bytes(8, "big"),
            base64.b64decode(root),
        ]
    )
    if stored:
        raw = base64.b64decode(stored.split(" ")[2])
        try:
            MLDSA_KEY.public_key().verify(raw[12:], message)
        except InvalidSignature:
            print("the stored ML-DSA-44 signature does not verify: signing anew", file=sys.stderr)
        else:
            return line(MLDSA_WITNESS, 6, MLDSA_PUBLIC, raw[4:])
    return line(MLDSA_WITNESS, 6, MLDSA_PUBLIC, COSIGNED_S.to_bytes(8, "big") + MLDSA_KEY.sign(message))


def head(size: int, tree: RecursiveTree = TREE, origin: str = ORIGIN) -> str:
    """The text of a checkpoint."""
    return f"{origin}\n{size}\n{b64(tree.root(0, size))}\n"


HEAD = head(70)
