"""``verify --replay``: every entry and refusal decided again, and every table of the books compared."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit import refold as refold_module
from ledger.audit.comparing import compare_table, tell_differences
from ledger.audit.database import verify_database
from ledger.audit.report import AuditReport, FaultList, Progress
from ledger.controls import deciding
from ledger.controls.recording import Recorded
from ledger.errors import AuditCancelled, StatementRefused
from ledger.findings import Finding
from ledger.movements import writing
from ledger.movements.movement import Movement
from ledger.registration.outcomes import Registered
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from ledger.store.books_source import write_records
from ledger.store.books_tables import BOOKS, BOOKS_TABLES
from ledger.store.engine import create_ledger_engine
from ledger.store.models import Base
from tests.support.books_records import some_records
from tests.support.cast import Actor
from tests.support.ledgers import LedgerBuilder
from tests.support.movements import MINE, PIT, PLANT, WORKS, born, draw, feed, pack, process, unpack
from tests.support.movements_written import as_event, payload_of
from tests.support.originals import copies
from tests.support.rich import build_rich_ledger
from tests.support.trade import Trade


@pytest.fixture
def trade() -> Trade:
    return Trade(policy={"rule_set": 1, "retention_days": 0})


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def tell(trade: Trade, registrar: Registrar) -> None:
    """A story in which most tables get rows: three lots, a batch, a pool, a drum, refusals between."""
    for name in ("a", "b", "c"):
        trade.story(registrar, name)
        with pytest.raises(StatementRefused):
            trade.moved(registrar, trade.ship(name, 900, hours=1))
    lot = f"{PLANT}lots/oxide"
    made = born(lot, 200, treo="0.9")
    trade.moved(
        registrar,
        process({f"{MINE}lots/a": 400}, [made], at_us=trade.ago(1.5), process="blending"),
        by=trade.plant,
    )
    fed = feed({f"{MINE}lots/b": 300}, at_us=trade.ago(1.4), process="separation")
    trade.moved(registrar, fed, by=trade.plant)
    drawn = draw([born(f"{PLANT}lots/d", 100, treo="0.9")], at_us=trade.ago(1.3), process="separation")
    trade.moved(registrar, drawn, by=trade.plant)
    packed = pack(f"{PLANT}units/1", {lot: 50}, at_us=trade.ago(1.2), site=drawn.site)
    trade.moved(registrar, packed, by=trade.plant)
    opened = unpack(packed.parent, at_us=trade.ago(1), site=drawn.site)
    again = pack(f"{PLANT}units/2", {lot: 50}, at_us=trade.ago(0.9), site=drawn.site)
    for said in (opened, again):
        trade.moved(registrar, said, by=trade.plant)
    registrar.register(undone(trade, opened, trade.plant))
    trade.moved(registrar, trade.extract("late", hours=24 * 75))


@dataclass(frozen=True)
class Told:
    """A short story that is told once: what was registered, and copies of the ledger."""

    registered: list[Registered]
    copied: Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    trade = Trade(policy={"rule_set": 1, "retention_days": 0})
    registered: list[Registered] = []

    def fill(engine: Engine) -> None:
        registrar = trade.opened(engine, folder / "mark")
        registered.extend(trade.story(registrar))
        registrar.close()

    with copies(request, request.param, folder, fill) as copied:
        yield Told(registered, copied)


@pytest.fixture
def copy(told: Told) -> Iterator[Engine]:
    """A copy of the short story's ledger, to be changed."""
    with told.copied() as url:
        engine = create_ledger_engine(url)
        yield engine
        engine.dispose()


def replayed(engine: Engine, **options: Any) -> AuditReport:
    return verify_database(engine, workers=1, replay=True, **options)


def found(report: AuditReport) -> list[tuple[str, str, Any]]:
    return [(fault.code, fault.table, fault.place) for fault in report.faults]


def undone(trade: Trade, said: Movement, by: Actor | None = None) -> bytes:
    """A firm's declaration that its event did not occur: the mine's, unless told otherwise."""
    declared = writing.undo(as_event(said), declared_at_us=trade.now_us)
    payload = writing.dump_document(writing.document([declared], trade.now_us))
    return trade.sign(payload, by or trade.mine, cty=EPCIS)


