"""Strict text encodings of bytes: each byte string has exactly one text, and only that text is read.

Source: RFC 4648 sections 4 and 5; canonical trailing bits as in its section 3.5.
"""

import base64
import binascii
import re

_B64URL = re.compile(rb"[A-Za-z0-9_-]*")
_B64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


def b64url_encode(raw: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64url_decode(text: str | bytes) -> bytes:
    """The bytes of unpadded, canonical base64url.

    Raises:
        ValueError: Padding, another alphabet, or trailing bits that are not zero.
    """
    octets = text.encode("ascii", "strict") if isinstance(text, str) else text
    if _B64URL.fullmatch(octets) is None or len(octets) % 4 == 1:
        raise ValueError("not unpadded base64url")
    raw = base64.urlsafe_b64decode(octets + b"=" * (-len(octets) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != octets:
        raise ValueError("base64url with trailing bits that are not zero")
    return raw


def b64_encode(raw: bytes) -> str:
    """Padded standard base64."""
    return base64.b64encode(raw).decode("ascii")


def b64_decode(text: str | bytes) -> bytes:
    """The bytes of padded, canonical standard base64.

    Raises:
        ValueError: Missing padding, another alphabet, or trailing bits that are not zero.
    """
    octets = text.encode("ascii", "strict") if isinstance(text, str) else text
    if _B64.fullmatch(octets) is None:
        raise ValueError("not standard base64")
    try:
        raw = base64.b64decode(octets, validate=True)
    except binascii.Error as error:
        raise ValueError("not standard base64") from error
    if base64.b64encode(raw) != octets:
        raise ValueError("base64 with trailing bits that are not zero")
    return raw
