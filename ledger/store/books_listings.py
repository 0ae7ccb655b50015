"""Pages of the books' records, for the interfaces.

Decides: order and bounds of a page: by key, ascending, from the first key above the one given.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, select, tuple_

from ledger.records.books import Key, Record
from ledger.store.books_tables import BOOKS
from ledger.store.engine import BINARY

R = TypeVar("R", bound=Record)


def list_records(
    connection: Connection,
    kind: type[R],
    *,
    where: Mapping[str, Any] | None = None,
    after: Key | None = None,
    limit: int = 100,
    newest_first: bool = False,
    since: Mapping[str, int] | None = None,
    order: Sequence[str] | None = None,
) -> list[R]:
    """One page of records.

    Args:
        connection: Any transaction.
        kind: The kind of record.
        where: Values that columns must have; None values are left out.
        after: The key of the last record of the page before.
        limit: How many at most.
        newest_first: In descending order of the keys.
        since: The least values that columns must have.
        order: Columns to order by in place of the key; ``after`` is their values then. Together they must
            tell the records apart.
    """
    stored = BOOKS[kind]
    columns = stored.table.c
    keys = [columns[name] for name in order or kind.KEY]
    query = select(*(columns[name] for name in stored.columns)).limit(limit)
    for name, value in (where or {}).items():
        if value is not None:
            query = query.where(columns[name] == value)
    for name, least in (since or {}).items():
        query = query.where(columns[name] >= least)
    if after is not None:
        place = tuple_(*keys)
        query = query.where(place < after if newest_first else place > after)
    query = query.order_by(*(key.desc() if newest_first else key for key in keys))
    return [stored.to_record(row) for row in connection.execute(query, execution_options=BINARY)]
