"""How values travel to and from PostgreSQL, as psycopg wants to be told.

Decides: nothing. Only an engine on PostgreSQL imports it, for psycopg takes longer to import than most
commands on SQLite take to do their work.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from psycopg import capabilities
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection as SQLConnection

from ledger.store.engine import driver_errors
from ledger.store.packed import PackedArray

BINARY_FORMAT: Final = Format.BINARY


class PackedDumper(Dumper):
    """Gives what is packed to the driver. Its type is unknown, so the statement's cast says it."""

    format = Format.BINARY

    def dump(self, obj: PackedArray) -> bytes:
        return obj.content


def take_packed(connection: Any) -> None:
    """Lets a psycopg connection take ``PackedArray`` as a parameter."""
    connection.adapters.register_dumper(PackedArray, PackedDumper)


def stream(
    connection: SQLConnection, query: str, parameters: Mapping[str, Any], rows: int
) -> Iterator[tuple[Any, ...]]:
    """What a query gives, in binary, some ``rows`` rows of it in memory at a time; without a server's cursor.

    Until its end the connection takes no other query; who leaves it earlier cancels the transaction.

    Raises:
        sqlalchemy.exc.DBAPIError: What the server or the driver says.
    """
    # An older libpq hands on row by row.
    size = rows if capabilities.has_stream_chunked() else 1
    with _driver(connection, query) as driver, driver.cursor(binary=True) as cursor:
        yield from cursor.stream(query, parameters, size=size)


def send_all(connection: SQLConnection, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
    """Carries out statements that give no rows; the server works on one while the next is being made.

    Args:
        connection: Its transaction, which begins if there is none.
        statements: Each with its parameters.

    Raises:
        sqlalchemy.exc.IntegrityError: A row stands there already. The transaction can only be rolled back.
        sqlalchemy.exc.DBAPIError: Anything else that the server or the driver says.
    """
    with _driver(connection, "several statements") as driver, driver.cursor() as cursor, driver.pipeline():
        for statement, parameters in statements:
            cursor.execute(statement, parameters)


@contextmanager
def _driver(connection: SQLConnection, asked: str) -> Iterator[Any]:
    """The driver's own connection, in a transaction of SQLAlchemy's and with its errors."""
    if not connection.in_transaction():
        connection.begin()  # it sees nothing of what is done, and would roll nothing back
    with driver_errors(connection, asked):
        yield connection.connection.dbapi_connection
