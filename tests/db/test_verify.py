"""``verify`` on whole ledgers: what it finds, where, and that one fault hides no other."""

import json
import multiprocessing
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.audit import database
from ledger.audit import report as report_module
from ledger.audit.crew import FEW_ENTRIES, default_processes
from ledger.audit.database import verify_database
from ledger.audit.report import Progress
from ledger.errors import AuditCancelled
from ledger.log.merkle import leaf_hash
from ledger.log.tiles import TILE_WIDTH
from ledger.statements.envelope import parse_statement
from ledger.store.engine import create_ledger_engine
from tests.support.databases import unguarded
from tests.support.ledgers import LedgerBuilder
from tests.support.tampering import insert
from tests.support.verifying import change, found, url_of, verify

# --- sound ledgers ---


def test_a_sound_ledger_has_no_fault(ledger: LedgerBuilder) -> None:
    ledger.record(520)
    report = verify(ledger)
    assert report.faults == []
    assert report.ok
    assert (report.size, report.start, report.end) == (521, 0, 521)
    assert report.root == ledger.head.root
    assert report.counts["entries"] == report.counts["statements"] == 521
    assert report.counts["tiles"] == 2
    assert report.counts["checkpoints"] == len(ledger.checkpoints)
    assert report.counts["signatures"] == 521 + len(ledger.checkpoints)


def test_an_empty_ledger_has_no_fault(engine: Engine) -> None:
    report = verify_database(engine, workers=1)
    assert report.faults == []
    assert report.size == 0


