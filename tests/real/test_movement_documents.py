"""Movements as we write them are valid by the JSON Schema that GS1 publishes."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.movements.movement import KINDS
from ledger.movements.writing import correct, document, dump_document, undo
from tests.support.movement_examples import EXAMPLES
from tests.support.movements import NOON_US
from tests.support.movements_written import as_event

SCHEMA = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "epcis" / "schema" / "epcis-2.0.1.schema.json"
)

pytestmark = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the folder shared/data/epcis is not beside this checkout"
)


@pytest.fixture(scope="module")
def published() -> Any:
    """To import what judges by it takes seconds, which other tests should not wait for."""
    from jsonschema import Draft7Validator, FormatChecker

    checker = FormatChecker(formats=("uri", "date-time"))
    return Draft7Validator(json.loads(SCHEMA.read_bytes()), format_checker=checker)


@pytest.mark.parametrize("kind", KINDS)
def test_a_movement_is_valid_by_the_published_schema(kind: str, published: Any) -> None:
    payload = dump_document(document([as_event(EXAMPLES[kind])], NOON_US))
    assert [error.message for error in published.iter_errors(json.loads(payload))] == []


def test_a_correction_is_valid_by_the_published_schema(published: Any) -> None:
    wrong, right = as_event(EXAMPLES["ship"]), as_event(EXAMPLES["return"])
    for events in (
        correct(wrong, right, declared_at_us=NOON_US, reason="wrong site"),
        [undo(wrong, declared_at_us=NOON_US)],
    ):
        payload = json.loads(dump_document(document(events, NOON_US)))
        assert [error.message for error in published.iter_errors(payload)] == []


def test_the_schema_finds_fault_with_a_movement(published: Any) -> None:
    event = as_event(EXAMPLES["ship"]) | {"action": "SHIP"}
    assert list(published.iter_errors(json.loads(dump_document(document([event], NOON_US)))))
