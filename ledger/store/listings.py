"""Pages of the log's smaller tables, for the interfaces.

Decides: order and bounds of a page. Reads only; the caller's connection holds a transaction.
"""

from sqlalchemy import Connection, select

from ledger.store.log_store import CheckpointRow, NewRefusal
from ledger.store.models import Base

_CHECKPOINTS = Base.metadata.tables["checkpoints"]
_REFUSALS = Base.metadata.tables["refusals"]


def list_checkpoints(connection: Connection, start: int, limit: int) -> list[CheckpointRow]:
    """Checkpoints in order of their numbers.

    Args:
        connection: Any transaction.
        start: The first number, from 0.
        limit: How many at most.
    """
    number = _CHECKPOINTS.c.checkpoint_number
    columns = [_CHECKPOINTS.c[name] for name in CheckpointRow._fields]
    rows = connection.execute(select(*columns).where(number >= start).order_by(number).limit(limit))
    return [CheckpointRow._make(row) for row in rows]


def list_refusals(connection: Connection, start: int, limit: int) -> list[NewRefusal]:
    """Records of the refusal journal in order of their numbers; arguments as for ``list_checkpoints``."""
    number = _REFUSALS.c.refusal_number
    columns = [_REFUSALS.c[name] for name in NewRefusal.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(number >= start).order_by(number).limit(limit))
    return [NewRefusal(*row) for row in rows]
