"""The store of attachments where thousands of statements or files are concerned at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event, func, insert, select

from api.access import Reader, find_attachment
from ledger.statements.registers import ErasureRecord, GrantRecord
from ledger.store import attachments_store, log_store
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_write
from ledger.store.models import Base
from ledger.store.registers_store import write_changes
from tests.support.rows import new_entry

MINE, AUDITOR = "https://mine.example", "https://auditor.example"
SHARED = "ab" * 32
TABLES = Base.metadata.tables


def add(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    connection.execute(insert(TABLES[table]), [dict(zip(columns, row, strict=True)) for row in rows])


def name(connection: Connection, named: Sequence[tuple[int, str]]) -> None:
    """Statements name files; the statements are there afterwards."""
    indices = sorted({index for index, _ in named})
    log_store.append_entries(connection, [new_entry(index, issuer=MINE) for index in indices], [])
    columns = ("entry_index", "sha256_hex", "position", "media_type", "size_bytes", "role")
    add(connection, "attachments", columns, [(*each, 0, "text/plain", 1, "contract") for each in named])


def store(connection: Connection, names: Sequence[str]) -> None:
    columns = ("sha256_hex", "size_bytes", "stored_at_us", "stored_by")
    add(connection, "stored_attachments", columns, [(each, 1, 0, MINE) for each in names])


def erase(connection: Connection, indices: Sequence[int]) -> None:
    write_changes(connection, [ErasureRecord(index, 99_999) for index in indices])
    attachments_store.delete_erased(connection, indices)


def stored(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(TABLES["stored_attachments"])).scalar_one()


class TestErasing:
    def test_more_files_go_at_once_than_a_question_has_parameters(self, engine: Engine) -> None:
        files = [f"{number:064x}" for number in range(70_000)]
        with engine.connect() as connection, begin_write(connection):
            name(connection, [(0, each) for each in files])
            store(connection, files)
            erase(connection, [0])
            assert stored(connection) == 0

    def test_a_file_that_all_of_them_name_is_looked_for_once(self, sqlite_url: str) -> None:
        """And stays, for one statement that names it is not erased. SQLite alone counts its steps."""
        count = 2_000
        steps: list[int] = []
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection, begin_write(connection):
            name(connection, [(index, SHARED) for index in range(count + 1)])
            store(connection, [SHARED])
            driver: Any = connection.connection.dbapi_connection
            driver.set_progress_handler(lambda: steps.append(1), 1_000)
            erase(connection, list(range(count)))
            driver.set_progress_handler(None, 0)
            assert stored(connection) == 1
        engine.dispose()
        assert len(steps) * 1_000 < 1_000 * count


class TestFinding:
    def test_who_holds_a_grant_finds_it_among_thousands_with_few_questions(self, engine: Engine) -> None:
        asked: list[str] = []
        with engine.connect() as connection, begin_write(connection):
            name(connection, [(index, SHARED) for index in range(3_000)])
            write_changes(connection, [GrantRecord(2_999, AUDITOR, {"end": 1})])
            event.listen(connection, "before_cursor_execute", lambda *each: asked.append(each[2]))
            store(connection, [SHARED])
            assert find_attachment(connection, Reader(AUDITOR, "", frozenset()), SHARED) == MINE
        assert len(asked) <= 5
