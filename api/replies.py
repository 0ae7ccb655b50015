"""Answers: JSON text, bytes with their media type, pages with their links, and what caches may keep."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
JOSE: Final = "application/jose"
TEXT: Final = "text/plain; charset=utf-8"
OCTETS: Final = "application/octet-stream"

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""For what never changes and everybody may read."""
REVALIDATE: Final = "no-cache"
"""For what grows: kept only to be asked about again."""
PRIVATE: Final = "private, no-cache"
"""For what one reader may see: kept by that reader alone, and only to be asked about again."""

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump_json(value: Any) -> bytes:
    """Compact UTF-8 JSON, without a line end in it."""
    text = _encode(value)
    # A lone surrogate (from a path that is no UTF-8) has no bytes, but it has an escape.
    return text.encode("utf-8", "backslashreplace")


def json_reply(value: Any, status: int = 200, *, cache: str = REVALIDATE, **headers: str) -> Response:
    """A JSON answer.

    Args:
        value: JSON-compatible.
        status: HTTP status.
        cache: The Cache-Control header.
        headers: Further headers, ``_`` for ``-``.
    """
    return bytes_reply(dump_json(value), JSON, status, cache=cache, **headers)


def bytes_reply(
    body: bytes, media_type: str, status: int = 200, *, cache: str = REVALIDATE, **headers: str
) -> Response:
    """An answer of exactly these bytes; see ``json_reply``."""
    response = Response(body, status, content_type=media_type)
    response.headers["Cache-Control"] = cache
    for name, text in headers.items():
        response.headers[name.replace("_", "-")] = text
    return response


def tagged(response: Response, tag: str) -> Response:
    """The answer with an entity tag, or 304 where the caller has it already.

    Args:
        response: A 200.
        tag: Names these bytes and no others; ASCII without quotes.
    """
    response.set_etag(tag)
    response.make_conditional(request.environ)
    return response


def page_reply(
    members: Mapping[str, Any],
    path: str,
    next_query: Mapping[str, str | int] | None,
    *,
    cache: str = REVALIDATE,
) -> Response:
    """One page of a list, with a link to the next where there is one.

    Args:
        members: The page's members; ``next`` is added, the address of the next page or null.
        path: The list's path.
        next_query: The query of the next page; None on the last.
        cache: The Cache-Control header.

    Source: RFC 8288.
    """
    following = None if next_query is None else f"{path}?{urlencode(next_query)}"
    response = json_reply({**members, "next": following}, cache=cache)
    link_next(response, path, next_query)
    return response


def link_next(response: Response, path: str, next_query: Mapping[str, str | int] | None) -> None:
    """Links a page to the next one where there is one, as in ``page_reply``."""
    if next_query is not None:
        response.headers["Link"] = f'<{path}?{urlencode(next_query)}>; rel="next"'


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """Which of the offered media types the caller likes best; the first where it does not say.

    Args:
        accept: The Accept header, or None.
        offered: Without parameters, in this side's order of preference.

    Source: RFC 9110 section 12.5.1. A malformed header accepts nothing.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    best: tuple[float, int] | None = None
    for position, media_type in enumerate(offered):
        fitting = [each for each in ranges if each is not None and _fits(each[0], media_type)]
        if not fitting:
            continue
        # The most specific range that fits decides (RFC 9110 section 12.5.1).
        quality = max(fitting, key=lambda each: (each[0].count("*") * -1, each[1]))[1]
        if quality > 0 and (best is None or (quality, -position) > best):
            best = (quality, -position)
    return None if best is None else offered[-best[1]]


def _media_range(part: str) -> tuple[str, float] | None:
    name, *parameters = (each.strip().lower() for each in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                return None
            if not 0 <= quality <= 1:
                return None
    return (name, quality) if name.count("/") == 1 else None


def _fits(media_range: str, media_type: str) -> bool:
    if media_range in ("*/*", media_type):
        return True
    kind, _, rest = media_range.partition("/")
    return rest == "*" and media_type.startswith(kind + "/")
