"""Migrations as they run: on databases new, old, newer and locked, and as files."""

import ast
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import SettingsInvalid, StoreBusy
from ledger.records.lots import LotRecord
from ledger.records.steps import tell_lot
from ledger.store.books_tables import BOOKS
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import begin_write
from ledger.store.schema import current, newest, require_newest, upgrade
from tests.support.books_records import some_records

ROOT = Path(__file__).resolve().parents[2]


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()  # without the file, which would set up logging
    config.set_main_option("script_location", "migrations:")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def run_alembic(*arguments: str, url: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "RELEDGER_DATABASE_URL"}
    if url is not None:
        environment["RELEDGER_DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


class TestRunning:
    def test_a_new_database_is_brought_to_the_newest_version(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        assert current(engine) is None
        with pytest.raises(SettingsInvalid, match="version none") as caught:
            require_newest(engine)
        assert "reledger migrate" in caught.value.mend
        upgrade(unmigrated_url)
        assert current(engine) == newest()
        require_newest(engine)
        engine.dispose()

    def test_a_second_run_changes_nothing(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE head SET refusal_count = 7")
        upgrade(database_url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT refusal_count FROM head")) == 7
        engine.dispose()

    def test_a_newer_database_is_refused(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(SettingsInvalid, match="version 9999"):
            require_newest(engine)
        with pytest.raises(SettingsInvalid, match="9999"):
            upgrade(database_url)
        engine.dispose()

    def test_going_back_is_refused_and_takes_nothing(self, engine: Engine) -> None:
        with engine.connect() as connection:
            with pytest.raises(CommandError, match="never taken back"):
                command.downgrade(alembic_config(connection), "base")
            connection.rollback()
            assert connection.scalar(text("SELECT count(*) FROM head")) == 1
        assert current(engine) == newest()

    def test_a_failed_run_leaves_nothing(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE refusal_publications (stray integer)")
        with pytest.raises(DBAPIError, match="already exists"):
            upgrade(unmigrated_url)
        with engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["refusal_publications"]
        engine.dispose()

    def test_payments_of_before_are_read_out_of_the_log(self, unmigrated_url: str) -> None:
        """Revision 0006 makes the table of what was summed up alone before."""

        def jws(payload: str) -> bytes:
            return b"e30." + urlsafe_b64encode(payload.encode()).rstrip(b"=") + b".c2ln"

        said = (
            '{"act":"settle-invoice","invoice":"I-1","amount":"7.50"}',
            '{"act":"list-site","site":"urn:settle-invoice"}',
            '{"act":"settle-invoice","invoice":"I-1","amount":"2"}',
        )
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0004")
        with engine.begin() as connection:
            for index, payload in enumerate(said):
                entry = f'{{"index":{index},"recorded_at":"2026-11-0{index + 1}T00:00:00.000001Z"}}'.encode()
                row = {"at": index, "entry": entry, "hash": bytes([index]) * 32, "jws": jws(payload)}
                connection.execute(text("INSERT INTO entries VALUES (:at, :entry, :hash)"), row)
                connection.execute(
                    text("INSERT INTO statements VALUES (:at, :hash, 'urn:buyer', :jti, 'k', :hash)"),
                    row | {"jti": str(index)},
                )
                connection.execute(text("INSERT INTO statement_bytes VALUES (:at, :jws)"), row)
            connection.exec_driver_sql(
                "INSERT INTO invoices VALUES ('I-1', 'special', 'urn:seller', 'urn:buyer', '[]', '20', "
                "'CNY', 0, NULL, 0, '[]', '9.50')"
            )
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            paid = connection.execute(
                text(
                    "SELECT invoice, entry_index, amount, paid_us, signer "
                    "FROM settlements ORDER BY entry_index"
                )
            ).all()
            assert connection.scalar(text("SELECT cancelled_at FROM invoices")) is None
        first_us = 1_793_491_200_000_001
        assert [tuple(row) for row in paid] == [
            ("I-1", 0, "7.50", first_us, "urn:buyer"),
            ("I-1", 2, "2", first_us + 2 * 86_400_000_000, "urn:buyer"),
        ]
        engine.dispose()

    def test_lots_of_before_are_told_as_new_ones_are(self, unmigrated_url: str) -> None:
        """Revision 0007 adds a text that follows from the rest of the row."""
        lots = [lot for lot in some_records(LotRecord, 12) if lot.lot]
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0006")
        stored = BOOKS[LotRecord]
        with engine.begin() as connection:
            rows = zip(*stored.to_columns(lots)[: len(stored.columns)], strict=True)
            values = [dict(zip(stored.columns, row, strict=True)) for row in rows]
            names = ", ".join(stored.columns)
            given = ", ".join(f":{name}" for name in stored.columns)
            connection.execute(text(f"INSERT INTO lots ({names}) VALUES ({given})"), values)
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT lot, told FROM lots")).all()
        assert {row[0]: row[1] for row in rows} == {lot.lot: tell_lot(lot) for lot in lots}
        engine.dispose()

    def test_lots_that_were_corrected_before_say_what_their_event_says(self, unmigrated_url: str) -> None:
        """Revision 0014 keeps of them what the books tell, and what they are now of the rest."""
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0013")
        lots = "lot, node, entry_index, position, producer, site, event_time_us, birth, product, stage"
        posting = "VALUES (:at, 1, 0, 'holding', 'urn:lot', '', 'a', 'a', 's', 0, :mg, '{}', '')"
        events = (
            (2, 0, "receive", "urn:buyer", "urn:hall", 20, None),
            (3, 1, "process", "urn:first", "urn:pit", 30, 5),
            (6, 1, "process", "urn:second", "urn:shaft", 60, None),
        )
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"INSERT INTO lots ({lots}, mass_mg, cells, composition, instance, custody_model, told) "
                    "VALUES ('urn:lot', 7, 6, 1, 'urn:second', 'urn:shaft', 60, 'process', 'p', 'metal', 9, "
                    "'[]', '{}', FALSE, 'segregated', '')"
                )
            )
            for version in ("'urn:lot', 3, 2, 'awaited'", "'urn:lot', 6, 3, 'process'", "'none', 6, 3, 'x'"):
                connection.execute(text(f"INSERT INTO lot_versions VALUES ({version}, 9, '[]')"))
            for index, position, movement, issuer, site, at_us, changed_at in events:
                row = {"at": index, "place": position, "kind": movement, "by": issuer, "site": site}
                connection.execute(
                    text(
                        "INSERT INTO events VALUES (:by, 'e', :at, :place, :kind, :us, :site, 'booked', "
                        ":changed, 0, '')"
                    ),
                    row | {"us": at_us, "changed": changed_at},
                )
                said = posting.replace("1, 0", f"{position}, 0")
                connection.execute(text(f"INSERT INTO postings {said}"), {"at": index, "mg": 9})
        upgrade(unmigrated_url)
        told = "changed_at, node, position, producer, site, event_time_us, product, stage, custody_model"
        with engine.connect() as connection:
            asked = f"SELECT {told}, voided_at, made_of FROM lot_versions WHERE lot = 'urn:lot' ORDER BY 1"
            rows = connection.execute(text(asked)).all()
        now = ("p", "metal", "segregated")
        assert [tuple(row) for row in rows] == [
            (3, 7, 0, "", "", 20, *now, None, None),
            (6, 7, 1, "urn:first", "urn:pit", 30, *now, 5, None),
        ]
        engine.dispose()

    def test_seals_of_before_are_uses_over_time(self, unmigrated_url: str) -> None:
        """Revision 0017 makes a use of each, which ended when its unit was opened next, if it did."""
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0016")
        seals = (
            ("S-closed", "urn:drum", 4, True),
            ("S-foreign", "urn:other", 7, True),
            ("S-lost", "urn:none", 9, False),
            ("S-opened", "urn:drum", 2, False),
            ("S-undone", "urn:box", 5, False),
        )
        events = (
            (2, 0, "pack", "urn:else", 19),
            (2, 1, "pack", "urn:drum", 20),
            (2, 2, "unpack", "urn:drum", 29),
            (4, 1, "unpack", "urn:drum", 39),
            (4, 3, "pack", "urn:drum", 40),
            (5, 0, "pack", "urn:box", 50),
        )
        members = (
            ("urn:drum", 1, 0, 10, (20, 2, 1)),  # taken out as the unit began anew
            ("urn:drum", 2, 1, 20, (35, 3, 0)),
            ("urn:drum", 2, 1, 20, (30, 2, 2)),
            ("urn:drum", 4, 3, 40, (None, None, None)),
            ("urn:box", 5, 0, 50, (50, 6, None)),
        )
        with engine.begin() as connection:
            connection.execute(
                text("INSERT INTO units VALUES ('urn:other', 'urn:p', 's', '[]', 7, 70, TRUE)"),
            )
            for seal, unit, index, is_open in seals:
                row = {"seal": seal, "unit": unit, "at": index, "open": is_open}
                connection.execute(text("INSERT INTO seals VALUES (:seal, :unit, 'urn:p', :at, :open)"), row)
            for index, position, kind, unit, at_us in events:
                connection.execute(
                    text(
                        "INSERT INTO events VALUES ('urn:p', :id, :at, :place, :kind, :us, 's', 'booked', "
                        "NULL, 0, :unit)"
                    ),
                    {"id": f"{index} {position}", "at": index, "place": position}
                    | {"kind": kind, "us": at_us, "unit": unit},
                )
            for number, (unit, index, position, since_us, until) in enumerate(members):
                connection.execute(
                    text("INSERT INTO members VALUES (:unit, :child, :at, :place, 1, :us, :u, :i, :p)"),
                    {"unit": unit, "child": f"urn:lot:{number}", "at": index, "place": position}
                    | {"us": since_us}
                    | dict(zip("uip", until, strict=True)),
                )
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM seals ORDER BY seal")).all()
        assert [tuple(row) for row in rows] == [
            ("S-closed", 4, 3, "urn:drum", "urn:p", 40, None, None, None),
            ("S-foreign", 7, 0, "urn:other", "urn:p", 70, None, None, None),
            ("S-lost", 9, 0, "urn:none", "urn:p", 0, 0, 9, None),
            ("S-opened", 2, 1, "urn:drum", "urn:p", 20, 30, 2, 2),
            ("S-undone", 5, 0, "urn:box", "urn:p", 50, 50, 5, None),
        ]
        engine.dispose()

    def test_many_seals_of_before_are_all_kept(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0016")
        with engine.begin() as connection:
            rows = [{"seal": f"S-{number}"} for number in range(2_345)]
            connection.execute(text("INSERT INTO seals VALUES (:seal, 'u', 'p', 1, TRUE)"), rows)
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM seals WHERE until_us IS NULL")) == 2_345
        engine.dispose()

    def test_two_at_once_both_succeed(self, unmigrated_url: str) -> None:
        code = f"from ledger.store.schema import upgrade; upgrade({unmigrated_url!r})"
        runs = [
            subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)
        ]
        ends = [run.communicate(timeout=120) for run in runs]
        assert [(run.returncode, end[1]) for run, end in zip(runs, ends, strict=True)] == [(0, b"")] * 2
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest()]
            assert connection.scalar(text("SELECT count(*) FROM head")) == 1
        engine.dispose()

    def test_it_waits_for_another_only_so_long(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            if is_sqlite(connection):
                begin_write(connection)
            else:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(-1509538430625614213)")
            with pytest.raises(StoreBusy):
                upgrade(unmigrated_url, lock_timeout_ms=100)
            connection.rollback()
        upgrade(unmigrated_url, lock_timeout_ms=100)
        engine.dispose()

    def test_a_sqlite_file_is_private(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            upgrade(f"sqlite:///{tmp_path / 'private.db'}")
        finally:
            os.umask(before)
        assert (tmp_path / "private.db").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("sqlite:////nowhere/at/all/ledger.db", "cannot be made"),
            ("postgresql://nobody@/none?host=/nowhere", "cannot be opened"),
        ],
    )
    def test_a_database_that_cannot_be_opened(self, url: str, said: str) -> None:
        with pytest.raises(SettingsInvalid, match=said):
            upgrade(url)


class TestFiles:
    def test_there_is_one_line_of_versions(self) -> None:
        script = ScriptDirectory.from_config(alembic_config())
        assert len(script.get_heads()) == 1
        assert [each.revision for each in script.walk_revisions()][-1] == "0001"

    def test_versions_never_import_project_code(self) -> None:
        allowed = {"base64", "collections", "datetime", "json", "re", "sqlalchemy", "alembic"}
        versions = sorted((ROOT / "migrations" / "versions").glob("*.py"))
        assert versions
        for version in versions:
            for node in ast.walk(ast.parse(version.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    assert node.level == 0, version
                    names = [node.module or ""]
                assert {name.partition(".")[0] for name in names} <= allowed, version

    def test_every_version_refuses_to_go_back(self) -> None:
        for version in (ROOT / "migrations" / "versions").glob("*.py"):
            tree = ast.parse(version.read_text())
            (downgrade,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
            assert isinstance(downgrade.body[-1], ast.Raise), version

    def test_alembic_works_from_the_checkout(self, database_url: str) -> None:
        done = run_alembic("check", url=database_url)
        assert done.returncode == 0, done.stderr
        assert "No new upgrade operations detected" in done.stdout

    def test_alembic_needs_to_be_told_the_database(self) -> None:
        done = run_alembic("current", url=None)
        assert done.returncode != 0
        assert "RELEDGER_DATABASE_URL" in done.stderr + done.stdout

    def test_there_is_no_sql_script_of_the_migrations(self) -> None:
        done = run_alembic("upgrade", "head", "--sql", url=None)
        assert done.returncode != 0
        assert "no SQL script" in done.stderr + done.stdout

    def test_migrations_are_found_from_any_folder(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
        code = f"from ledger.store.schema import upgrade; upgrade({url!r})"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
        engine = create_ledger_engine(url)
        assert current(engine) == newest()
        engine.dispose()
