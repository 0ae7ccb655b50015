"""The books' tables on both engines: every kind of record there and back, by key and by group."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import IntegrityError

from ledger.errors import LogInconsistent
from ledger.records import lots, oversight
from ledger.records.books import Books, Record, key_of
from ledger.records.lots import EdgeRecord, HoldingRecord, LotRecord, PostingRecord
from ledger.records.oversight import ControlListRecord, DueRecord, TallyRecord
from ledger.records.steps import tell_lot
from ledger.store import books_source
from ledger.store.asking import ask_driver
from ledger.store.books_source import StoreSource, write_records
from ledger.store.books_tables import BOOKS, BOOKS_TABLES, GROWING, TABLE_NAMES, _make
from tests.support.books_records import some_records
from tests.support.databases import engine_asked_for

KINDS = pytest.mark.parametrize("kind", BOOKS, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on a migrated, empty database that stays empty."""
    with engine_asked_for(request, tmp_path_factory.mktemp("books")) as engine:
        yield engine


@pytest.fixture
def connection(empty: Engine) -> Iterator[Connection]:
    """In a transaction that is rolled back at the end: nothing here is about commits or other connections."""
    with empty.connect() as connection:
        begun = connection.begin()
        yield connection
        begun.rollback()


def holding(lot: str = "lot", site: str = "site", mass_mg: int = 5) -> HoldingRecord:
    return HoldingRecord(lot, "owner", "custodian", site, mass_mg, 0, 1, 2)


def posting(line: int = 0, lot: str = "lot") -> PostingRecord:
    return PostingRecord(1, 0, line, "holding", lot, "", "o", "c", "s", 9, -3, {"Nd": "1/3"})


def stored(connection: Connection, kind: type[Record]) -> list[Any]:
    rows = connection.execute(BOOKS[kind].table.select()).all()
    return sorted((BOOKS[kind].to_record(row) for row in rows), key=key_of)


class TestKinds:
    def test_every_kind_of_record_has_a_table(self) -> None:
        kinds = {
            each
            for module in (lots, oversight)
            for each in vars(module).values()
            if isinstance(each, type) and hasattr(each, "KEY") and each.__module__ == module.__name__
        }
        assert kinds == set(BOOKS)
        assert len(set(BOOKS_TABLES)) == len(TABLE_NAMES)

    @KINDS
    def test_the_columns_are_the_fields(self, kind: type[Record]) -> None:
        described: Any = kind
        assert BOOKS[kind].columns == tuple(each.name for each in fields(described))

    def test_an_annotation_that_no_column_holds_is_refused(self) -> None:
        @dataclass(frozen=True)
        class Odd:
            KEY: ClassVar = ("name",)
            GROUPS: ClassVar[dict[str, tuple[str, ...]]] = {}
            name: float

        with pytest.raises(TypeError, match="no column holds"):
            _make(Odd, "odd")


