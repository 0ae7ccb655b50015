"""The compiled validators find fault exactly where marshmallow does."""

import json
import random

import pytest
from marshmallow import fields

from ledger.statements.epcis import compiled, schemas
from ledger.statements.epcis.fields import Listed, scoped
from ledger.statements.epcis.scope import Scope
from ledger.strict_json import JsonValue, parse_json
from tests.support.epcis_documents import corpus
from tests.support.epcis_mutations import KINDS, mutate

STANDARD = Scope()


def outer_scope(value: JsonValue) -> Scope:
    return STANDARD.extended(value.get("@context")) if isinstance(value, dict) else STANDARD


def marshmallow_finds_fault(value: JsonValue) -> bool:
    """By marshmallow alone, events included."""
    scope = outer_scope(value)
    with scoped(scope):
        if isinstance(value, dict) and "epcisBody" in value:
            return bool(schemas.DOCUMENT.validate(value))
    with scoped(schemas.event_scope(value, scope)):
        return bool(schemas.event_schema(value).validate(value))


def compiled_finds_fault(value: JsonValue) -> bool:
    scope = outer_scope(value)
    if isinstance(value, dict) and "epcisBody" in value:
        return bool(compiled.document_is_faulty(value, scope))
    return bool(compiled.event_is_faulty(value, scope))


@pytest.mark.parametrize(("name", "value"), corpus().items())
def test_both_accept_every_valid_document(name: str, value: JsonValue) -> None:
    read = parse_json(json.dumps(value).encode())
    assert not marshmallow_finds_fault(read), name
    assert not compiled_finds_fault(read), name


@pytest.mark.parametrize("seed", range(8))
def test_both_agree_on_damaged_documents(seed: int) -> None:
    chance = random.Random(seed)
    documents = [
        value for value in corpus().values() if value["type"] != "EPCISDocument" or len(str(value)) < 6000
    ]
    judged = {True: 0, False: 0}
    for _ in range(500):
        damaged = parse_json(json.dumps(mutate(chance.choice(documents), chance)).encode())
        verdict = marshmallow_finds_fault(damaged)
        assert compiled_finds_fault(damaged) == verdict, json.dumps(damaged, default=str)
        judged[verdict] += 1
    assert min(judged.values()) > 50


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_both_agree_on_every_kind_of_damage(kind: object) -> None:
    chance = random.Random(7)
    assert callable(kind)
    for value in corpus().values():
        damaged = json.loads(json.dumps(value))
        kind(damaged, chance)
        read = parse_json(json.dumps(damaged).encode())
        assert compiled_finds_fault(read) == marshmallow_finds_fault(read), json.dumps(damaged)


@pytest.mark.parametrize("odd", [None, True, "text", [], ["text"]])
def test_both_refuse_what_is_no_event(odd: JsonValue) -> None:
    assert compiled_finds_fault(odd)
    assert marshmallow_finds_fault(odd)


def test_a_field_that_converts_cannot_be_compiled() -> None:
    class Loose(schemas.EpcisSchema):
        count = fields.Integer()

    class LooseList(schemas.EpcisSchema):
        counts = Listed(fields.Integer())

    class LooseNested(schemas.EpcisSchema):
        inner = fields.Nested(Loose)

    for loose in (Loose(), LooseList(), LooseNested()):
        with pytest.raises(TypeError, match="no validator"):
            compiled.compile_schema(loose)
