"""The documentation of this very server."""

from typing import Any, Final

from flask import Response

from api.documentation import PAGE_POLICY, STYLE
from api.operations import Call, Reply, Resource
from api.replies import JSON, bytes_reply, tagged
from api.schemas import OBJECT_SCHEMA, TEXT_SCHEMA

resource = Resource("documentation", "What this server can do, from the server itself.")

_HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_KEPT: Final = "public, max-age=300"
_PAGE: Final[dict[str, Any]] = {_HTML: TEXT_SCHEMA}


@resource.operation(
    "GET",
    "/openapi.json",
    replies=[Reply(200, "The OpenAPI document.", {JSON: OBJECT_SCHEMA}, {"ETag": "Names these bytes."})],
    stores=False,
)
def read_openapi(call: Call) -> Response:
    """Read the OpenAPI 3.1 document of this server."""
    documentation = call.parts.documentation
    return tagged(bytes_reply(documentation.openapi, JSON, cache=_KEPT), documentation.openapi_tag)


@resource.operation("GET", "/docs", replies=[Reply(200, "A page.", _PAGE)], stores=False)
def read_operations_page(call: Call) -> Response:
    """Read the operations as a page."""
    return _page(call.parts.documentation.operations_page)


@resource.operation("GET", "/docs/errors", replies=[Reply(200, "A page.", _PAGE)], stores=False)
def read_errors_page(call: Call) -> Response:
    """Read the errors as a page; the type of every problem points into it."""
    return _page(call.parts.documentation.errors_page)


@resource.operation(
    "GET", "/docs/style.css", replies=[Reply(200, "A style sheet.", {_CSS: TEXT_SCHEMA})], stores=False
)
def read_style(call: Call) -> Response:
    """Read the style sheet of the pages."""
    return bytes_reply(STYLE, _CSS, cache=_KEPT)


def _page(body: bytes) -> Response:
    return bytes_reply(body, _HTML, cache=_KEPT, Content_Security_Policy=PAGE_POLICY)
