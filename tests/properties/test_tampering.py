"""Nothing that is stored can be changed without ``verify`` saying so, with the place of the row.

Every column of every table is taken from the model, so that a new column without a check fails here. The
changes are made as a database's owner could: triggers, foreign keys and (on SQLite) checks are off.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport
from ledger.statements.jwk import PublicKey
from ledger.store.books_tables import BOOKS_TABLES
from ledger.store.engine import create_ledger_engine
from ledger.store.models import ATTACHMENT_TABLES, LOG_TABLES, SESSION_TABLES, Base
from tests.support.databases import guards_off, unguarded
from tests.support.originals import Original, original
from tests.support.rich import build_rich_ledger
from tests.support.tampering import (
    TABLES,
    Row,
    assign,
    delete,
    drop_constraints,
    insert,
    other_storage,
    other_values,
    place,
    put_back,
    rows,
    table,
)

COLUMNS = [(name, column.name) for name in TABLES for column in table(name).columns]


@dataclass
class Copy:
    """A copy of the ledger, for one table to be changed in.

    Attributes:
        url: Of its database.
        unguarded: A connection as its owner may have it.
        bare: Whether constraints are gone from it.
    """

    url: str
    unguarded: Callable[[], AbstractContextManager[Connection]]
    bare: bool = False

    def drop_constraints(self, connection: Connection, name: str) -> None:
        self.bare = True
        drop_constraints(connection, name)


class Bench:
    """A ledger that is never changed, and copies of it that are."""

    def __init__(self, engine: str, untouched: Original) -> None:
        self.engine = engine
        self._original = untouched
        with untouched.copied() as url, unguarded(url) as connection:
            self.rows: dict[str, list[Row]] = {name: rows(connection, name) for name in TABLES}

    def verify(self, url: str) -> AuditReport:
        ledger = self._original.ledger
        return verify_database(url, origin=ledger.origin, vkeys=[ledger.vkey], workers=1)

    @contextmanager
    def copy(self, _: str) -> Iterator[Copy]:
        """A copy in which the named table may be changed until the context ends."""
        with self._original.copied() as url:
            yield Copy(url, lambda: unguarded(url))


class MendedBench(Bench):
    """One copy that serves again and again: what was changed in it is put back.

    To copy a database takes PostgreSQL longer than to change some rows.
    """

    def __init__(self, engine: str, untouched: Original, stack: ExitStack) -> None:
        super().__init__(engine, untouched)
        self._stack = stack
        self._open: tuple[str, Connection] | None = None

    @contextmanager
    def copy(self, name: str) -> Iterator[Copy]:
        if self._open is None:
            url = self._stack.enter_context(self._original.copied())
            engine = create_ledger_engine(url, pool_size=1)
            self._stack.callback(engine.dispose)
            self._open = url, self._stack.enter_context(engine.connect())
        url, connection = self._open
        self._open = None

        @contextmanager
        def owned() -> Iterator[Connection]:
            with guards_off(connection):
                yield connection

        copy = Copy(url, owned)
        yield copy
        if copy.bare:
            self._stack.close()
            return
        with owned():
            put_back(connection, name, self.rows[name])
        self._open = url, connection


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
def sqlite_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("tampering")
    with original(request, "sqlite", folder, build_rich_ledger) as untouched:
        yield Bench("sqlite", untouched)


@pytest.fixture(scope="module")
def postgres_bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("tampering")
    with original(request, "postgresql", folder, build_rich_ledger) as untouched, ExitStack() as stack:
        bench = MendedBench("postgresql", untouched, stack)
        yield bench
        with bench.copy("head") as copy:
            assert bench.verify(copy.url).faults == []
            with copy.unguarded() as connection:
                assert {name: rows(connection, name) for name in TABLES} == bench.rows


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bench(request: pytest.FixtureRequest) -> Bench:
    name = "sqlite_bench" if request.param == "sqlite" else "postgres_bench"
    found: Bench = request.getfixturevalue(name)
    return found


def assert_reported(bench: Bench, copy: Copy, name: str, *touched: dict[str, Any]) -> AuditReport:
    """The audit names the table and every row that was touched."""
    report = bench.verify(copy.url)
    named = {fault.place for fault in report.faults if fault.table == name}
    shown = "\n".join(str(fault) for fault in report.faults)
    for row in touched:
        assert place(name, row) in named, f"{name} {place(name, row)} was not reported:\n{shown}"
    return report


def test_the_untouched_ledger_has_no_fault(bench: Bench) -> None:
    with bench.copy("head") as copy:
        report = bench.verify(copy.url)
    assert report.faults == []
    assert report.ok


def test_every_table_has_rows_and_every_column_a_value(bench: Bench) -> None:
    for name in TABLES:
        stored = bench.rows[name]
        assert stored, name
        for column in table(name).columns:
            assert any(row[column.name] is not None for row in stored), (name, column.name)


def test_every_table_of_the_model_is_tampered_with() -> None:
    # The books are compared by a replay: tests/db/test_replay_books.py.
    # Of who is signed in nothing is recorded. Attachments: tests/api/test_attachments_verified.py.
    assert {*TABLES, *BOOKS_TABLES, *SESSION_TABLES, *ATTACHMENT_TABLES} == {
        each.name for each in Base.metadata.sorted_tables
    }


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_any_changed_value_is_reported_with_its_place(bench: Bench, name: str, column: str) -> None:
    chance = random.Random(f"{bench.engine}/{name}/{column}")
    for _ in range(2 if name in LOG_TABLES else 1):
        with bench.copy(name) as copy:
            with copy.unguarded() as connection:
                row = chance.choice(bench.rows[name])
                values = list(other_values(table(name).columns[column], row[column], chance))
                taken = (value for value in values if assign(connection, name, row, column, value))
                value = next(taken, None)
                if value is None and not table(name).columns[column].nullable:
                    copy.drop_constraints(connection, name)  # a check lets nothing else in
                    value = next(value for value in values if assign(connection, name, row, column, value))
            changed = row | {column: value}
            report = bench.verify(copy.url)
            named = {fault.place for fault in report.faults if fault.table == name}
            shown = "\n".join(str(fault) for fault in report.faults)
            assert {place(name, row), place(name, changed)} & named, f"{row} -> {value!r}:\n{shown}"


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_any_other_storage_class_is_reported(sqlite_bench: Bench, name: str, column: str) -> None:
    chance = random.Random(f"storage/{name}/{column}")
    with sqlite_bench.copy(name) as copy:
        with copy.unguarded() as connection:
            row = chance.choice(sqlite_bench.rows[name])
            expressions = other_storage(row[column])
            chance.shuffle(expressions)
            connection.connection.dbapi_connection.text_factory = lambda octets: octets.decode(
                "utf-8", "replace"
            )
            taken = [each for each in expressions if assign(connection, name, row, column, None, each)]
            is_row_id = column in table(name).primary_key and "INTEGER" in str(
                connection.execute(
                    text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": name}
                ).scalar()
            )
        if taken:
            report = sqlite_bench.verify(copy.url)
            assert [fault for fault in report.faults if fault.table == name], (row, taken)
            if column not in table(name).primary_key:
                assert place(name, row) in {fault.place for fault in report.faults if fault.table == name}
        else:
            assert is_row_id  # no other type fits in a row id


@pytest.mark.parametrize("name", TABLES)
def test_any_deleted_row_is_reported_with_its_place(bench: Bench, name: str) -> None:
    chance = random.Random(f"delete/{name}")
    stored = bench.rows[name]
    for row in {id(each): each for each in (stored[0], chance.choice(stored), stored[-1])}.values():
        with bench.copy(name) as copy:
            with copy.unguarded() as connection:
                delete(connection, name, row)
            assert_reported(bench, copy, name, row)


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ("head", "origin")])
def test_any_swapped_pair_is_reported_with_both_places(bench: Bench, name: str) -> None:
    chance = random.Random(f"swap/{name}")
    keys = {column.name for column in table(name).primary_key.columns}
    values = [column.name for column in table(name).columns if column.name not in keys]
    if not values:
        return  # nothing is left of a row but its key: a swapped pair is the same pair
    stored = bench.rows[name]
    one, other = next(
        (one, other)
        for one in chance.sample(stored, len(stored))
        for other in chance.sample(stored, len(stored))
        if place(name, one) != place(name, other) and any(one[value] != other[value] for value in values)
    )
    with bench.copy(name) as copy:
        with copy.unguarded() as connection:
            delete(connection, name, one)
            delete(connection, name, other)
            assert insert(connection, name, one | {value: other[value] for value in values})
            assert insert(connection, name, other | {value: one[value] for value in values})
        assert_reported(bench, copy, name, one, other)


@pytest.mark.parametrize("name", TABLES)
def test_any_repeated_row_is_reported_with_its_place(bench: Bench, name: str) -> None:
    chance = random.Random(f"repeat/{name}")
    row = chance.choice(bench.rows[name])
    with bench.copy(name) as copy:
        with copy.unguarded() as connection:
            copy.drop_constraints(connection, name)
            assert insert(connection, name, row)
        assert_reported(bench, copy, name, row)


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
    row = beyond(name, bench.rows[name], chance)
    with bench.copy(name) as copy:
        with copy.unguarded() as connection:
            if name in ("head", "origin"):
                # The key of these tables may hold nothing but 1.
                copy.drop_constraints(connection, name)
            assert insert(connection, name, row)
        assert_reported(bench, copy, name, row)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), bit=st.integers(0, 7), name=st.sampled_from(LOG_TABLES))
def test_any_flipped_bit_of_any_log_row_is_reported(
    sqlite_bench: Bench, seed: int, bit: int, name: str
) -> None:
    chance = random.Random(seed)
    row = chance.choice(sqlite_bench.rows[name])
    blobs = [column for column, value in row.items() if isinstance(value, bytes)]
    column = chance.choice(blobs)
    octets = bytearray(row[column])
    octets[chance.randrange(len(octets))] ^= 1 << bit
    with sqlite_bench.copy(name) as copy:
        with copy.unguarded() as connection:
            assert assign(connection, name, row, column, bytes(octets))
        assert_reported(sqlite_bench, copy, name, row)
