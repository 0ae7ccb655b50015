"""SQL that is compiled once for all databases of a test process, not anew for each test's own."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

_STATEMENTS = 2_000


class _OneForAll(MutableMapping[tuple[Any, ...], Any]):
    """SQLAlchemy's cache of compiled statements, whose keys begin with the dialect of one engine.

    What is compiled does not differ between engines of one kind: they are asked for with the same settings.
    """

    def __init__(self) -> None:
        self._compiled: LRUCache[tuple[Any, ...], Any] = LRUCache(_STATEMENTS)

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return self._compiled[_for_all(key)]

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return self._compiled.get(_for_all(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._compiled[_for_all(key)] = compiled

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        del self._compiled[_for_all(key)]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._compiled)


def _for_all(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return (type(dialect), dialect.dbapi, *rest)


def compile_once() -> None:
    """Has every engine of this process use one cache from now on."""
    compiled = _OneForAll()

    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)
