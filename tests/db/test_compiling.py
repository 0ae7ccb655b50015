"""Tests share what SQLAlchemy compiled, between databases of one kind alone."""

from pathlib import Path

from sqlalchemy import Engine, column, select
from sqlalchemy.engine.interfaces import CacheStats

from ledger.store.engine import create_ledger_engine


def hit(engine: Engine, name: str) -> bool:
    """Whether the SQL had been compiled before."""
    with engine.connect() as connection:
        context = connection.execute(select(column(name, is_literal=True))).context
        return context.cache_hit is CacheStats.CACHE_HIT


def test_sql_is_compiled_once_for_all_databases_of_a_kind(postgres_url: str, tmp_path: Path) -> None:
    engines = [create_ledger_engine(f"sqlite:///{tmp_path / name}") for name in ("one.db", "other.db")]
    engines.append(create_ledger_engine(postgres_url))
    assert [hit(engine, "20261121") for engine in engines] == [False, True, False]
    assert [hit(engine, "20261122") for engine in engines] == [False, True, False]
    for engine in engines:
        engine.dispose()
