"""What goes on while an attachment is being written, on PostgreSQL: SQLite has one lock for all."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, Engine

from ledger.store import attachments_store
from ledger.store.attachments_store import StoredAttachment
from tests.api.test_attachments import TICKET, Filing, digest
from tests.support.traders import open_traders
from tests.support.web import assert_problem

pytestmark = pytest.mark.postgresql


class TestMeanwhile:
    @pytest.fixture
    def filing(self, postgres_engine: Engine, tmp_path: Path) -> Iterator[Filing]:
        with open_traders(postgres_engine, tmp_path / "site", pit=("miner",)) as traders:
            yield Filing(traders)

    @pytest.fixture
    def held(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
        """The ticket's bytes are written (1), and its upload goes on once that is set (2)."""
        written, go_on = Event(), Event()
        put = attachments_store.put

        def slowly(connection: Connection, stored: StoredAttachment, blocks: Iterable[bytes]) -> None:
            put(connection, stored, blocks)
            if stored.sha256_hex == digest(TICKET):
                written.set()
                assert go_on.wait(30)

        monkeypatch.setattr(attachments_store, "put", slowly)
        yield written, go_on
        go_on.set()

    def test_a_file_whose_statement_is_erased_while_it_is_written_is_not_kept(
        self, filing: Filing, held: tuple[Event, Event]
    ) -> None:
        written, go_on = held
        filing.name(TICKET)
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(filing.put, TICKET)
            assert written.wait(30)
            filing.erase(0)
            go_on.set()
            assert_problem(sent.result(), 410, "statement.erased")
        assert filing.rows() == {"stored_attachments": 0, "attachment_pieces": 0}

    def test_other_files_do_not_wait_and_the_same_one_is_stored_once(
        self, filing: Filing, held: tuple[Event, Event]
    ) -> None:
        written, go_on = held
        filing.name(TICKET, b"a")
        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(filing.put, TICKET)]
            assert written.wait(30)
            sent.append(pool.submit(filing.put, TICKET))
            assert filing.put(b"a").status_code == 201
            go_on.set()
            assert sorted(each.result().status_code for each in sent) == [200, 201]

    def test_room_that_went_meanwhile_is_missed(
        self, postgres_engine: Engine, tmp_path: Path, held: tuple[Event, Event]
    ) -> None:
        written, go_on = held
        room = {"max_attachments_bytes": len(TICKET)}
        with open_traders(postgres_engine, tmp_path / "site", room) as traders:
            filing = Filing(traders)
            filing.name(TICKET, b"a")
            with ThreadPoolExecutor(1) as pool:
                sent = pool.submit(filing.put, TICKET)
                assert written.wait(30)
                assert filing.put(b"a").status_code == 201
                go_on.set()
                assert_problem(sent.result(), 413, "request.too-large")
            assert filing.rows() == {"stored_attachments": 1, "attachment_pieces": 1}
