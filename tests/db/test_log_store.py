"""Appending to the log's tables, and reading from them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.errors import LogInconsistent
from ledger.statements.registers import ErasureRecord, Names
from ledger.store import log_store
from ledger.store.asking import ask
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import begin_write
from ledger.store.log_store import CheckpointRow, HeadRow, LoggedKey, PublicEntry
from ledger.store.registers_store import read_facts, write_changes
from tests.support.databases import unguarded
from tests.support.rows import fill, full_tile, new_entry, new_refusal, some_hash

EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
ISSUER = "https://mine.example"


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the log lock."""
    with engine.connect() as connection:
        begin_write(connection)
        yield connection


class TestHead:
    def test_before_genesis(self, connection: Connection) -> None:
        assert log_store.read_head(connection) == HeadRow(0, EMPTY_ROOT, -1, 0, bytes(32))

    def test_it_is_swapped_as_a_whole(self, connection: Connection) -> None:
        old = log_store.read_head(connection)
        new = HeadRow(7, some_hash("root"), 3, 9, some_hash("refusal"))
        assert log_store.swap_head(connection, old, new)
        assert log_store.read_head(connection) == new
        assert log_store.swap_head(connection, new, old)
        assert log_store.read_head(connection) == old

    @pytest.mark.parametrize("column", HeadRow._fields)
    def test_it_is_not_swapped_if_anything_differs(self, connection: Connection, column: str) -> None:
        held = log_store.read_head(connection)
        value = getattr(held, column)
        other = held._replace(**{column: some_hash("other") if isinstance(value, bytes) else value + 1})
        assert not log_store.swap_head(connection, other, HeadRow(7, some_hash("root"), 3, 9, bytes(32)))
        assert log_store.read_head(connection) == held

    def test_a_missing_head_is_noticed(self, database_url: str, engine: Engine) -> None:
        with unguarded(database_url) as owner:
            owner.execute(text("DELETE FROM head"))
        with engine.connect() as connection:
            with pytest.raises(LogInconsistent, match="head"):
                log_store.read_head(connection)
            assert not log_store.swap_head(
                connection, HeadRow(0, EMPTY_ROOT, -1, 0, bytes(32)), HeadRow(1, EMPTY_ROOT, 0, 0, bytes(32))
            )


class TestEntries:
    def test_what_is_appended_is_read_back(self, connection: Connection) -> None:
        entries = [new_entry(index) for index in range(5)]
        log_store.append_entries(connection, entries, [])
        assert log_store.read_entries(connection, 0, 5) == [each.entry for each in entries]
        assert log_store.read_entries(connection, 1, 3) == [each.entry for each in entries[1:3]]
        assert log_store.read_leaf_hashes(connection, 2, 5) == [each.leaf_hash for each in entries[2:5]]
        assert log_store.read_stored(connection, 0, 5) == [(each.entry, each.jws) for each in entries]
        for each in entries:
            assert log_store.read_jws(connection, each.entry_index) == each.jws
            row = log_store.find_statement(connection, each.statement_hash)
            assert row == log_store.read_statement(connection, each.entry_index)
            assert row == (
                each.entry_index,
                each.statement_hash,
                each.issuer,
                each.jti,
                each.kid,
                each.signing_input_hash,
            )

    def test_every_byte_of_a_statement_is_kept(self, connection: Connection) -> None:
        entries = [new_entry(0, jws=bytes(range(256)) * 4_096), new_entry(1, issuer="urn:钕铁硼:'\"\\ %s :x")]
        log_store.append_entries(connection, entries, [])
        assert log_store.read_jws(connection, 0) == entries[0].jws
        row = log_store.read_statement(connection, 1)
        assert row is not None
        assert row.issuer == entries[1].issuer

    @pytest.mark.parametrize("count", [49, 50, 51, 120])
    def test_any_number_of_rows_is_appended_and_read_back(self, connection: Connection, count: int) -> None:
        entries = [new_entry(index, jws=bytes([index, 10, 44, 0, 255]) * index) for index in range(count)]
        log_store.append_entries(connection, entries, [])
        assert log_store.read_stored(connection, 0, count) == [(each.entry, each.jws) for each in entries]
        assert log_store.read_stored(connection, 7, 9) == [(each.entry, each.jws) for each in entries[7:9]]
        for each in entries:
            row = log_store.read_statement(connection, each.entry_index)
            assert row is not None
            assert row.statement_hash == each.statement_hash

    def test_nothing_to_append_is_nothing(self, connection: Connection) -> None:
        log_store.append_entries(connection, [], [])
        log_store.append_refusals(connection, [])
        log_store.delete_erased_bytes(connection, [])
        assert log_store.read_entries(connection, 0, 10) == []

    def test_what_is_not_there_is_not_found(self, connection: Connection) -> None:
        fill(connection)
        assert log_store.read_entries(connection, 3, 9) == []
        assert len(log_store.read_entries(connection, 1, 9)) == 2
        assert log_store.read_entries(connection, 2, 2) == []
        assert log_store.read_entries(connection, 2, 1) == []
        assert log_store.read_leaf_hashes(connection, 3, 9) == []
        assert log_store.read_stored(connection, 3, 9) == []
        assert log_store.read_jws(connection, 3) is None
        assert log_store.read_statement(connection, 3) is None
        assert log_store.find_statement(connection, bytes(32)) is None

    @pytest.mark.parametrize(
        "taken", ["entry_index", "statement_hash", "jti"], ids=["index", "statement", "issuer and jti"]
    )
    def test_no_two_of_one_key(self, connection: Connection, taken: str) -> None:
        log_store.append_entries(connection, [new_entry(0)], [])
        second = replace(new_entry(1), **{taken: getattr(new_entry(0), taken)})
        with pytest.raises(IntegrityError):
            log_store.append_entries(connection, [second], [])

    def test_erased_bytes_are_gone_and_the_rest_stays(self, connection: Connection) -> None:
        fill(connection, 5, erased=2)
        assert log_store.read_jws(connection, 2) is None
        assert log_store.read_stored(connection, 1, 4)[1] == (new_entry(2).entry, None)
        assert log_store.read_statement(connection, 2) is not None

    def test_bytes_that_no_act_names_are_not_erased(self, connection: Connection) -> None:
        fill(connection, 5)
        write_changes(connection, [ErasureRecord(2, 4)])
        with pytest.raises(DBAPIError, match="append-only"):
            log_store.delete_erased_bytes(connection, [2, 3])

    def test_many_are_appended_at_once(self, connection: Connection) -> None:
        entries = [new_entry(index) for index in range(1_500)]
        log_store.append_entries(connection, entries, [full_tile(0, index) for index in range(5)])
        assert log_store.read_leaf_hashes(connection, 0, 1_500) == [each.leaf_hash for each in entries]
        names = [(each.issuer, each.jti) for each in entries]
        assert len(log_store.find_by_jti(connection, names)) == 1_500


