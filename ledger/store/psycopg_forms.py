"""How values travel to and from PostgreSQL, as psycopg wants to be told.

Decides: nothing. Only an engine on PostgreSQL imports it, for psycopg takes longer to import than most
commands on SQLite take to do their work.
"""

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection, capabilities
from psycopg.adapt import Dumper
from psycopg.pq import Format

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
    connection: Connection[Any], query: str, parameters: dict[str, int], rows: int
) -> Iterator[tuple[Any, ...]]:
    """What a query gives, in binary, some ``rows`` rows of it in memory at a time; without a server's cursor.

    Until its end the connection takes no other query; who leaves it earlier cancels the transaction.
    """
    with connection.cursor(binary=True) as cursor:
        # An older libpq hands on row by row.
        yield from cursor.stream(query, parameters, size=rows if capabilities.has_stream_chunked() else 1)
