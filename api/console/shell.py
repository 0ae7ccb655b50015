"""The one page of the console, and the files that it loads."""

from typing import Any, Final

from flask import Response, request
from marshmallow import EXCLUDE

from api.console.assets import PREFIX, WORKER_ENDING, WORKER_POLICY, Assets
from api.fields import Name, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import IMMUTABLE, REVALIDATE, bytes_reply, tagged
from api.schemas import TEXT_SCHEMA
from ledger.errors import ResourceNotFound

resource = Resource("console", "The web console: pages for people, over the operations named here.")

_HTML: Final = "text/html; charset=utf-8"
_PAGE: Final[dict[str, Any]] = {_HTML: TEXT_SCHEMA}
_FILE: Final[dict[str, Any]] = {"*/*": TEXT_SCHEMA}
_ASSETS: Final = Assets()
_FIRST: Final = (
    "js/main.js",
    "js/core/api.js",
    "js/core/app.js",
    "js/core/bytes.js",
    "js/core/format.js",
    "js/core/html.js",
    "js/core/i18n.js",
    "js/core/jws.js",
    "js/core/kept.js",
    "js/core/key_link.js",
    "js/core/keys.js",
    "js/core/names.js",
    "js/core/not_for_you.js",
    "js/core/router.js",
    "js/core/session.js",
    "js/core/session_ended.js",
    "js/core/store.js",
    "js/core/theme.js",
    "js/core/ui.js",
    "js/desks.js",
    "vendor/htm/htm.module.js",
    "vendor/htm/preact.module.js",
    "vendor/preact/hooks.mjs",
    "vendor/preact/preact.mjs",
)
"""Modules that every page needs, asked for at once."""
_HEADERS: Final = {
    "Cross_Origin_Opener_Policy": "same-origin",
    "Cross_Origin_Resource_Policy": "same-origin",
    "Permissions_Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer_Policy": "no-referrer",
    "X_Content_Type_Options": "nosniff",
}
_NOSCRIPT: Final = (
    "<noscript><main><h1>reledger</h1><p>The console checks proofs and signs in this browser, which needs "
    'JavaScript. Without it: <a href="/plain">the log as a plain page</a>, <a href="/docs">every operation '
    "of this server</a>.</p></main></noscript>"
)


class PageQuery(StrictSchema):
    """What a page shows: the browser's business, which the server does not read."""

    class Meta:
        unknown = EXCLUDE


@resource.operation("GET", "/", replies=[Reply(200, "A page.", _PAGE)], query=PageQuery, stores=False)
def read_front_page(call: Call) -> Response:
    """Open the console at what anybody may see: this log, its key, its figures."""
    return _page()


@resource.operation(
    "GET",
    "/console/{page}",
    replies=[Reply(200, "A page.", _PAGE)],
    query=PageQuery,
    path_fields={"page": Name(slashes=True, meaning="Which page; the browser decides what it shows.")},
    examples={"page": "verify"},
    stores=False,
)
def read_console_page(call: Call) -> Response:
    """Open the console at one of its pages."""
    return _page()


@resource.operation(
    "GET",
    PREFIX + "/{digest}/{file}",
    replies=[Reply(200, "The file.", _FILE, {"ETag": "Names these bytes."})],
    path_fields={
        "digest": Name(meaning="Names the bytes of all files."),
        "file": Name(slashes=True, meaning="The file's path."),
    },
    examples={"file": "css/console.css"},
    stores=False,
)
def read_console_file(call: Call) -> Response:
    """Read a file of the console; compressed for who takes that."""
    asset = _ASSETS.files.get(call.path["file"])
    if asset is None or call.path["digest"] != _ASSETS.digest:
        raise ResourceNotFound("the console has no such file")
    packed = asset.compressed if request.accept_encodings.quality("gzip") > 0 else None
    reply = bytes_reply(packed or asset.body, asset.media_type, 200, cache=IMMUTABLE, **_HEADERS)
    if call.path["file"].endswith(WORKER_ENDING):
        reply.headers["Content-Security-Policy"] = WORKER_POLICY
    reply.headers["Vary"] = "Accept-Encoding"
    if packed is not None:
        reply.headers["Content-Encoding"] = "gzip"
    return tagged(reply, _ASSETS.digest + ("-gzip" if packed is not None else ""))


def _page() -> Response:
    base = _ASSETS.base
    styles = "".join(
        f'<link rel="stylesheet" href="{base}/{each}">'
        for each in ("vendor/pico/pico.min.css", "css/console.css")
    )
    preload = "".join(f'<link rel="modulepreload" href="{base}/{each}">' for each in _FIRST)
    body = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>reledger</title>'
        f'<link rel="icon" href="{base}/icon.svg" type="image/svg+xml">{styles}'
        f'<script type="importmap">{_ASSETS.import_map}</script>{preload}'
        f'<script type="module" src="{base}/js/main.js"></script></head>'
        f'<body data-assets="{base}"><div id="app"></div>{_NOSCRIPT}</body></html>\n'
    ).encode()
    return bytes_reply(body, _HTML, 200, cache=REVALIDATE, Content_Security_Policy=_ASSETS.policy, **_HEADERS)
