"""Operations: each declared once, and from that one declaration routed, guarded and documented.

Decides: in which order a request is looked at: credential (401, 403), body's type (415), accepted types
(406), query (400), path (404); then the operation's own function runs. Never decides an operation's answer.

flask-smorest was weighed and left: its errors, argument errors, content types, response encoding and paging
would each be overridden here, since answers are signed text, tiles and streams at least as often as JSON.
Of what it is made of, apispec is used directly.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, g, request
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from api.access import PUBLIC, Access, Reader, Token, admit, identify, recognise
from api.bodies import drain
from api.fields import Hash, Name, StrictSchema, first_fault
from api.parts import Parts, parts
from api.problems import STATUSES
from api.replies import JSON, choose_media_type
from api.sessions import shown_session
from ledger.errors import (
    LogInconsistent,
    MediaTypeUnsupported,
    NotAcceptable,
    RequestError,
    RequestMalformed,
    ResourceNotFound,
    RoleForbidden,
    SessionCrossSite,
    StoreBusy,
    TokenInvalid,
    TokenMissing,
)

SchemaLike = type[Schema] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One successful answer, as it is documented.

    Attributes:
        status: HTTP status.
        description: What it means.
        content: Media type -> what a body of it looks like; empty where there is no body.
        headers: Header name -> description.
        links: OpenAPI links: name -> (operation, parameter, runtime expression).
    """

    status: int
    description: str
    content: Mapping[str, SchemaLike] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: media type -> schema; the first media type is the usual one."""

    content: Mapping[str, SchemaLike]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to an operation, after it was let in.

    Attributes:
        parts: What the application is made of.
        reader: Who asks, if known.
        path: The path's parameters, loaded.
        query: The query's parameters, loaded.
        accepted: The media type to answer in.
    """

    parts: Parts
    reader: Reader | None
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    accepted: str

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which every query sees one and the same state."""
        with self.parts.reading() as connection:
            yield connection


View = Callable[[Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path; see ``Resource.operation`` for the attributes."""

    method: str
    path: str
    view: View
    summary: str
    description: str
    access: Access
    replies: Sequence[Reply]
    query: type[StrictSchema]
    path_fields: Mapping[str, fields.Field[Any]]
    body: Body | None
    errors: Sequence[type[RequestError]]
    examples: Mapping[str, Any]
    stores: bool

    @property
    def name(self) -> str:
        """The operation's id: unique, and the view's own name."""
        return self.view.__name__

    @property
    def offered(self) -> list[str]:
        """The media types of its answers, the usual one first."""
        offered = [media_type for reply in self.replies for media_type in reply.content]
        return [each.partition(";")[0] for each in dict.fromkeys(offered)] or [JSON]

    @property
    def refusals(self) -> list[type[RequestError]]:
        """Every error that it may answer with, in the order of their statuses and codes."""
        kinds: set[type[RequestError]] = {*self.errors, RequestMalformed, NotAcceptable}
        if self.access.token in (Token.OPTIONAL, Token.NEEDED):
            kinds |= {TokenInvalid}
        if self.access.token in (Token.NEEDED, Token.SESSION):
            kinds |= {TokenMissing, RoleForbidden} if self.access.roles else {TokenMissing}
        if self.access.token is not Token.NONE and self.method != "GET":
            kinds |= {SessionCrossSite}
        if self.body is not None:
            kinds |= {MediaTypeUnsupported}
        if self.path_fields:
            kinds |= {ResourceNotFound}
        if self.stores:
            kinds |= {StoreBusy, LogInconsistent}
        return sorted(kinds, key=lambda kind: (STATUSES[kind], kind.code))

    @property
    def rule(self) -> str:
        """The path as the router writes it."""
        rule = self.path
        for name, each in self.path_fields.items():
            kind = ""
            if isinstance(each, Name) and each.slashes:
                kind = "path:"
            elif isinstance(each, Hash):
                # So that /v1/statements/check is that and nothing else, whatever the method.
                kind = "string(length=43):"
            rule = rule.replace("{" + name + "}", f"<{kind}{name}>")
        return rule