class TestIdempotencyKeys:
    def test_only_the_taken_ones_are_found(self, connection: Connection) -> None:
        entries = [new_entry(0), new_entry(1, issuer="other"), new_entry(2)]
        log_store.append_entries(connection, entries, [])
        names = [
            (ISSUER, entries[0].jti),
            (ISSUER, entries[1].jti),  # the same jti, of another issuer
            ("other", entries[1].jti),
            ("nobody", entries[2].jti),
            (ISSUER, "free"),
            (ISSUER, entries[0].jti),
        ]
        assert log_store.find_by_jti(connection, names) == {
            (ISSUER, entries[0].jti): LoggedKey(0, entries[0].statement_hash, entries[0].signing_input_hash),
            ("other", entries[1].jti): LoggedKey(1, entries[1].statement_hash, entries[1].signing_input_hash),
        }
        assert log_store.find_by_jti(connection, []) == {}

    def test_a_name_is_data(self, connection: Connection) -> None:
        odd = "'\"\\,{}$[0]钕 %s :x NULL"
        log_store.append_entries(connection, [new_entry(0, issuer=odd)], [])
        assert set(log_store.find_by_jti(connection, [(odd, new_entry(0).jti), (odd, odd)])) == {
            (odd, new_entry(0).jti)
        }

    def test_the_index_is_used(self, connection: Connection) -> None:
        """However many names a batch has, the statements are never read through."""
        query = log_store._FIND_BY_JTI[connection.dialect.name]
        log_store.append_entries(connection, [new_entry(index) for index in range(2_000)], [])
        if is_sqlite(connection):
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}"), {"names": f'[["{ISSUER}","x"]]'})
            assert any("USING INDEX" in row[3] and "issuer=? AND jti=?" in row[3] for row in plan)
        else:
            connection.execute(text("ANALYZE statements"))
            found = connection.execute(
                text(f"EXPLAIN {query}"), {"issuers": [ISSUER], "jtis": ["x"]}
            ).scalars()
            assert any("uq_statements_issuer_jti" in line for line in found)


