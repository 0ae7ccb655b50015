"""How values travel to and from PostgreSQL, as psycopg wants to be told.

Decides: nothing. Only an engine on PostgreSQL imports it, for psycopg takes longer to import than most
commands on SQLite take to do their work.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from psycopg import capabilities
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection as SQLConnection

from ledger.store.engine import begun, driver_errors
from ledger.store.packed import PackedArray

BINARY_FORMAT: Final = Format.BINARY
_SENDING: Final = "reledger.sending"
"""Stands in a connection's ``info`` while ``sending`` lasts."""
_STREAM: Final = "reledger.stream"
"""Under which a connection's ``info`` tells the stream that is open on it."""


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
        RuntimeError: Another one is open.
    """
    # An older libpq hands on row by row.
    size = rows if capabilities.has_stream_chunked() else 1
    driver, info = _driver(connection), connection.info
    with driver_errors(connection, query), driver.cursor(binary=True) as cursor:
        read = cursor.stream(query, parameters, size=size)
        info[_STREAM] = read
        try:
            yield from read
        finally:
            if info.get(_STREAM) is read:  # else a rollback has ended it
                del info[_STREAM]


def _driver(connection: SQLConnection) -> Any:
    """The driver's connection, which nobody reads a stream of."""
    require_no_stream(connection)
    return begun(connection)


def require_no_stream(connection: SQLConnection) -> None:
    """Returns only if nobody reads a stream: the driver would wait for its end, which may never come.

    Raises:
        RuntimeError: Somebody does.
    """
    if _STREAM in connection.info:
        raise RuntimeError("this connection's rows are still being read")


def end_stream(connection: SQLConnection) -> None:
    """Ends what is still being read, before a rollback that would wait for it.

    Who read it may be gone without a word: an error leaves it where it was, for its traceback to hold.
    """
    if not connection.invalidated:  # else the server is gone, and what was read with it
        read = connection.info.pop(_STREAM, None)
        if read is not None:
            read.close()


@contextmanager
def sending(connection: SQLConnection) -> Iterator[None]:
    """Within it nobody waits for what ``send_all`` sends; who leaves it, or asks something, waits for all.

    Args:
        connection: Its transaction, which begins if there is none.

    Raises:
        sqlalchemy.exc.DBAPIError: As for ``send_all``, of anything that was sent.
    """
    driver, info = _driver(connection), connection.info
    with driver_errors(connection, "several statements"), driver.pipeline():
        info[_SENDING] = True
        try:
            yield
        finally:
            del info[_SENDING]


def send_all(connection: SQLConnection, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
    """Carries out statements that give no rows; the server works on one while the next is being made.

    Args:
        connection: Its transaction, which begins if there is none.
        statements: Each with its parameters.

    Raises:
        sqlalchemy.exc.IntegrityError: A row stands there already. The transaction can only be rolled back.
        sqlalchemy.exc.DBAPIError: Anything else that the server or the driver says.
    """
    driver = _driver(connection)
    waited_for = nullcontext() if _SENDING in connection.info else driver.pipeline()
    with driver_errors(connection, "several statements"), driver.cursor() as cursor, waited_for:
        for statement, parameters in statements:
            cursor.execute(statement, parameters)


def ask_all(
    connection: SQLConnection, questions: Sequence[tuple[str, Mapping[str, Any] | Sequence[Any]]]
) -> list[list[tuple[Any, ...]]]:
    """What several queries give, in binary; none is waited for before the next is sent.

    Raises:
        sqlalchemy.exc.DBAPIError: What the server or the driver says to any of them.
    """
    driver = _driver(connection)
    cursors = [driver.cursor(binary=True) for _ in questions]
    alone = len(questions) == 1
    with driver_errors(connection, questions[0][0] if alone else "several questions"):
        with nullcontext() if alone else driver.pipeline():
            for cursor, (query, parameters) in zip(cursors, questions, strict=True):
                cursor.execute(query, parameters)
        return [cursor.fetchall() for cursor in cursors]