def test_an_empty_log_with_leftovers_has_faults(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    with unguarded(url) as connection:
        row = {"entry_index": 0, "entry": b"{}", "leaf_hash": bytes(32)}
        assert insert(connection, "entries", row)
    assert found(verify_database(engine, workers=1)) == [("entry.beyond", "entries", 0)]


def test_without_keys_genesis_is_believed_and_the_report_says_so(ledger: LedgerBuilder) -> None:
    ledger.record(3)
    ledger.flush()
    report = verify_database(ledger.engine, workers=1)
    assert report.faults == []
    assert report.origin == ledger.origin
    assert any("its own genesis" in sentence for sentence in report.cannot_exclude)
    assert not any("its own genesis" in sentence for sentence in verify(ledger).cannot_exclude)


@pytest.mark.parametrize("step_us", [0, 1])
def test_entries_may_share_a_time(sqlite_ledger: LedgerBuilder, step_us: int) -> None:
    sqlite_ledger.step_us = step_us
    sqlite_ledger.record(5)
    assert verify(sqlite_ledger).faults == []


@pytest.mark.parametrize("batch", [1, 7, 256, 300])
def test_every_size_of_batch_is_sound(sqlite_ledger: LedgerBuilder, batch: int) -> None:
    sqlite_ledger.batch = batch
    sqlite_ledger.record(530)
    assert verify(sqlite_ledger).faults == []


def test_several_processes_find_what_one_finds(ledger: LedgerBuilder) -> None:
    ledger.record(5_000)
    ledger.refuse()
    ledger.publish_refusals()
    assert verify(ledger, workers=2).faults == []
    for index, column in ((3, "entry"), (2_100, "leaf_hash"), (4_999, "entry")):
        change(ledger, "entries", index, column, bytes(32))
    change(ledger, "statements", 4_000, "jti", "00000000-0000-4000-8000-000000000000")
    one, two = verify(ledger), verify(ledger, workers=2)
    assert found(one) == found(two)
    assert {place for _, _, place in found(one)} >= {3, 2_100, 4_999, 4_000}
    assert one.counts == two.counts


def test_few_entries_are_checked_by_one_process() -> None:
    assert default_processes(FEW_ENTRIES - 1) == 1
    assert default_processes(FEW_ENTRIES) >= 1


def test_progress_is_told_and_ends_at_the_end(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.record(600)
    sqlite_ledger.refuse()
    told: list[Progress] = []
    verify(sqlite_ledger, progress=told.append)
    assert told == [
        Progress("entries", 256, 601),
        Progress("entries", 512, 601),
        Progress("entries", 601, 601),
        Progress("refusals", 1, 1),
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_audit_can_be_stopped(sqlite_ledger: LedgerBuilder, workers: int) -> None:
    sqlite_ledger.record(600)
    cancel = threading.Event()
    with pytest.raises(AuditCancelled):
        verify(sqlite_ledger, workers=workers, cancel=cancel, progress=lambda _: cancel.set())


def test_a_range_is_checked_against_the_stored_tree(ledger: LedgerBuilder) -> None:
    ledger.record(1_100)
    report = verify(ledger, start=300, end=600)
    assert report.faults == []
    assert (report.start, report.end) == (256, 768)
    assert report.counts["entries"] == 512
    change(ledger, "entries", 700, "leaf_hash", bytes(32))
    assert found(verify(ledger, start=300, end=600)) == [("entry.leaf-hash", "entries", 700)]
    assert verify(ledger, start=0, end=512).faults == []
    assert verify(ledger, start=800).faults == []


def test_a_range_beyond_the_end_is_empty(sqlite_ledger: LedgerBuilder) -> None:
    report = verify(sqlite_ledger, start=5_000, end=6_000)
    assert (report.start, report.end) == (0, 1)
    assert report.faults == []


def test_the_report_as_json_is_json(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    change(ledger, "statements", 3, "kid", "x" * 43)
    members = json.loads(json.dumps(verify(ledger).as_json()))
    assert members["ok"] is False
    assert members["fault_count"] == 1
    assert members["faults"][0] == {
        "code": "statement.kid",
        "table": "statements",
        "place": 3,
        "detail": "the kid is not the one in the header",
    }
    assert members["fault_counts"] == {"statement.kid": 1}
    assert members["faults_left_out"] == 0


# --- exactly what is wrong, and no more ---


def test_a_changed_entry_is_named_with_the_link_after_it(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    entry = ledger.appended[100].entry
    change(ledger, "entries", 100, "entry", entry.replace(b'"public":false', b'"public":true'))
    assert found(verify(ledger)) == [
        ("entry.changed", "entries", 100),
        ("entry.leaf-hash", "entries", 100),
        ("entry.public", "entries", 100),
        ("entry.link", "entries", 101),
    ]


def test_a_changed_entry_with_its_leaf_hash_does_not_spoil_the_checkpoints(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    forged = ledger.appended[100].entry.replace(b"Z", b"Z", 1).replace(b".", b".", 1)
    forged = forged.replace(b'"recorded_at":"20', b'"recorded_at":"19', 1)
    change(ledger, "entries", 100, "entry", forged)

    change(ledger, "entries", 100, "leaf_hash", leaf_hash(forged))
    codes = found(verify(ledger))
    assert ("entry.changed", "entries", 100) in codes
    assert ("entry.link", "entries", 101) in codes
    assert not any(table in ("checkpoints", "head") for _, table, _ in codes)


def test_a_missing_entry_does_not_spoil_the_checkpoints(ledger: LedgerBuilder) -> None:
    ledger.record(400)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM entries WHERE entry_index = 90"))
    assert found(verify(ledger)) == [
        ("entry.missing", "entries", 90),
        ("statement.orphan", "statements", 90),
        ("statement.orphan", "statement_bytes", 90),
    ]


def test_a_damaged_act_does_not_make_its_party_look_forged(ledger: LedgerBuilder) -> None:
    trader = ledger.party("trader", "trader")
    ledger.act(ledger.admission(trader))
    enrolment = ledger.act(ledger.enrolment(trader))
    ledger.record(150, by=trader)
    change(ledger, "statement_bytes", enrolment.index, "jws", b"x.y.z")
    codes = found(verify(ledger))
    assert ("statement.mismatch", "statement_bytes", 2) in codes
    assert ("register.extra", "keys", trader.signer.kid) in codes
    assert not any(code in ("key.unknown", "statement.signature") for code, _, _ in codes)


def test_many_faults_of_one_kind_do_not_drown_another(
    sqlite_ledger: LedgerBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "KEPT_PER_KIND", 5)
    sqlite_ledger.record(40)
    sqlite_ledger.flush()
    with unguarded(url_of(sqlite_ledger)) as connection:
        connection.execute(text("UPDATE statements SET issuer = 'x' WHERE entry_index < 30"))
        connection.execute(text("UPDATE statements SET kid = 'x' WHERE entry_index = 35"))
    report = verify(sqlite_ledger)
    assert report.fault_list.counts() == {"statement.issuer": 30, "statement.kid": 1}
    assert len(report.faults) == 6
    assert report.as_json()["faults_left_out"] == 25
    assert ("statement.kid", "statements", 35) in found(report)


def test_a_wrong_leaf_hash_is_one_fault(ledger: LedgerBuilder) -> None:
    ledger.record(10)
    change(ledger, "entries", 5, "leaf_hash", bytes(32))
    assert found(verify(ledger)) == [("entry.leaf-hash", "entries", 5)]


def test_times_that_go_back_are_named_once(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.record(3)
    sqlite_ledger.now_us -= 2_500_000
    sqlite_ledger.record(3)
    assert found(verify(sqlite_ledger)) == [("entry.time", "entries", 4)]


# --- what cannot be read ---


def test_a_head_that_is_absurd_is_a_fault_and_the_log_is_checked_all_the_same(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    change(ledger, "head", 1, "tree_size", 2**62)
    report = verify(ledger)
    assert ("head.size", "head", 1) in found(report)
    assert report.counts["statements"] == 6


def test_a_head_that_is_gone_is_a_fault_and_the_log_is_checked_all_the_same(ledger: LedgerBuilder) -> None:
    ledger.record(5)
    ledger.flush()
    with unguarded(url_of(ledger)) as connection:
        connection.execute(text("DELETE FROM head"))
    report = verify(ledger)
    assert found(report) == [("head.missing", "head", 1)]
    assert report.counts["statements"] == 6


@pytest.mark.parametrize("table", ["entries", "readers", "head"])
def test_a_table_that_is_gone_is_a_fault(ledger: LedgerBuilder, table: str) -> None:
    ledger.flush()
    with ledger.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO lost"))
    assert found(verify(ledger)) == [("store.schema", table, None)]


@pytest.mark.timeout(60)
def test_processes_that_are_given_nothing_to_do_end(sqlite_ledger: LedgerBuilder) -> None:
    sqlite_ledger.flush()
    with sqlite_ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE readers RENAME TO lost"))
    assert found(verify(sqlite_ledger, workers=2)) == [("store.schema", "readers", None)]
    assert multiprocessing.active_children() == []


def test_processes_are_started_by_what_the_head_says(
    sqlite_ledger: LedgerBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def one(size: int) -> int:
        asked.append(size)
        return 1

    monkeypatch.setattr(database, "default_processes", one)
    sqlite_ledger.record(20)
    assert verify(sqlite_ledger, workers=None).faults == []
    assert asked == [21]
    with unguarded(url_of(sqlite_ledger)) as connection:
        connection.execute(text("UPDATE head SET tree_size = 'many'"))
    assert not verify(sqlite_ledger, workers=None).ok
    assert asked == [21, 0]


def test_a_column_that_is_gone_is_a_fault(ledger: LedgerBuilder) -> None:
    ledger.flush()
    with ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE sites RENAME COLUMN description TO lost"))
    assert found(verify(ledger)) == [("store.schema", "sites", None)]


def test_a_table_that_goes_meanwhile_is_a_fault(postgres_url: str) -> None:
    engine = create_ledger_engine(postgres_url)
    ledger = LedgerBuilder(engine, batch=50)
    ledger.genesis()
    ledger.record(TILE_WIDTH + 99)

    def lose(progress: Progress) -> None:
        if (progress.phase, progress.done) == ("entries", TILE_WIDTH):
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '20s'"))
                connection.execute(text("ALTER TABLE statement_bytes RENAME TO lost"))

    report = verify(ledger, progress=lose)
    engine.dispose()
    assert ("store.unreadable", "entries", TILE_WIDTH) in found(report)
    (reason,) = [fault.detail for fault in report.faults if fault.code == "store.unreadable"]
    assert f"entries {TILE_WIDTH} to {TILE_WIDTH + 99} cannot be read" in reason
    assert "statement_bytes" in reason


def test_a_damaged_file_is_a_fault(sqlite_ledger: LedgerBuilder, tmp_path: Path) -> None:
    sqlite_ledger.record(300)
    sqlite_ledger.flush()
    sqlite_ledger.engine.dispose()
    path = Path(str(sqlite_ledger.engine.url.database))
    octets = bytearray(path.read_bytes())
    for place in range(len(octets) // 2, len(octets) - 5_000, 4_096):
        octets[place : place + 64] = bytes(64)
    copy = tmp_path / "damaged.db"
    copy.write_bytes(octets)
    report = verify_database(f"sqlite:///{copy}", workers=1)
    assert report.faults
    assert {fault.code for fault in report.faults} & {
        "store.damaged",
        "store.unreadable",
        "statement.mismatch",
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_an_index_that_contradicts_its_table_is_a_fault(
    sqlite_ledger: LedgerBuilder, tmp_path: Path, workers: int
) -> None:
    sqlite_ledger.record(20)
    sqlite_ledger.flush()
    sqlite_ledger.engine.dispose()
    jti = parse_statement(sqlite_ledger.appended[7].jws).header.jti.encode()
    path = tmp_path / "copy.db"
    shutil.copyfile(str(sqlite_ledger.engine.url.database), path)
    octets = path.read_bytes()
    assert octets.count(jti) == 2  # in the table, and in the index over issuer and jti
    for at in (octets.index(jti), octets.rindex(jti)):
        changed = bytearray(octets)
        changed[at] ^= 1
        path.write_bytes(changed)
        report = verify_database(f"sqlite:///{path}", workers=workers)
        assert "store.damaged" in {fault.code for fault in report.faults}