class TestPublic:
    def test_public_entries_are_found_in_order(self, connection: Connection) -> None:
        public = {0, 3, 4, 9}
        entries = [new_entry(index, public=index in public) for index in range(12)]
        log_store.append_entries(connection, entries, [])
        found = log_store.read_public(connection, 0, 100)
        assert found == [PublicEntry(i, entries[i].entry, entries[i].jws) for i in sorted(public)]
        assert [each.entry_index for each in log_store.read_public(connection, 1, 2)] == [3, 4]
        assert log_store.read_public(connection, 10, 5) == []
        assert log_store.read_public(connection, 0, 0) == []

    def test_a_withheld_statement_shows(self, connection: Connection) -> None:
        log_store.append_entries(connection, [new_entry(0, public=True)], [])
        write_changes(connection, [ErasureRecord(0, 1)])
        log_store.delete_erased_bytes(connection, [0])
        assert log_store.read_public(connection, 0, 1) == [
            PublicEntry(0, new_entry(0, public=True).entry, None)
        ]

    def test_the_index_is_used(self, connection: Connection) -> None:
        if is_sqlite(connection):
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT entry_index FROM entries WHERE "
                "instr(entry, x'227075626c6963223a74727565') > 0 AND entry_index >= 5 ORDER BY entry_index"
            )
            assert any("ix_entries_public" in row[3] for row in plan)
            return
        log_store.append_entries(connection, [new_entry(i, public=i % 500 == 0) for i in range(3_000)], [])
        connection.execute(text("ANALYZE entries"))
        plan = connection.exec_driver_sql(
            r"EXPLAIN SELECT entry_index FROM entries "
            r"WHERE position('\x227075626c6963223a74727565'::bytea IN entry) > 0 ORDER BY entry_index"
        )
        assert any("ix_entries_public" in row[0] for row in plan)


class TestTiles:
    def test_a_full_tile_is_the_stored_one(self, connection: Connection) -> None:
        log_store.append_entries(connection, [], [full_tile(0, 0), full_tile(0, 1), full_tile(2, 1)])
        assert log_store.read_tile_hashes(connection, 0, 1, 256) == full_tile(0, 1).hashes
        assert log_store.read_tile_hashes(connection, 2, 1, 256) == full_tile(2, 1).hashes

    @pytest.mark.parametrize(("index", "width"), [(0, 1), (0, 255), (1, 1), (1, 44)])
    def test_leaves_are_cut_from_the_entries(self, connection: Connection, index: int, width: int) -> None:
        entries = [new_entry(each) for each in range(300)]
        log_store.append_entries(connection, entries, [full_tile(0, 0)])
        expected = b"".join(e.leaf_hash for e in entries[index * 256 : index * 256 + width])
        assert log_store.read_tile_hashes(connection, 0, index, width) == expected

    def test_higher_levels_are_cut_from_the_roots_below(self, connection: Connection) -> None:
        log_store.append_entries(connection, [], [full_tile(0, index) for index in range(3)])
        assert log_store.read_tile_hashes(connection, 1, 0, 2) == full_tile(0, 0).root + full_tile(0, 1).root
        log_store.append_entries(connection, [], [full_tile(1, index) for index in (256, 257)])
        assert log_store.read_tile_hashes(connection, 2, 1, 1) == full_tile(1, 256).root

    @pytest.mark.parametrize(
        ("level", "index", "width"),
        [(0, 1, 256), (1, 0, 256), (0, 0, 4), (0, 1, 1), (1, 0, 2), (1, 1, 1), (5, 0, 1)],
    )
    def test_missing_hashes_are_noticed(
        self, connection: Connection, level: int, index: int, width: int
    ) -> None:
        log_store.append_entries(connection, [new_entry(each) for each in range(3)], [full_tile(0, 0)])
        with pytest.raises(LogInconsistent):
            log_store.read_tile_hashes(connection, level, index, width)

    def test_no_tile_twice(self, connection: Connection) -> None:
        log_store.append_entries(connection, [], [full_tile(0, 0)])
        with pytest.raises(IntegrityError):
            log_store.append_entries(connection, [], [full_tile(0, 0)])


