"""Chance that can be had again: one seed, split by name.

Decides: nothing but that the same seed and the same names give the same numbers, whatever else is drawn.
"""

import hashlib
import random


def stream(seed: int, *names: object) -> random.Random:
    """A generator of its own for a name.

    Args:
        seed: The simulation's.
        names: What it is for.
    """
    digest = hashlib.sha256("/".join([str(seed), *map(str, names)]).encode()).digest()
    return random.Random(int.from_bytes(digest[:16], "big"))


def uuid4(seed: int, *names: object) -> str:
    """A UUIDv4 in lower case, the same for the same names."""
    digest = hashlib.blake2b("/".join([str(seed), *map(str, names)]).encode(), digest_size=16).digest()
    text = digest.hex()
    variant = "89ab"[digest[8] >> 6]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def key_seed(seed: int, *names: object) -> bytes:
    """32 bytes for a throw-away private key."""
    return hashlib.sha256("/".join(["key", str(seed), *map(str, names)]).encode()).digest()
