"""Fast validators made from the schemas, once, at import.

Decides: nothing of its own. It walks the marshmallow schemas and asks the same fields and the same rules,
without building error dictionaries; the first fault ends it. A test proves that it and marshmallow agree.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from marshmallow import fields

from ledger.statements.epcis.extensions import extension_findings
from ledger.statements.epcis.fields import Leaf, Listed, Part
from ledger.statements.epcis.schemas import (
    DOCUMENT,
    EVENT_SCHEMAS,
    EXTENDED_EVENT,
    EpcisSchema,
    Event,
    event_scope,
)
from ledger.statements.epcis.scope import Scope

#: Something true where the value is at fault, None or nothing where it is not.
Check: TypeAlias = Callable[[Any, Scope], object]


def compile_schema(schema: EpcisSchema) -> Check:
    """A validator that finds fault exactly where ``schema.validate`` does.

    Raises:
        TypeError: A field of a kind that is not ours.
    """
    checks = {field.data_key or name: _compile_field(field) for name, field in schema.fields.items()}
    required = tuple(field.data_key or name for name, field in schema.fields.items() if field.required)
    rules = schema.rules
    known = schema.known
    extensible = schema.extensible

    def check(value: Any, scope: Scope) -> object:
        if type(value) is not dict:
            return True
        own = False
        for name, member in value.items():
            judge = checks.get(name)
            if judge is None:
                if not extensible:
                    return True
                own = True
            elif judge(member, scope):
                return True
        for name in required:
            if name not in value:
                return True
        for rule in rules:
            if rule(value) is not None:
                return True
        return own and extension_findings(value, known, scope, extensible=True)

    return check


def _compile_field(field: fields.Field[Any]) -> Check:
    if isinstance(field, Leaf):
        return field.finding
    if isinstance(field, Part):
        schema = field.schema
        if isinstance(schema, EpcisSchema):
            return compile_schema(schema)
    if isinstance(field, Listed):
        return _compile_list(field)
    if isinstance(field, Event):
        return event_is_faulty
    raise TypeError(f"no validator for a field of type {type(field).__name__}")


def _compile_list(field: Listed) -> Check:
    judge = _compile_field(field.inner)
    least, most, unique = field.least, field.most, field.unique

    def check(value: Any, scope: Scope) -> object:
        if type(value) is not list or len(value) < least or (most is not None and len(value) > most):
            return True
        for item in value:
            if judge(item, scope):
                return True
        return unique and len(value) > 1 and field.own_findings(value)

    return check


_EVENTS: Final[Mapping[str, Check]] = {name: compile_schema(schema) for name, schema in EVENT_SCHEMAS.items()}
_EXTENDED: Final = compile_schema(EXTENDED_EVENT)


def event_is_faulty(event: Any, scope: Scope) -> object:
    """Whether an event is at fault, within the document's prefixes and its own."""
    if type(event) is not dict:
        return True
    kind = event.get("type")
    judge = _EVENTS.get(kind, _EXTENDED) if type(kind) is str else _EXTENDED
    return judge(event, event_scope(event, scope))


document_is_faulty: Final = compile_schema(DOCUMENT)
