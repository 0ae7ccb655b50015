"""Changing what is stored, as somebody could who owns the database: any value of any row, of any type."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from ledger.encoding import b64url_encode
from ledger.store.engine import is_sqlite
from ledger.store.models import LOG_TABLES, REGISTER_TABLES, Base

TABLES = (*LOG_TABLES, "head", *REGISTER_TABLES)

Row = dict[str, Any]


def table(name: str) -> Table:
    return Base.metadata.tables[name]


def rows(connection: Connection, name: str) -> list[Row]:
    """The rows of a table by their key, as the driver gives them."""
    each = table(name)
    columns = [literal_column(column.name) for column in each.columns]
    keys = [literal_column(column.name) for column in each.primary_key.columns]
    found = connection.execute(select(*columns).select_from(each).order_by(*keys)).all()
    return [dict(zip(each.columns.keys(), row, strict=True)) for row in found]


def place(name: str, row: Row) -> int | str:
    """How a report names the row."""
    key = [row[column.name] for column in table(name).primary_key.columns]
    if len(key) == 1 and type(key[0]) is int:
        return key[0]
    return "/".join(b64url_encode(part) if type(part) is bytes else str(part) for part in key)


def where_is(name: str, row: Row) -> tuple[str, dict[str, Any]]:
    """A condition that holds for the row alone, and its parameters."""
    key = [column.name for column in table(name).primary_key.columns]
    return " AND ".join(f"{column} = :key_{column}" for column in key), {f"key_{c}": row[c] for c in key}


def assign(
    connection: Connection, name: str, row: Row, column: str, value: Any, expression: str = ""
) -> bool:
    """Sets one value; False, with nothing changed, where the database refuses it or has it already."""
    condition, parameters = where_is(name, row)
    new = expression.replace(":", "\\:") or ":value"
    changes = f"UPDATE {name} SET {column} = {new} WHERE {condition}"
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(changes), parameters | ({} if expression else {"value": value}))
    except (DBAPIError, OverflowError, ValueError):
        savepoint.rollback()
        return False
    savepoint.commit()
    return row not in rows(connection, name)


def delete(connection: Connection, name: str, row: Row) -> None:
    condition, parameters = where_is(name, row)
    assert connection.execute(text(f"DELETE FROM {name} WHERE {condition}"), parameters).rowcount == 1


def insert(connection: Connection, name: str, row: Row) -> bool:
    """Adds a row; False, with nothing changed, where the database refuses it."""
    values = ", ".join(f":{column}" for column in row)
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({values})"), row)
    except DBAPIError:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def put_back(connection: Connection, name: str, stored: Sequence[Row]) -> None:
    """Makes a table hold these rows again and no others, whatever was done to single rows of it."""
    found = rows(connection, name)
    here, wanted = ({tuple(row.values()) for row in each} for each in (found, stored))
    for row in found:
        if tuple(row.values()) not in wanted:
            delete(connection, name, row)
    for row in stored:
        if tuple(row.values()) not in here:
            assert insert(connection, name, row)
    assert rows(connection, name) == list(stored)


def drop_constraints(connection: Connection, name: str) -> None:
    """Takes every key and check from a table, as its owner can; its rows stay."""
    if is_sqlite(connection):
        connection.execute(text(f"CREATE TABLE bare AS SELECT * FROM {name}"))
        connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(text(f"ALTER TABLE bare RENAME TO {name}"))
        return
    names = connection.scalars(
        text(
            "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:name AS regclass) "
            "AND contype IN ('p', 'u', 'c', 'f') ORDER BY contype = 'p'"
        ),
        {"name": name},
    ).all()
    for constraint in names:
        connection.execute(text(f'ALTER TABLE {name} DROP CONSTRAINT "{constraint}" CASCADE'))
    indices = connection.scalars(
        text(
            "SELECT CAST(CAST(indexrelid AS regclass) AS text) FROM pg_index "
            "WHERE indrelid = CAST(:name AS regclass) AND indisunique"
        ),
        {"name": name},
    ).all()
    for index in indices:
        connection.execute(text(f"DROP INDEX {index}"))


def other_values(column: Column[Any], value: Any, chance: random.Random) -> Iterator[Any]:
    """Values of the column's own kind that differ from this one, in an order left to chance."""
    match value:
        case None:
            choices: Sequence[Any] = [0, 1, 2**40]
        case int():
            choices = [value + 1, value - 1, value + 7, 0, 2**62, -1]
        case str():
            at = chance.randrange(len(value)) if value else 0
            choices = [
                value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :] if value else "x",
                value + "x",
                value + " ",
                value[:-1],
                value.swapcase(),
                "",
            ]
        case bytes():
            octets = bytearray(value)
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
            choices = [bytes(octets), value + b"\x00", value[:-1], bytes(len(value)), b""]
        case _:
            raise AssertionError(type(value))
    found = [choice for choice in choices if choice != value]
    if column.nullable and value is not None:
        found.append(None)
    first, *rest = found
    chance.shuffle(rest)
    yield first
    yield from rest


def other_storage(value: Any) -> list[str]:
    """SQL that stores the same or a like value in another storage class (SQLite)."""
    match value:
        case None:
            return ["''", "x''", "0.5"]
        case int():
            return [f"x'{value & 0xFF:02x}'", "'twelve'", f"{value}.5"]
        case str():
            return [
                f"CAST('{value.replace(chr(39), chr(39) * 2)}' AS BLOB)",
                "x'ff'",
                "CAST(x'ff41' AS TEXT)",
            ]
        case bytes():
            return [f"CAST(x'{value.hex()}' AS TEXT)", "12", "0.5", "''"]
        case _:
            raise AssertionError(type(value))
