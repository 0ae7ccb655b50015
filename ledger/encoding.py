"""Strict text encodings of bytes: each byte string has exactly one text, and only that text is read.

Source: RFC 4648 sections 4 and 5; canonical trailing bits as in its section 3.5.
"""

import base64
import binascii
import re

# base64url to base64 in one pass; what is base64 but not base64url becomes what is neither.
_TO_B64 = bytes.maketrans(b"-_+/=", b"+/\x80\x80\x80")
_PADDING = (b"", b"", b"==", b"=")
# The characters that can end a last group of two or three: their low four or two bits are zero.
_LAST_CHARACTERS = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}
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
    rest = len(octets) % 4
    if rest == 1:
        raise ValueError("not unpadded base64url")
    try:
        raw = binascii.a2b_base64(octets.translate(_TO_B64) + _PADDING[rest], strict_mode=True)
    except binascii.Error:
        raise ValueError("not unpadded base64url") from None
    if rest and octets[-1] not in _LAST_CHARACTERS[rest]:
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
