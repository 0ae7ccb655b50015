"""What ``verify`` says of the private store of attachments, whatever was changed in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.store import attachments_store
from ledger.store.attachments_store import PIECE_BYTES
from ledger.store.engine import create_ledger_engine, is_sqlite
from tests.api.test_attachments import TICKET, Filing, digest
from tests.support.databases import unguarded
from tests.support.traders import open_traders


@pytest.fixture
def filing(engine: Engine, tmp_path: Path) -> Iterator[Filing]:
    with open_traders(engine, tmp_path / "site", pit=("miner",)) as traders:
        yield Filing(traders)


@pytest.fixture
def sqlite_filing(sqlite_url: str, tmp_path: Path) -> Iterator[Filing]:
    engine = create_ledger_engine(sqlite_url)
    with open_traders(engine, tmp_path / "site") as traders:
        yield Filing(traders)
    engine.dispose()


class TestVerifying:
    def codes(self, filing: Filing) -> list[tuple[str, object]]:
        report = verify_database(filing.traders.site.parts.engine, workers=1)
        return [(fault.code, fault.place) for fault in report.faults]

    def place(self, filing: Filing, body: bytes) -> str:
        return f"{digest(body)}/{filing.traders.party('mine')}"

    def test_a_sound_store_has_no_fault_and_is_counted(self, filing: Filing) -> None:
        filing.name(TICKET, b"", b"a")
        for body in (TICKET, b""):
            filing.put(body)
        report = verify_database(filing.traders.site.parts.engine, workers=1)
        assert (report.faults, report.counts["attachments"]) == ([], 2)
        assert "2 uploaded attachments: bytes, and who names them" in report.checked

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ("UPDATE attachment_pieces SET octets = :octets WHERE piece = 1", "bytes"),
            ("DELETE FROM attachment_pieces WHERE piece = 1", "bytes"),
            ("UPDATE attachment_pieces SET piece = 9 WHERE piece = 0", "bytes"),
            ("UPDATE attachment_pieces SET piece = 9 WHERE piece = 2", "bytes"),
            ("UPDATE attachment_pieces SET piece = -1 WHERE piece = 0", "bytes"),
            ("UPDATE stored_attachments SET size_bytes = size_bytes + 1", "bytes"),
            ("UPDATE stored_attachments SET stored_at_us = -1", "origin"),
            ("UPDATE stored_attachments SET stored_at_us = 9223372036854775807", "origin"),
        ],
    )
    def test_what_was_changed_is_found(self, filing: Filing, change: str, code: str) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        with filing.traders.site.parts.engine.begin() as connection:
            octets = {"octets": bytes(PIECE_BYTES)} if ":octets" in change else {}
            connection.execute(text(change), octets)
        assert self.codes(filing) == [(f"attachment.{code}", self.place(filing, TICKET))]

    def test_a_file_that_is_kept_for_another_than_names_it_is_found(self, filing: Filing) -> None:
        """Whoever could have a known firm's name written over it would have a file of its own."""
        filing.name(TICKET, by="pit")
        filing.name(b"a")
        filing.put(b"a")
        for party, codes in ((filing.traders.party("pit"), ["unnamed"]), ("x", ["origin", "unnamed"])):
            with unguarded(filing.traders.site.parts.engine.url.render_as_string(False)) as connection:
                for table in ("attachment_pieces", "stored_attachments"):
                    if not is_sqlite(connection):
                        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
                    connection.execute(text(f"UPDATE {table} SET stored_by = '{party}'"))
            place = f"{digest(b'a')}/{party}"
            assert self.codes(filing) == [(f"attachment.{code}", place) for code in codes]

    def test_a_piece_of_no_file_is_found(self, filing: Filing, engine: Engine) -> None:
        filing.name(b"a")
        filing.put(b"a")
        with unguarded(engine.url.render_as_string(hide_password=False)) as connection:
            if not is_sqlite(engine):
                key = "fk_attachment_pieces_sha256_hex_stored_attachments"
                connection.execute(text(f"ALTER TABLE attachment_pieces DROP CONSTRAINT {key}"))
            connection.execute(text("DELETE FROM stored_attachments"))
        assert self.codes(filing) == [("attachment.stray", f"{self.place(filing, b'a')}/0")]

    @pytest.mark.parametrize("value", ["NULL", "'text'", "1.5", "x'ff'", "CAST(x'ff' AS TEXT)"])
    @pytest.mark.parametrize(
        ("table", "column"),
        [
            ("stored_attachments", "sha256_hex"),
            ("stored_attachments", "size_bytes"),
            ("stored_attachments", "stored_at_us"),
            ("stored_attachments", "stored_by"),
            ("attachment_pieces", "sha256_hex"),
            ("attachment_pieces", "stored_by"),
            ("attachment_pieces", "piece"),
            ("attachment_pieces", "octets"),
        ],
    )
    def test_whatever_sqlite_holds_is_reported(
        self, sqlite_filing: Filing, table: str, column: str, value: str
    ) -> None:
        sqlite_filing.name(b"a")
        sqlite_filing.put(b"a")
        with unguarded(str(sqlite_filing.traders.site.parts.engine.url)) as connection:
            for script in (
                "PRAGMA writable_schema=ON",
                "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name LIKE '%attachment%'",
                "PRAGMA writable_schema=RESET",
                f"UPDATE {table} SET {column} = {value}",
            ):
                connection.exec_driver_sql(script)
        assert any(code.startswith("attachment.") for code, _ in self.codes(sqlite_filing))

    def test_what_no_statement_names_is_found(self, filing: Filing) -> None:
        filing.name(TICKET)
        filing.put(TICKET)
        stranger = attachments_store.StoredAttachment(digest(b"x"), filing.traders.party("mine"), 1, 0)
        with filing.traders.site.parts.engine.begin() as connection:
            attachments_store.put(connection, stranger, [b"x"])
        assert self.codes(filing) == [("attachment.unnamed", self.place(filing, b"x"))]
