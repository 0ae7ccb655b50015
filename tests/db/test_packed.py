"""Arrays that are packed by hand, as PostgreSQL itself reads them."""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger.store.engine import create_ledger_engine
from ledger.store.packed import pack

pytestmark = pytest.mark.postgresql


@pytest.fixture
def connection(postgres_url: str) -> Iterator[Connection]:
    engine = create_ledger_engine(postgres_url)
    with engine.connect() as made:
        yield made
    engine.dispose()


@pytest.mark.parametrize(
    ("array", "values"),
    [
        ("bigint", [0, 1, -1, 2**63 - 1, -(2**63), None, 7]),
        ("bigint", [0, 1, -1, 2**63 - 1, -(2**63)]),
        ("text", ["", "a", "稀土 é", "NULL", '{"x"}', "\\", None]),
        ("text", ["", "a", "稀土 é", "NULL", '{"x"}', "\\"]),
        ("boolean", [True, False, None]),
        ("boolean", [False]),
        ("bytea", [b"", b"\x00", b"a\\x00\xff", bytes(300), None]),
        ("bytea", [b"", b"\x00", b"a\\x00\xff", bytes(300)]),
        ("bytea", []),
        ("bigint", [None, None]),
        ("text", []),
        ("bigint", []),
    ],
)
def test_a_column_arrives_as_it_is(connection: Connection, array: str, values: Sequence[Any]) -> None:
    query = f"SELECT v FROM unnest(%b::{array}[]) WITH ORDINALITY AS n (v, place) ORDER BY place"
    assert connection.exec_driver_sql(query, (pack(array, values),)).scalars().all() == values


@pytest.mark.parametrize(("array", "value"), [("bigint", 2**63), ("bigint", "1"), ("text", 1), ("bytea", 1)])
def test_what_a_column_cannot_hold_is_refused(array: str, value: object) -> None:
    with pytest.raises((struct.error, AttributeError, TypeError)):
        pack(array, [value])


def test_a_text_that_the_database_cannot_hold_is_refused(connection: Connection) -> None:
    with pytest.raises(DBAPIError):
        connection.exec_driver_sql("SELECT %b::text[]", (pack("text", ["a\0b"]),))
