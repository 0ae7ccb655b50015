"""Nothing that is stored can be changed without ``verify`` saying so, with the place of the row.

Every column of every table is taken from the model, so that a new column without a check fails here. The
changes are made as a database's owner could: triggers, foreign keys and (on SQLite) checks are off.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport
from ledger.statements.jwk import PublicKey
from ledger.store.books_tables import BOOKS_TABLES
from ledger.store.engine import create_ledger_engine
from ledger.store.models import LOG_TABLES, Base
from tests.support.databases import unguarded
from tests.support.postgres import PostgresServer
from tests.support.rich import build_rich_ledger
from tests.support.tampering import (
    TABLES,
    assign,
    delete,
    drop_constraints,
    insert,
    other_storage,
    other_values,
    place,
    rows,
    table,
)

COLUMNS = [(name, column.name) for name in TABLES for column in table(name).columns]


@dataclass
class Bench:
    """A ledger that is never changed, and copies of it that are."""

    engine: str
    copy: Callable[[], str]
    origin: str
    vkey: str

    def verify(self, url: str) -> AuditReport:
        return verify_database(url, origin=self.origin, vkeys=[self.vkey], workers=1)


@pytest.fixture(scope="module", autouse=True)
def known_signatures() -> Iterator[None]:
    """A signature that was found right is not computed again for the same key and message.

    Most of an audit is the arithmetic of signatures, and all but a few of them are the same in every copy.
    """
    known: set[tuple[str, bytes, bytes]] = set()
    compute = PublicKey.verify

    def verify(key: PublicKey, signature: bytes, message: bytes) -> None:
        if (key.kid, signature, message) not in known:
            compute(key, signature, message)
            known.add((key.kid, signature, message))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PublicKey, "verify", verify)
        yield


@pytest.fixture(scope="module")
def sqlite_bench(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("tampering")
    original, number = folder / "original.db", iter(range(1_000_000))
    shutil.copyfile(sqlite_template, original)
    engine = create_ledger_engine(f"sqlite:///{original}")
    ledger = build_rich_ledger(engine)
    engine.dispose()

    def copy() -> str:
        path = folder / f"copy-{next(number)}.db"
        shutil.copyfile(original, path)
        return f"sqlite:///{path}"

    return Bench("sqlite", copy, ledger.origin, ledger.vkey)


@pytest.fixture(scope="module")
def postgres_bench(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Bench]:
    original = postgres_server.create_database(postgres_template)
    engine = create_ledger_engine(postgres_server.url(original))
    ledger = build_rich_ledger(engine)
    engine.dispose()
    made: list[str] = []

    def copy() -> str:
        while made:
            postgres_server.drop_database(made.pop())
        made.append(postgres_server.create_database(original))
        return postgres_server.url(made[0])

    yield Bench("postgresql", copy, ledger.origin, ledger.vkey)
    for name in (*made, original):
        postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bench(request: pytest.FixtureRequest) -> Bench:
    name = "sqlite_bench" if request.param == "sqlite" else "postgres_bench"
    found: Bench = request.getfixturevalue(name)
    return found


def assert_reported(bench: Bench, url: str, name: str, *touched: dict[str, Any]) -> AuditReport:
    """The audit names the table and every row that was touched."""
    report = bench.verify(url)
    named = {fault.place for fault in report.faults if fault.table == name}
    shown = "\n".join(str(fault) for fault in report.faults)
    for row in touched:
        assert place(name, row) in named, f"{name} {place(name, row)} was not reported:\n{shown}"
    return report


def removed(url: str) -> None:
    """Frees the disk after a passed check."""
    if url.startswith("sqlite:///"):
        for path in Path(url.removeprefix("sqlite:///")).parent.glob(Path(url).name + "*"):
            path.unlink()


def test_the_untouched_ledger_has_no_fault(bench: Bench) -> None:
    report = bench.verify(bench.copy())
    assert report.faults == []
    assert report.ok


def test_every_table_has_rows_and_every_column_a_value(bench: Bench) -> None:
    with unguarded(bench.copy()) as connection:
        for name in TABLES:
            stored = rows(connection, name)
            assert stored, name
            for column in table(name).columns:
                assert any(row[column.name] is not None for row in stored), (name, column.name)


def test_every_table_of_the_model_is_tampered_with() -> None:
    # The books are compared by a replay: tests/db/test_replay_books.py.
    # Of who is signed in nothing is recorded.
    assert {*TABLES, *BOOKS_TABLES, "challenges", "sessions"} == {
        each.name for each in Base.metadata.sorted_tables
    }


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_any_changed_value_is_reported_with_its_place(bench: Bench, name: str, column: str) -> None:
    chance = random.Random(f"{bench.engine}/{name}/{column}")
    for _ in range(2 if name in LOG_TABLES else 1):
        url = bench.copy()
        with unguarded(url) as connection:
            stored = rows(connection, name)
            row = chance.choice(stored)
            values = list(other_values(table(name).columns[column], row[column], chance))
            taken = (value for value in values if assign(connection, name, row, column, value))
            value = next(taken, None)
            if value is None and not table(name).columns[column].nullable:
                drop_constraints(connection, name)  # a check lets nothing else in
                value = next(value for value in values if assign(connection, name, row, column, value))
        changed = row | {column: value}
        report = bench.verify(url)
        named = {fault.place for fault in report.faults if fault.table == name}
        shown = "\n".join(str(fault) for fault in report.faults)
        assert {place(name, row), place(name, changed)} & named, f"{row} -> {value!r}:\n{shown}"
        removed(url)


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_any_other_storage_class_is_reported(sqlite_bench: Bench, name: str, column: str) -> None:
    chance = random.Random(f"storage/{name}/{column}")
    url = sqlite_bench.copy()
    with unguarded(url) as connection:
        row = chance.choice(rows(connection, name))
        expressions = other_storage(row[column])
        chance.shuffle(expressions)
        connection.connection.dbapi_connection.text_factory = lambda octets: octets.decode("utf-8", "replace")
        taken = [each for each in expressions if assign(connection, name, row, column, None, each)]
        is_row_id = column in table(name).primary_key and "INTEGER" in str(
            connection.execute(
                text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": name}
            ).scalar()
        )
    if taken:
        report = sqlite_bench.verify(url)
        assert [fault for fault in report.faults if fault.table == name], (row, taken)
        if column not in table(name).primary_key:
            assert place(name, row) in {fault.place for fault in report.faults if fault.table == name}
    else:
        assert is_row_id  # no other type fits in a row id
    removed(url)


@pytest.mark.parametrize("name", TABLES)
def test_any_deleted_row_is_reported_with_its_place(bench: Bench, name: str) -> None:
    chance = random.Random(f"delete/{name}")
    with unguarded(bench.copy()) as connection:
        stored = rows(connection, name)
    for row in {id(each): each for each in (stored[0], chance.choice(stored), stored[-1])}.values():
        url = bench.copy()
        with unguarded(url) as connection:
            delete(connection, name, row)
        assert_reported(bench, url, name, row)
        removed(url)


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ("head", "origin")])
def test_any_swapped_pair_is_reported_with_both_places(bench: Bench, name: str) -> None:
    chance = random.Random(f"swap/{name}")
    keys = {column.name for column in table(name).primary_key.columns}
    values = [column.name for column in table(name).columns if column.name not in keys]
    if not values:
        return  # nothing is left of a row but its key: a swapped pair is the same pair
    url = bench.copy()
    with unguarded(url) as connection:
        stored = rows(connection, name)
        pairs = [
            (one, other)
            for one in stored
            for other in stored
            if place(name, one) != place(name, other) and any(one[value] != other[value] for value in values)
        ]
        one, other = chance.choice(pairs)
        delete(connection, name, one)
        delete(connection, name, other)
        assert insert(connection, name, one | {value: other[value] for value in values})
        assert insert(connection, name, other | {value: one[value] for value in values})
    assert_reported(bench, url, name, one, other)
    removed(url)


@pytest.mark.parametrize("name", TABLES)
def test_any_repeated_row_is_reported_with_its_place(bench: Bench, name: str) -> None:
    chance = random.Random(f"repeat/{name}")
    url = bench.copy()
    with unguarded(url) as connection:
        row = chance.choice(rows(connection, name))
        drop_constraints(connection, name)
        assert insert(connection, name, row)
    assert_reported(bench, url, name, row)
    removed(url)


def beyond(name: str, stored: list[dict[str, Any]], chance: random.Random) -> dict[str, Any]:
    """A row like the last one, with a key that no row has."""
    row = dict(stored[-1])
    keys = list(table(name).primary_key.columns)
    for column in (keys[-1], *(column for column in table(name).columns if column.unique)):
        values = [other for other in stored if other[column.name] is not None]
        highest = max(values, key=lambda each: each[column.name])[column.name]
        row[column.name] = highest + 1 if isinstance(highest, int) else chance.randbytes(32).hex()[:43]
        if isinstance(highest, bytes):
            row[column.name] = chance.randbytes(32)
    for unique in ("statement_hash", "tree_size", "jti"):
        if unique in row and name not in ("pending_acts",):
            row[unique] = (
                row[unique] + 1
                if unique == "tree_size"
                else (
                    chance.randbytes(32)
                    if unique == "statement_hash"
                    else "00000000-0000-4000-8000-000000000000"
                )
            )
    return row


@pytest.mark.parametrize("name", TABLES)
def test_any_further_row_is_reported_with_its_place(bench: Bench, name: str) -> None:
    chance = random.Random(f"further/{name}")
    url = bench.copy()
    with unguarded(url) as connection:
        if name in ("head", "origin"):
            drop_constraints(connection, name)  # the key of these tables may hold nothing but 1
        row = beyond(name, rows(connection, name), chance)
        assert insert(connection, name, row)
    assert_reported(bench, url, name, row)
    removed(url)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), bit=st.integers(0, 7), name=st.sampled_from(LOG_TABLES))
def test_any_flipped_bit_of_any_log_row_is_reported(
    sqlite_bench: Bench, seed: int, bit: int, name: str
) -> None:
    chance = random.Random(seed)
    url = sqlite_bench.copy()
    with unguarded(url) as connection:
        row = chance.choice(rows(connection, name))
        blobs = [column for column, value in row.items() if isinstance(value, bytes)]
        column = chance.choice(blobs)
        octets = bytearray(row[column])
        octets[chance.randrange(len(octets))] ^= 1 << bit
        assert assign(connection, name, row, column, bytes(octets))
    assert_reported(sqlite_bench, url, name, row)
    removed(url)