class TestCheckpoints:
    SIZES = (1, 4, 5, 300)

    @pytest.fixture
    def checkpoints(self, connection: Connection) -> list[CheckpointRow]:
        rows = [
            CheckpointRow(number, size, some_hash(size), f"note {size}\n".encode())
            for number, size in enumerate(self.SIZES)
        ]
        for row in rows:
            log_store.append_checkpoint(connection, *row)
        return rows

    def test_an_empty_log_has_none(self, connection: Connection) -> None:
        assert ask(connection, log_store.last_checkpoint()) is None
        assert log_store.first_checkpoint_covering(connection, 0) is None
        assert log_store.checkpoint_of_size(connection, 0) is None

    def test_the_latest(self, connection: Connection, checkpoints: list[CheckpointRow]) -> None:
        assert ask(connection, log_store.last_checkpoint()) == checkpoints[-1]

    @pytest.mark.parametrize(
        ("index", "place"), [(0, 0), (1, 1), (3, 1), (4, 2), (5, 3), (299, 3), (300, None), (10**12, None)]
    )
    def test_the_first_that_covers(
        self, connection: Connection, checkpoints: list[CheckpointRow], index: int, place: int | None
    ) -> None:
        expected = None if place is None else checkpoints[place]
        assert log_store.first_checkpoint_covering(connection, index) == expected

    @pytest.mark.parametrize("size", [0, 2, 3, 299, 301])
    def test_a_size_without_one(
        self, connection: Connection, checkpoints: list[CheckpointRow], size: int
    ) -> None:
        assert log_store.checkpoint_of_size(connection, size) is None

    def test_by_size(self, connection: Connection, checkpoints: list[CheckpointRow]) -> None:
        for row in checkpoints:
            assert log_store.checkpoint_of_size(connection, row.tree_size) == row

    @pytest.mark.parametrize(("number", "size"), [(0, 500), (9, 300)])
    def test_none_twice(
        self, connection: Connection, checkpoints: list[CheckpointRow], number: int, size: int
    ) -> None:
        with pytest.raises(IntegrityError):
            log_store.append_checkpoint(connection, number, size, bytes(32), b"note")


class TestRowsThatCannotBe:
    """What the schema keeps from being, and a database whose schema was changed may hold all the same."""

    @staticmethod
    def double(connection: Connection, table: str) -> None:
        """Puts a table with each row twice before the real one."""
        rows = f"SELECT * FROM {table}"
        connection.execute(text(f"CREATE TEMPORARY TABLE {table} AS {rows} UNION ALL {rows}"))

    def test_several_heads(self, connection: Connection) -> None:
        self.double(connection, "head")
        with pytest.raises(LogInconsistent, match="2 head rows"):
            log_store.read_head(connection)

    def test_several_heads_beside_a_batch(self, connection: Connection) -> None:
        self.double(connection, "head")
        with pytest.raises(LogInconsistent, match="several rows"):
            read_facts(connection, Names())

    def test_several_checkpoints_of_one_size(self, connection: Connection) -> None:
        log_store.append_checkpoint(connection, 0, 7, some_hash(7), b"note")
        self.double(connection, "checkpoints")
        with pytest.raises(LogInconsistent, match="2 checkpoints of 7 entries"):
            log_store.checkpoint_of_size(connection, 7)


class TestRefusals:
    def test_what_is_known(self, connection: Connection) -> None:
        first, second = new_refusal(0), new_refusal(1)
        log_store.append_refusals(connection, [first, second])
        known = log_store.known_refusals(connection, [first.statement_hash, bytes(32)])
        assert known == {(first.statement_hash, first.findings_hash)}
        assert log_store.known_refusals(connection, []) == set()
        assert ask(connection, log_store.refusal_hash(1)) == second.record_hash
        assert ask(connection, log_store.refusal_hash(2)) is None
        assert ask(connection, log_store.refusal_hash(-1)) is None

    def test_many_are_asked_for(self, connection: Connection) -> None:
        rows = [new_refusal(number) for number in range(1_200)]
        log_store.append_refusals(connection, rows)
        known = log_store.known_refusals(connection, [row.statement_hash for row in rows])
        assert len(known) == 1_200

    def test_one_statement_may_be_refused_for_other_reasons(self, connection: Connection) -> None:
        first = new_refusal(0)
        second = replace(new_refusal(1), statement_hash=first.statement_hash)
        log_store.append_refusals(connection, [first, second])
        assert len(log_store.known_refusals(connection, [first.statement_hash])) == 2
        with pytest.raises(IntegrityError):
            log_store.append_refusals(connection, [replace(first, refusal_number=2)])


class TestErasedPages:
    def test_erased_bytes_are_nowhere_in_the_files(self, sqlite_url: str) -> None:
        secret = b"c2VjcmV0LXRyYWRl" * 400
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection:
            with begin_write(connection):
                log_store.append_entries(connection, [new_entry(0, jws=secret), new_entry(1)], [])
            with begin_write(connection):
                write_changes(connection, [ErasureRecord(0, 1)])
                log_store.delete_erased_bytes(connection, [0])
        log_store.truncate_wal(engine)
        path = engine.url.database or ""
        for suffix in ("", "-wal"):
            assert secret[:16] not in Path(path + suffix).read_bytes()
        engine.dispose()

    def test_without_a_wal_there_is_nothing_to_do(self, engine: Engine) -> None:
        log_store.truncate_wal(engine)