class Resource:
    """The operations of one kind of thing; one module makes one resource."""

    def __init__(self, name: str, description: str) -> None:
        """Starts with no operations.

        Args:
            name: The OpenAPI tag.
            description: What the thing is.
        """
        self.name = name
        self.description = description
        self.operations: list[Operation] = []

    def operation(
        self,
        method: str,
        path: str,
        *,
        replies: Sequence[Reply],
        access: Access = PUBLIC,
        query: type[StrictSchema] = StrictSchema,
        path_fields: Mapping[str, fields.Field[Any]] | None = None,
        body: Body | None = None,
        errors: Sequence[type[RequestError]] = (),
        examples: Mapping[str, Any] | None = None,
        stores: bool = True,
    ) -> Callable[[View], View]:
        """Declares the decorated function as an operation; its docstring is the documentation.

        Args:
            method: GET, POST, PUT or DELETE; a GET answers HEAD too.
            path: As OpenAPI writes it, ``/v1/statements/{hash}``.
            replies: Every successful answer.
            access: Who may call it.
            query: The query's parameters; others are refused.
            path_fields: The path's parameters; a value that is none of them is not found.
            body: What is sent, for a POST or a PUT.
            errors: What it refuses beyond what follows from the arguments above.
            examples: Parameter name -> example value.
            stores: Whether it asks the database.
        """

        def declare(view: View) -> View:
            summary, _, rest = (view.__doc__ or "").strip().partition("\n")
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    view=view,
                    summary=summary.rstrip("."),
                    description=" ".join(rest.split()),
                    access=access,
                    replies=tuple(replies),
                    query=query,
                    path_fields=dict(path_fields or {}),
                    body=body,
                    errors=tuple(errors),
                    examples=dict(examples or {}),
                    stores=stores,
                )
            )
            return view

        return declare


def install_operations(app: Flask, resources: Sequence[Resource]) -> None:
    """Routes every operation of these resources."""
    for resource in resources:
        for operation in resource.operations:
            app.add_url_rule(
                operation.rule,
                operation.name,
                functools.partial(
                    _serve,
                    operation,
                    operation.query(),
                    StrictSchema.from_dict(dict(operation.path_fields))(),
                ),
                methods=[operation.method],
                provide_automatic_options=False,
            )


def _serve(operation: Operation, query: Schema, path: Schema, **path_texts: str) -> Response:
    """One request: let in, run, and on refusal the rest of its body read, so that the answer arrives."""
    try:
        reader = _reader(operation)
        admit(operation.access, reader)
        if operation.body is not None:
            _check_content_type(operation.body)
        accepted = choose_media_type(request.headers.get("Accept"), operation.offered)
        if accepted is None:
            raise NotAcceptable(f"this answers with {' or '.join(operation.offered)}")
        return operation.view(
            Call(
                parts=parts(),
                reader=reader,
                path=_load_path(path, path_texts),
                query=_load_query(query, request.args),
                accepted=accepted,
            )
        )
    except RequestError:
        drain()
        raise


def _reader(operation: Operation) -> Reader | None:
    """Who asks: by the Authorization header; where there is none, by the session's cookie."""
    token = operation.access.token
    if token is Token.NONE:
        return None
    here, reader = parts(), None
    header = request.headers.get("Authorization") if token is not Token.SESSION else None
    if header is not None:
        with here.reading() as connection:
            reader = identify(connection, header, here.settings.origin, here.clock.now_us())
    elif (shown := shown_session(here.settings)) is not None:
        with here.reading() as connection:
            reader = recognise(connection, shown, here.clock.now_us())
    if reader is not None:
        g.reader_kid = reader.kid
        if reader.session is not None:
            here.sessions.note_use(reader.session)
    return reader


def _check_content_type(body: Body) -> None:
    # Parameters such as charset do not change what these types are.
    if request.mimetype not in body.content:
        given = request.mimetype or "nothing"
        raise MediaTypeUnsupported(f"this takes {' or '.join(body.content)}, and was sent {given}")


def _load_path(schema: Schema, texts: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = schema.load(texts)
    except ValidationError as error:
        name, fault = first_fault(error)
        raise ResourceNotFound(f"nothing is at this address: {name} {_inside(fault)}") from None
    return loaded


def _load_query(schema: Schema, given: MultiDict[str, str]) -> Mapping[str, Any]:
    repeated = sorted(name for name, values in given.lists() if len(values) > 1)
    if repeated:
        raise RequestMalformed(
            f"the parameter {repeated[0]!r} is given twice", extra={"parameter": repeated[0]}
        )
    try:
        loaded: Mapping[str, Any] = schema.load(given.to_dict())
    except ValidationError as error:
        name, fault = first_fault(error)
        raise RequestMalformed(
            f"the parameter {name!r} {_inside(fault)}", extra={"parameter": name}
        ) from None
    return loaded


def _inside(fault: str) -> str:
    """A sentence as the end of another one; what it quotes keeps its letters."""
    return fault[:1].lower() + fault[1:]