class TestThereAndBack:
    @KINDS
    def test_records_come_back_as_they_were(self, connection: Connection, kind: type[Record]) -> None:
        records = some_records(kind, 40)
        write_records(connection, records)
        found = list(StoreSource(connection).load(kind, [key_of(record) for record in records]))
        assert sorted(found, key=key_of) == sorted(records, key=key_of)
        for record in found:
            again = next(each for each in records if key_of(each) == key_of(record))
            for each in fields(record):
                assert type(getattr(record, each.name)) is type(getattr(again, each.name)), each.name

    @KINDS
    def test_each_group_gives_its_records_alone(self, connection: Connection, kind: type[Record]) -> None:
        records = some_records(kind, 30)
        write_records(connection, records)
        source = StoreSource(connection)
        for group, names in kind.GROUPS.items():
            by_value: dict[Any, list[Any]] = {}
            for record in records:
                by_value.setdefault(tuple(getattr(record, name) for name in names), []).append(record)
            for values in ([next(iter(by_value))], list(by_value)[: len(by_value) // 2 + 1]):
                found = list(source.load_groups(kind, group, values))
                expected = [record for value in values for record in by_value[value]]
                assert sorted(found, key=key_of) == sorted(expected, key=key_of), group

    @KINDS
    def test_a_name_that_is_not_there_gives_nothing(self, connection: Connection, kind: type[Record]) -> None:
        there, absent = some_records(kind, 2)
        write_records(connection, [there])
        assert list(StoreSource(connection).load(kind, [key_of(absent)])) == []
        assert list(StoreSource(connection).load(kind, [])) == []

    @KINDS
    def test_only_kinds_that_change_are_replaced(self, connection: Connection, kind: type[Record]) -> None:
        (first,) = some_records(kind, 1, seed=1)
        (second,) = some_records(kind, 1, seed=2)
        second = replace(second, **{name: getattr(first, name) for name in kind.KEY})
        write_records(connection, [first])
        if kind in GROWING:
            with pytest.raises(IntegrityError), connection.begin_nested():
                write_records(connection, [second])
            assert stored(connection, kind) == [first]
        else:
            write_records(connection, [second])
            assert stored(connection, kind) == [second]

    def test_more_than_one_query_holds(self, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(books_source, "_CHUNK", 7)
        records = some_records(HoldingRecord, 30)
        write_records(connection, records)
        keys = [key_of(record) for record in records]
        assert {key_of(each) for each in StoreSource(connection).load(HoldingRecord, keys)} == set(keys)
        custodians = sorted({(record.custodian,) for record in records})
        found = list(StoreSource(connection).load_groups(HoldingRecord, "custodian", custodians))
        assert len(found) == 30

    def test_what_is_not_looked_at_yet_is_asked_for_together(
        self, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        ask = books_source.ask_driver

        def counted(connection: Connection, questions: Any) -> Any:
            asked.append(len(questions))
            return ask(connection, questions)

        monkeypatch.setattr(books_source, "ask_driver", counted)
        monkeypatch.setattr(books_source, "_CHUNK", 7)
        holdings, lists = some_records(HoldingRecord, 20), some_records(ControlListRecord, 3)
        write_records(connection, [*holdings, *lists])
        source = StoreSource(connection)
        first = source.load(HoldingRecord, [key_of(record) for record in holdings])
        second = source.load(ControlListRecord, [key_of(record) for record in lists])
        third = source.load(HoldingRecord, [])
        assert asked == []
        assert {key_of(each) for each in second} == {key_of(each) for each in lists}
        assert asked == [2]  # of the first no more than what is read at once
        assert {key_of(each) for each in first} == {key_of(each) for each in holdings}
        assert asked == [2, 1, 1]
        assert list(third) == []
        assert asked == [2, 1, 1]

    def test_a_whole_table_is_a_group(self, connection: Connection) -> None:
        records = some_records(ControlListRecord, 5)
        write_records(connection, records)
        found = StoreSource(connection).load_groups(ControlListRecord, "all", [()])
        assert sorted(found, key=key_of) == sorted(records, key=key_of)

    def test_figures_of_any_size_come_back(self, connection: Connection) -> None:
        record = TallyRecord("t", "s", "2026", {"squares": 2**200, "less": -(2**70)})
        write_records(connection, [record])
        assert stored(connection, TallyRecord) == [record]

    def test_a_name_never_becomes_part_of_the_query(self, connection: Connection) -> None:
        lot = "'; DROP TABLE holdings; -- %s ? \" {0}"
        write_records(connection, [holding(lot)])
        assert list(StoreSource(connection).load_groups(HoldingRecord, "lot", [(lot,)])) == [holding(lot)]


class TestDamage:
    @pytest.mark.parametrize("said", ["", "{", "[1]", '[[],[["Nd",0,9,1]]]', '[[],[["Nd",0,0,1]]]', "7"])
    def test_cells_that_no_fold_wrote(self, connection: Connection, said: str) -> None:
        (lot,) = some_records(LotRecord, 1)
        write_records(connection, [lot])
        connection.execute(text("UPDATE lots SET cells = :said"), {"said": said})
        with pytest.raises(LogInconsistent):
            list(StoreSource(connection).load(LotRecord, [key_of(lot)]))

    def test_json_that_no_fold_wrote(self, connection: Connection) -> None:
        write_records(connection, [TallyRecord("t", "s", "", {"a": 1})])
        connection.execute(text("UPDATE tallies SET sums = '{'"))
        with pytest.raises(LogInconsistent):
            list(StoreSource(connection).load(TallyRecord, [("t", "s", "")]))


class TestBooks:
    """The books over the tables: what is changed stands before what is stored."""

    def test_what_is_put_stands_before_what_is_stored(self, connection: Connection) -> None:
        write_records(connection, [holding("a"), holding("b")])
        books = Books(StoreSource(connection))
        books.put(holding("b", mass_mg=9))
        books.put(holding("b", "other"))
        assert books.get(HoldingRecord, "a", "owner", "custodian", "site") == holding("a")
        assert books.group(HoldingRecord, "lot", "b") == [holding("b", "other"), holding("b", mass_mg=9)]

    def test_what_is_taken_back_is_not_written(self, connection: Connection) -> None:
        write_records(connection, [holding("a")])
        books = Books(StoreSource(connection))
        books.begin()
        books.put(holding("a", mass_mg=0))
        books.put(posting())
        books.rollback()
        write_records(connection, books.take_changes())
        assert stored(connection, HoldingRecord) == [holding("a")]
        assert stored(connection, PostingRecord) == []

    def test_changes_are_written_once(self, connection: Connection) -> None:
        books = Books(StoreSource(connection))
        for mass_mg in (1, 2, 3):
            books.begin()
            books.put(holding(mass_mg=mass_mg))
            books.put(posting(mass_mg))
            books.commit()
        write_records(connection, books.take_changes())
        assert books.take_changes() == []
        assert stored(connection, HoldingRecord) == [holding(mass_mg=3)]
        assert [each.line for each in stored(connection, PostingRecord)] == [1, 2, 3]

    def test_many_keys_cost_one_query(self, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[Any] = []

        def counted(connection: Connection, questions: Any) -> Any:
            asked.extend(questions)
            return ask_driver(connection, questions)

        write_records(connection, [holding(f"lot {at}") for at in range(500)])
        monkeypatch.setattr(books_source, "ask_driver", counted)
        books = Books(StoreSource(connection))
        books.prefetch_groups(HoldingRecord, "lot", [(f"lot {at}",) for at in range(600)])
        assert len(asked) == 1
        for at in range(600):
            assert len(books.group(HoldingRecord, "lot", f"lot {at}")) == (at < 500)
        assert len(asked) == 1

    def test_every_value_of_a_group_is_found_among_random_puts(self, connection: Connection) -> None:
        chance = random.Random(4)
        books, model = Books(StoreSource(connection)), {}
        for _ in range(300):
            due = DueRecord(
                "shipment.unsent", f"s{chance.randrange(40)}", "p", "s", 1, 1, chance.randrange(-1, 4)
            )
            books.begin()
            books.put(due)
            if chance.random() < 0.3:
                books.rollback()
            else:
                books.commit()
                model[key_of(due)] = due
            if chance.random() < 0.1:
                write_records(connection, books.take_changes())
                if chance.random() < 0.5:
                    books = Books(StoreSource(connection))
            bucket = chance.randrange(-1, 4)
            expected = sorted((each for each in model.values() if each.bucket == bucket), key=key_of)
            assert books.group(DueRecord, "bucket", bucket) == expected

    def test_an_edge_that_is_found_again_keeps_its_newest_entry(self, connection: Connection) -> None:
        write_records(connection, [EdgeRecord(2, 1, 5)])
        write_records(connection, [EdgeRecord(2, 1, 6), EdgeRecord(2, 0, 6)])
        assert stored(connection, EdgeRecord) == [EdgeRecord(2, 0, 6), EdgeRecord(2, 1, 6)]

    def test_what_is_told_of_a_lot_is_written_anew_with_the_lot(self, connection: Connection) -> None:
        lot = some_records(LotRecord, 1)[0]
        tainted = replace(lot, tainted_by=7)
        for each in (replace(lot, tainted_by=None), tainted):
            write_records(connection, [each])
            assert connection.scalars(select(BOOKS[LotRecord].table.c.told)).all() == [tell_lot(each)]
        assert stored(connection, LotRecord) == [tainted]
