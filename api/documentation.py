"""Documentation as the application serves it: the OpenAPI document, and plain pages of operations and errors.

The pages are made once, hold no script, and load nothing from elsewhere.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from html import escape
from typing import Final

from api.logs import FAILED_CODE, FAILED_MEND, FAILED_TITLE
from api.openapi import build_document
from api.operations import Operation, Resource
from api.problems import DOCUMENTATION, STATUSES, request_errors
from api.replies import dump_json

STYLE: Final = b"""\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h2 { border-bottom: 1px solid; margin-top: 2.5rem; }
h3 { margin-bottom: 0.25rem; }
code { font-size: 0.95em; overflow-wrap: anywhere; }
table { border-collapse: collapse; }
td, th { border: 1px solid; padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
pre { border: 1px solid; overflow-x: auto; padding: 0.6rem; }
:target { outline: 3px solid; outline-offset: 0.25rem; }
"""
PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Documentation:
    """The documents of one set of resources, each made when it is first asked for."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        """Makes nothing yet."""
        self._resources = resources

    @cached_property
    def openapi(self) -> bytes:
        """The OpenAPI document as JSON."""
        return dump_json(build_document(self._resources))

    @cached_property
    def openapi_tag(self) -> str:
        """An entity tag of the OpenAPI document."""
        return hashlib.sha256(self.openapi).hexdigest()[:32]

    @cached_property
    def operations_page(self) -> bytes:
        """A page that lists every operation."""
        return page("Operations", "".join(self._operation_parts()))

    @cached_property
    def errors_page(self) -> bytes:
        """A page that explains every error; a problem's type points into it."""
        return page("Errors", "".join(_error_parts()))

    def _operation_parts(self) -> Iterator[str]:
        yield (
            '<p>The machine-readable form is <a href="/openapi.json">/openapi.json</a>; '
            f'the errors are at <a href="{DOCUMENTATION}">{DOCUMENTATION}</a>.</p>'
        )
        for resource in self._resources:
            yield f'<h2 id="{escape(resource.name)}">{escape(resource.name)}</h2>'
            yield f"<p>{escape(resource.description)}</p>"
            for operation in resource.operations:
                yield from _operation_parts(operation)


def _operation_parts(operation: Operation) -> Iterator[str]:
    yield f'<h3 id="{escape(operation.name)}"><code>{operation.method} {escape(operation.path)}</code></h3>'
    yield f"<p>{escape(operation.summary)}. {escape(operation.description)}</p>"
    roles = ", ".join(sorted(operation.access.roles)) or "any party"
    who = {
        "none": "anybody",
        "optional": "anybody; more with a reader token or in a session",
        "needed": f"{roles}, by reader token or in a session",
        "session": "whoever has a session",
    }
    yield f"<p>Open to {escape(who[operation.access.token.value])}.</p>"
    parameters = {**operation.path_fields, **operation.query().fields}
    if parameters:
        yield "<table><tr><th>Parameter</th><th>Meaning</th></tr>"
        for name, each in parameters.items():
            meaning = str(each.metadata.get("description", ""))
            yield f"<tr><td><code>{escape(name)}</code></td><td>{escape(meaning)}</td></tr>"
        yield "</table>"
    for reply in operation.replies:
        types = " or ".join(f"<code>{escape(each)}</code>" for each in reply.content) or "no body"
        yield f"<p>{reply.status}: {escape(reply.description)} {types}</p>"
    links = ", ".join(
        f'<a href="{DOCUMENTATION}#{kind.code}">{STATUSES[kind]} {kind.code}</a>'
        for kind in operation.refusals
    )
    yield f"<p>Errors: {links}</p>"


def _error_parts() -> Iterator[str]:
    yield '<p>Every error is an RFC 9457 problem document. Operations are at <a href="/docs">/docs</a>.</p>'
    known = [(STATUSES[kind], kind.code, kind.title, kind.default_mend) for kind in request_errors()]
    for status, code, title, mend in sorted([*known, (500, FAILED_CODE, FAILED_TITLE, FAILED_MEND)]):
        yield f'<h3 id="{escape(code)}"><code>{escape(code)}</code></h3>'
        yield f"<p>{status}: {escape(title)}.</p><p>{escape(mend)}</p>"


def page(title: str, body: str) -> bytes:
    """A whole page without script; ``body`` is HTML, ``title`` is text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - reledger</title>"
        '<link rel="stylesheet" href="/docs/style.css"></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    ).encode()