class TestClean:
    def test_a_right_ledger_has_no_fault(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        tell(trade, registrar)
        seen: list[Progress] = []
        report = replayed(engine, progress=seen.append)
        assert report.faults == []
        assert "refusals decided again" in " ".join(report.checked)
        assert "the books" in " ".join(report.checked)
        assert report.counts["decided_again"] > 15
        assert {each.phase for each in seen} >= {"books", "books' tables"}

    def test_without_replay_the_books_are_not_looked_at(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        trade.story(registrar)
        with engine.begin() as connection:
            connection.execute(text("UPDATE holdings SET mass_mg = mass_mg + 1"))
        report = verify_database(engine, workers=1)
        assert report.faults == []
        assert "the books" not in " ".join(report.checked)

    def test_it_goes_in_small_steps_all_the_same(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tell(trade, registrar)
        monkeypatch.setattr(refold_module, "CHUNK_ENTRIES", 1)
        monkeypatch.setattr(refold_module, "BOOKS_IN_MEMORY", 0)
        monkeypatch.setattr(refold_module, "_REFUSALS", 1)
        assert replayed(engine).faults == []

    def test_it_can_be_stopped(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        trade.story(registrar)
        stop = threading.Event()

        def stop_at_the_books(progress: Progress) -> None:
            if progress.phase == "entries":
                stop.set()

        with pytest.raises(AuditCancelled):
            replayed(engine, progress=stop_at_the_books, cancel=stop)

    def test_an_empty_ledger(self, engine: Engine) -> None:
        assert replayed(engine).faults == []


class TestTampering:
    def test_any_row_of_any_table_is_missed(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        tell(trade, registrar)
        registrar.close()
        with engine.connect() as connection:
            filled = [
                name for name in BOOKS_TABLES if connection.scalar(text(f"SELECT count(*) FROM {name}"))
            ]
        assert {"lots", "holdings", "postings", "edges", "pools", "alerts", "tallies", "dues"} <= set(filled)
        with engine.begin() as connection:
            for name in filled:
                connection.execute(text(f"DELETE FROM {name}"))
        report = replayed(engine)
        assert {fault.table for fault in report.faults} == set(filled)
        assert {fault.code for fault in report.faults} == {"books.missing"}
        assert all(fault.place is not None for fault in report.faults)

    def test_a_row_too_many_in_every_table(self, copy: Engine) -> None:
        extra = [some_records(kind, 1)[0] for kind in BOOKS]
        with copy.begin() as connection:
            write_records(connection, extra)
        report = replayed(copy)
        assert {fault.code for fault in report.faults} == {"books.extra"}
        assert sorted(fault.table for fault in report.faults) == sorted(BOOKS_TABLES)

    @pytest.mark.parametrize(
        ("table", "column", "value"),
        [
            ("holdings", "mass_mg", "mass_mg + 1"),
            ("holdings", "site", "'elsewhere'"),
            ("lots", "cells", "'[[],[]]'"),
            ("lots", "composition", "'{}'"),
            ("lots", "tainted_by", "3"),
            ("lots", "told", "replace(told, '\"mass_mg\":', '\"mass_mg\":1')"),
            ("postings", "mass_mg", "-mass_mg"),
            ("postings", "contained", '\'{"Nd":"1"}\''),
            ("events", "state", "'corrected'"),
            ("shipments", "state", "'voided'"),
            ("shipment_lines", "left_mg", "left_mg + 1"),
            ("dues", "bucket", "-1"),
            ("tallies", "sums", "'{}'"),
        ],
    )
    def test_a_changed_value_is_reported_with_its_place(
        self, copy: Engine, table: str, column: str, value: str
    ) -> None:
        with copy.begin() as connection:
            changed = connection.execute(text(f"UPDATE {table} SET {column} = {value}".replace(":", "\\:")))
        report = replayed(copy)
        assert {fault.table for fault in report.faults} == {table}
        assert 1 <= len(report.faults) <= 2 * changed.rowcount
        if column != "site":
            assert {fault.code for fault in report.faults} == {"books.differs"}
            assert all(column in fault.detail for fault in report.faults)

    def test_a_reader_too_many_and_one_missing(self, told: Told, copy: Engine) -> None:
        mined, sent, _ = told.registered
        with copy.begin() as connection:
            connection.execute(text("DELETE FROM readers WHERE entry_index = :index"), {"index": sent.index})
            connection.execute(text("INSERT INTO readers VALUES (:index, 'spy')"), {"index": mined.index})
        assert found(replayed(copy)) == [
            ("books.extra", "readers", f"{mined.index}/spy"),
            ("books.missing", "readers", f"{sent.index}/{PLANT}"),
        ]

    def test_a_table_that_is_gone(self, copy: Engine) -> None:
        with copy.begin() as connection:
            connection.execute(text("DROP TABLE holdings"))
        report = replayed(copy)
        assert ("store.schema", "holdings", None) in found(report)


class TestRefusedCorrections:
    """What stands corrected is among the postings, which the fold reads back from where it wrote them."""

    @pytest.mark.parametrize("chunk", [1, 2, 3, 5, 512])
    @pytest.mark.parametrize("more", [0, 1, 2])
    def test_one_that_is_rightly_refused_is_no_fault(
        self,
        trade: Trade,
        registrar: Registrar,
        engine: Engine,
        monkeypatch: pytest.MonkeyPatch,
        chunk: int,
        more: int,
    ) -> None:
        monkeypatch.setattr(refold_module, "CHUNK_ENTRIES", chunk)
        mined = trade.extract("a")
        trade.moved(registrar, mined)
        trade.moved(registrar, trade.ship("a", 600))
        with pytest.raises(StatementRefused, match="would hold"):
            registrar.register(undone(trade, mined))
        for number in range(more):
            trade.moved(registrar, trade.extract(f"after{number}"))
        assert replayed(engine).faults == []

    @pytest.mark.parametrize("chunk", [1, 4, 512])
    def test_one_that_nothing_speaks_against_is_named(
        self, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
    ) -> None:
        monkeypatch.setattr(refold_module, "CHUNK_ENTRIES", chunk)
        trade = Trade(policy={"rule_set": 1, "retention_days": 0})
        registrar = trade.opened(engine, tmp_path / "mark")
        mined = trade.extract("a")
        trade.moved(registrar, mined)
        with monkeypatch.context() as scope:
            wrong = Recorded((Finding("test.refused", "it is refused", "", "Nothing mends it."),))
            scope.setattr(deciding, "record_movements", lambda *_: wrong)
            with pytest.raises(StatementRefused):
                registrar.register(undone(trade, mined))
        registrar.close()
        assert found(replayed(engine)) == [("replay.refused-accepted", "refusals", 0)]


class TestDecisions:
    def test_an_acceptance_that_was_wrong(self, engine: Engine) -> None:
        """A dishonest ledger appends a movement that its rules refuse."""
        ledger = LedgerBuilder(engine)
        ledger.genesis()
        trade = Trade()
        sent = trade.ship("never-mined", 5)
        payload = ledger.sign(payload_of([sent]), ledger.mine)
        bad = ledger.append_unjudged(payload, ledger.mine.party)
        ledger.flush()
        assert ("replay.accepted-refused", "statement_bytes", bad.index) in found(replayed(engine))
        assert verify_database(engine, workers=1).faults == []

    def test_a_refusal_that_was_wrong(self, engine: Engine) -> None:
        """A dishonest ledger refuses a plain record that nothing speaks against."""
        ledger = LedgerBuilder(engine)
        ledger.genesis()
        ledger.record(3)
        ledger.refuse("test.refused")
        ledger.flush()
        report = replayed(engine)
        assert ("replay.refused-accepted", "refusals", 0) in found(report)
        assert verify_database(engine, workers=1).faults == []

    def test_every_wrong_refusal_of_a_rich_ledger_is_named(self, engine: Engine) -> None:
        build_rich_ledger(engine)
        codes = [(fault.code, fault.place) for fault in replayed(engine).faults if fault.table == "refusals"]
        assert codes == [("replay.refused-accepted", number) for number in range(len(codes))]
        assert len(codes) == 6

    def test_an_altered_policy_decides_otherwise(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        """What was flagged and what was refused depends on the policy in force at the index."""
        trade.moved(registrar, trade.extract("late", hours=24 * 75))
        rules = {"report.late": {"action": "reject"}}
        registrar.register(
            trade.act({"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 0, "rules": rules}})
        )
        with pytest.raises(StatementRefused):
            trade.moved(registrar, trade.extract("later", hours=24 * 75))
        assert replayed(engine).faults == []


class TestErased:
    def test_its_effects_are_taken_as_recorded(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        sent = trade.ship("a", 600)
        trade.moved(registrar, trade.extract("a"))
        jws = trade.statement(sent)
        gone = registrar.register(jws)
        act = registrar.register(trade.erasing(jws, gone.index)).index
        trade.moved(registrar, trade.receive(sent, 600), by=trade.plant)
        report = replayed(engine)
        assert report.faults == []
        said = f"entry {gone.index}: erased, effects as recorded by act {act}, not re-decidable"
        assert said in report.cannot_exclude

    @pytest.mark.parametrize("gone", range(4))
    @pytest.mark.parametrize("opened", [1, 5])
    def test_seals_are_where_they_were(
        self, trade: Trade, registrar: Registrar, engine: Engine, gone: int, opened: float
    ) -> None:
        """Whichever statement of two uses of a seal was erased, and whether they overlap or not."""
        first, second = f"{MINE}units/1", f"{MINE}units/2"
        ore = {f"{MINE}lots/a": 10}
        trade.moved(registrar, trade.extract("a"))
        for number, said in enumerate(
            (
                pack(first, ore, at_us=trade.ago(8)),
                unpack(first, at_us=trade.ago(opened), site=PIT),
                pack(second, ore, at_us=trade.ago(4)),
                unpack(second, at_us=trade.ago(2), site=PIT),
            )
        ):
            jws = trade.statement(said)
            index = registrar.register(jws).index
            if number == gone:
                registrar.register(trade.erasing(jws, index))
        report = replayed(engine)
        assert [(fault.code, fault.table, fault.detail) for fault in report.faults] == []

    @pytest.mark.parametrize("erased", ["pack", "unpack", "empty"])
    def test_a_unit_is_whose_it_was(self, engine: Engine, tmp_path: Path, erased: str) -> None:
        """What another's erased packing or unpacking did tells what is to be noticed of the next packing."""
        rules = {"name.foreign": {"action": "off"}}
        trade = Trade(policy={"rule_set": 1, "retention_days": 0, "rules": rules})
        registrar = trade.opened(engine, tmp_path / "another mark")
        trade.story(registrar)
        ore = {f"{MINE}lots/a": 10}
        drum = f"{MINE}units/1"
        trade.moved(registrar, pack(drum, ore, at_us=trade.ago(1)))
        does = pack if erased == "pack" else unpack
        said = does(drum, () if erased == "empty" else {f"{MINE}lots/a": 5}, at_us=trade.ago(0.8), site=WORKS)
        jws = trade.statement(said, by=trade.plant)
        gone = registrar.register(jws).index
        registrar.register(trade.erasing(jws, gone, trade.plant))
        by, site = (trade.plant, WORKS) if erased == "empty" else (trade.mine, PIT)
        trade.moved(registrar, pack(drum, ore, at_us=trade.ago(0.6), site=site), by=by)
        registrar.close()
        with engine.connect() as connection:
            told = connection.scalars(text("SELECT detail FROM alerts WHERE code = 'seal.reused'")).all()
        expected = [False, True] if erased == "pack" else []
        assert [detail.endswith(f"since entry {gone}") for detail in told] == expected
        assert replayed(engine).faults == []


class TestTelling:
    """How a difference is told."""

    @pytest.mark.parametrize(
        ("value", "right", "told"),
        [
            (1, 2, "it is 1, and the log gives 2"),
            (1, "1", 'it is 1, and the log gives "1"'),
            (None, "", 'it is nothing, and the log gives ""'),
            (b"\xff", b"\x00", "it is _w, and the log gives AA"),
            (1.0, 1, "it is 1.0, and the log gives 1"),
            ("a" * 60, "b", f'it is "{"a" * 60}", and the log gives "b"'),
            ("a" * 61, "b", f'it is "{"a" * 60}…", and the log gives "b"'),
            ("a" * 99 + "b", "a" * 100, f'it is "…{"a" * 59}b", and the log gives "…{"a" * 60}"'),
            ("a" * 200 + "b" * 200, "a", f'it is "{"a" * 60}…", and the log gives "a"'),
        ],
    )
    def test_one_value(self, value: Any, right: Any, told: str) -> None:
        assert tell_differences(["it"], [value], [right], "the log gives") == told

    def test_a_long_text_is_told_about_its_first_difference(self) -> None:
        value, right = "a" * 200 + "b" + "c" * 200, "a" * 200 + "d" + "c" * 200
        assert tell_differences(["it"], [value], [right], "the acts make") == (
            f'it is "…{"a" * 30}b{"c" * 29}…", and the acts make "…{"a" * 30}d{"c" * 29}…"'
        )

    def test_what_is_right_is_not_told(self) -> None:
        assert tell_differences(["a", "b"], [1, None], [True, None], "the log gives") == ""


class TestComparing:
    """The merge alone, on rows as a driver may give them."""

    TABLE = Base.metadata.tables["holdings"]

    @staticmethod
    def row(lot: Any, mass_mg: Any = 1) -> tuple[Any, ...]:
        return (lot, "o", "c", "s", mass_mg, 0, 1, 2)

    def compare(self, stored: list[Any], folded: list[Any]) -> list[tuple[str, Any]]:
        faults = FaultList()
        count = compare_table(self.TABLE, iter(stored), iter(folded), faults)
        assert count == len(folded)
        return [(fault.code, fault.place) for fault in faults.sorted()]

    def test_equal_rows(self) -> None:
        rows = [self.row("a"), self.row("é"), self.row("稀")]
        assert self.compare(rows, rows) == []

    def test_each_kind_of_difference_at_once(self) -> None:
        stored = [self.row("a"), self.row("b", 7), self.row("d"), self.row("z")]
        folded = [self.row("a"), self.row("b"), self.row("c"), self.row("d")]
        assert self.compare(stored, folded) == [
            ("books.differs", "b/o/c/s"),
            ("books.missing", "c/o/c/s"),
            ("books.extra", "z/o/c/s"),
        ]

    def test_what_is_stored_is_told_and_what_the_log_gives(self) -> None:
        faults = FaultList()
        stored = ("a", "o", "c", "s", 7, 0, None, 2)
        compare_table(self.TABLE, iter([stored]), iter([("a", "o", "c", "s", 6, 0, 1, 2)]), faults)
        [fault] = faults.sorted()
        assert fault.detail == ("mass_mg is 7, and the log gives 6; since_us is nothing, and the log gives 1")

    @pytest.mark.parametrize("value", ["1", 1.0, None, b"1"])
    def test_a_value_of_another_type(self, value: Any) -> None:
        assert self.compare([self.row("a", value)], [self.row("a")]) == [("books.differs", "a/o/c/s")]

    def test_truth_is_a_number_on_one_engine(self) -> None:
        assert self.compare([self.row("a", True)], [self.row("a", 1)]) == []

    @pytest.mark.parametrize("lot", [None, 5, b"a", "\udcff"])
    def test_a_key_of_any_kind_is_extra(self, lot: Any) -> None:
        rows = [self.row("a"), self.row("b")]
        first = lot is None or lot == 5
        stored = [self.row(lot), *rows] if first else [*rows, self.row(lot)]
        assert [code for code, _ in self.compare(stored, rows)] == ["books.extra"]

    def test_a_row_that_stands_there_twice(self) -> None:
        assert self.compare([self.row("a"), self.row("a")], [self.row("a")]) == [("books.extra", "a/o/c/s")]

    def test_all_missing_and_all_extra(self) -> None:
        rows = [self.row("a"), self.row("b")]
        assert [code for code, _ in self.compare([], rows)] == ["books.missing"] * 2
        assert [code for code, _ in self.compare(rows, [])] == ["books.extra"] * 2
