"""The OpenAPI 3.1 document, made from the declared operations and nothing else."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from api.access import Token
from api.logs import FAILED_CODE
from api.operations import Operation, Reply, Resource, SchemaLike
from api.problems import MEDIA_TYPE, STATUSES
from api.schemas import FindingSchema
from api.sessions import COOKIE
from ledger import __version__
from ledger.errors import RequestError

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details. Some errors have further members.",
    "required": ["type", "title", "status", "detail", "code", "mend"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Where the error is documented.",
        },
        "title": {"type": "string", "description": "The same for every error of this code."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong this time."},
        "code": {"type": "string", "description": "Stable dotted name of the error."},
        "mend": {"type": "string", "description": "How to put it right."},
        "pointer": {"type": "string", "description": "RFC 6901 pointer to what is at fault."},
        "line": {"type": "integer", "minimum": 1, "description": "Line of a batch."},
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
        "request_id": {"type": "string", "description": "For the operator: names the request in the log."},
    },
}
_SECURITY: Final[dict[Token, list[dict[str, list[str]]]]] = {
    Token.NONE: [],
    Token.OPTIONAL: [{}, {"reader": []}, {"session": []}],
    Token.NEEDED: [{"reader": []}, {"session": []}],
    Token.SESSION: [{"session": []}],
}
_DESCRIPTION: Final = (
    "A shipment traceability ledger: signed statements in, provable receipts out. Writing needs no token, "
    "the signed statement is the credential. Reading what is private needs a short-lived token signed "
    "by an enrolled key, or the session that such a key has opened. Every GET answers HEAD as well."
)


def build_document(resources: Sequence[Resource]) -> dict[str, Any]:
    """The document of these resources' operations."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="reledger",
        version=__version__,
        openapi_version="3.1.1",
        plugins=[plugin],
        info={"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": "/"}],
    )
    spec.components.schema("Finding", schema=FindingSchema)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.security_scheme(
        "reader",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "reledger-read+jwt",
            "description": "A JWS by an enrolled key, at most 5 minutes long; see docs/formats.md.",
        },
    )
    spec.components.security_scheme(
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "What POST /v1/sessions sets, named __Host-reledger_session over https. Looked at "
            "only where there is no Authorization header; what is not a GET must come from the same origin.",
        },
    )
    assert plugin.converter is not None
    convert = plugin.converter.field2property
    for resource in resources:
        spec.tag({"name": resource.name, "description": resource.description})
        for operation in resource.operations:
            spec.path(
                path=operation.path,
                operations={operation.method.lower(): _operation(operation, resource.name, convert)},
            )
    document: dict[str, Any] = spec.to_dict()
    return document


def _schema_name(schema: Any) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return str(name).removesuffix("Schema")


def _operation(operation: Operation, tag: str, convert: Any) -> dict[str, Any]:
    members: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            *_parameters("path", operation.path_fields, operation.examples, convert),
            *_parameters("query", operation.query().fields, operation.examples, convert),
        ],
        "responses": {
            **{str(reply.status): _reply(reply) for reply in operation.replies},
            **_problems(operation),
        },
        "security": _SECURITY[operation.access.token],
    }
    if operation.body is not None:
        members["requestBody"] = {
            "description": operation.body.description,
            "required": True,
            "content": _content(operation.body.content),
        }
    return members


def _parameters(
    place: str, given: Mapping[str, fields.Field[Any]], examples: Mapping[str, Any], convert: Any
) -> list[dict[str, Any]]:
    parameters = []
    for name, each in given.items():
        schema = dict(convert(each))
        description = schema.pop("description", "")
        if schema.get("default") in (None, ""):
            schema.pop("default", None)
        parameter = {
            "name": name,
            "in": place,
            "required": place == "path" or each.required,
            "description": description,
            "schema": schema,
        }
        if name in examples:
            parameter["example"] = examples[name]
        parameters.append(parameter)
    return parameters


def _reply(reply: Reply) -> dict[str, Any]:
    members: dict[str, Any] = {"description": reply.description}
    if reply.content:
        members["content"] = _content(reply.content)
    if reply.headers:
        members["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in reply.headers.items()
        }
    if reply.links:
        members["links"] = {
            name: {"operationId": target, "parameters": {parameter: expression}}
            for name, (target, parameter, expression) in reply.links.items()
        }
    return members


def _content(content: Mapping[str, SchemaLike]) -> dict[str, Any]:
    return {media_type: {"schema": schema} for media_type, schema in content.items()}


def _problems(operation: Operation) -> dict[str, Any]:
    """The error answers, by status; every operation may meet an error that nobody foresaw."""
    answers: dict[str, Any] = {"500": _problem(500, [])}
    for status, kinds in groupby(operation.refusals, key=lambda kind: STATUSES[kind]):
        answers[str(status)] = _problem(status, list(kinds))
    return dict(sorted(answers.items()))


def _problem(status: int, kinds: Sequence[type[RequestError]]) -> dict[str, Any]:
    codes = [kind.code for kind in kinds] + ([FAILED_CODE] if status == 500 else [])
    members: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}],
                    "properties": {"status": {"const": status}, "code": {"enum": codes}},
                }
            }
        },
    }
    header = {401: "WWW-Authenticate", 503: "Retry-After"}.get(status)
    if header is not None:
        members["headers"] = {header: {"required": True, "schema": {"type": "string"}}}
    return members
