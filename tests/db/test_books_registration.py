"""Movements through the one write path, on both engines: what is booked, what is refused, what is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused, StoreBusy
from ledger.movements import writing
from ledger.movements.writing import document, dump_document
from ledger.records import own_cases
from ledger.records.books import Books, Record, key_of
from ledger.records.lots import (
    EventRecord,
    HoldingRecord,
    LotRecord,
    PostingRecord,
    ShipmentRecord,
)
from ledger.records.oversight import AlertRecord, CaseRecord
from ledger.registration import kept_books
from ledger.registration.registrar import Registrar
from ledger.store import books_source
from ledger.store.books_source import StoreSource
from ledger.store.books_tables import BOOKS, BOOKS_TABLES
from ledger.store.registers_store import read_readers
from tests.support.movements import MINE, PIT, PLANT, WORKS
from tests.support.movements_written import as_event
from tests.support.trade import Trade

KG = 1_000_000
LOT = f"{MINE}lots/a"


@pytest.fixture
def trade() -> Trade:
    return Trade()


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def everything(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))))
            for name in BOOKS_TABLES
        }


def stored(engine: Engine, kind: type[Record]) -> list[Any]:
    with engine.connect() as connection:
        rows = connection.execute(BOOKS[kind].table.select()).all()
    return sorted((BOOKS[kind].to_record(row) for row in rows), key=key_of)


def get(engine: Engine, kind: type[Any], *key: Any) -> Any:
    with engine.connect() as connection:
        return Books(StoreSource(connection)).get(kind, *key)


def refused(registrar: Registrar, jws: bytes) -> list[str]:
    with pytest.raises(StatementRefused) as caught:
        registrar.register(jws)
    return [finding.code for finding in caught.value.findings]


def check(engine: Engine) -> None:
    """The whole audit, the replay included, finds nothing."""
    report = verify_database(engine, workers=1, replay=True)
    assert report.faults == []
    assert any("decided again" in each for each in report.checked)


class TestAccepted:
    def test_a_story_is_in_the_books(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        mined, sent, received = trade.story(registrar)
        lot = get(engine, LotRecord, LOT)
        assert (lot.entry_index, lot.producer, lot.mass_mg) == (mined.index, MINE, 1_000 * KG)
        assert get(engine, HoldingRecord, LOT, MINE, MINE, PIT).mass_mg == 400 * KG
        assert get(engine, HoldingRecord, LOT, PLANT, PLANT, WORKS).mass_mg == 600 * KG
        (shipment,) = stored(engine, ShipmentRecord)
        assert (shipment.entry_index, shipment.state) == (sent.index, "received")
        assert {each.entry_index for each in stored(engine, PostingRecord)} == {
            mined.index,
            sent.index,
            received.index,
        }
        check(engine)

    def test_those_it_names_may_read_it(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        mined, sent, received = trade.story(registrar)
        with engine.connect() as connection:
            readers = [read_readers(connection, each.index) for each in (mined, sent, received)]
        assert readers == [set(), {PLANT}, {MINE}]

    def test_many_lines_of_one_batch_build_on_each_other(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        lines = []
        for number in range(40):
            sent = trade.ship(f"lot-{number}", 600)
            lines += [
                trade.statement(trade.extract(f"lot-{number}")),
                trade.statement(sent),
                trade.statement(trade.receive(sent, 600), by=trade.plant),
            ]
        results = list(registrar.register_lines(enumerate(lines)))
        assert [result.error for result in results] == [None] * 120
        holdings = stored(engine, HoldingRecord)
        assert len(holdings) == 80
        assert sum(each.mass_mg for each in holdings) == 40 * 1_000 * KG
        check(engine)

    def test_a_statement_of_several_movements(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        sent = trade.ship("a", 600)
        jws = trade.statement(trade.extract("a"), sent, trade.ship("a", 400, hours=7))
        index = registrar.register(jws).index
        assert [(each.entry_index, each.position) for each in stored(engine, EventRecord)] == [
            (index, position) for position in _positions(engine)
        ]
        assert get(engine, HoldingRecord, LOT, MINE, MINE, PIT).mass_mg == 0
        check(engine)

    def test_a_repeated_statement_is_booked_once(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        jws = trade.statement(trade.extract("a"))
        assert registrar.register(jws).created
        before = everything(engine)
        assert not registrar.register(jws).created
        assert everything(engine) == before

    def test_a_correction_undoes(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        mined = trade.extract("a")
        trade.moved(registrar, mined)
        event = writing.undo(as_event(mined), declared_at_us=trade.ago(1))
        payload = dump_document(document([event], trade.ago(1)))
        registrar.register(trade.sign(payload, trade.mine))
        assert get(engine, LotRecord, LOT).voided_at is not None
        assert get(engine, HoldingRecord, LOT, MINE, MINE, PIT).mass_mg == 0
        check(engine)

    def test_a_record_leaves_the_goods_alone(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        before = everything(engine)
        registrar.register(trade.record())
        after = everything(engine)
        assert {name for name in after if after[name] != before[name]} <= {"tallies"}


def _positions(engine: Engine) -> list[int]:
    return [each.position for each in stored(engine, EventRecord)]


class TestRefused:
    def test_more_than_there_is(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        trade.moved(registrar, trade.extract("a"))
        before = everything(engine)
        assert refused(registrar, trade.statement(trade.ship("a", 1_100))) == ["balance.overdrawn"]
        assert everything(engine) == before
        check(engine)

    def test_a_mass_that_no_json_number_holds_exactly(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        trade.moved(registrar, trade.extract("a"))
        enormous = trade.statement(trade.ship("a", 20_000_000_000))
        assert refused(registrar, enormous) == ["balance.overdrawn"]
        assert trade.moved(registrar, trade.ship("a", 10)).created
        check(engine)

    def test_what_another_holds(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        trade.moved(registrar, trade.extract("a"))
        before = everything(engine)
        sent = replace(trade.ship("a", 10), site=WORKS)
        assert "custody.not-holder" in refused(registrar, trade.statement(sent, by=trade.plant))
        assert everything(engine) == before

    def test_under_anothers_name(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        before = everything(engine)
        foreign = replace(
            trade.extract("a"), outputs=(replace(trade.extract("a").outputs[0], lot=f"{PLANT}lots/1"),)
        )
        assert "name.foreign" in refused(registrar, trade.statement(foreign))
        assert everything(engine) == before

    def test_a_later_movement_takes_the_earlier_ones_of_its_statement_back(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        before = everything(engine)
        jws = trade.statement(trade.extract("a"), trade.ship("a", 1_100))
        assert refused(registrar, jws) == ["balance.overdrawn"]
        assert everything(engine) == before
        assert trade.moved(registrar, trade.extract("a")).created
        check(engine)

    def test_one_of_a_batch_disturbs_no_other(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        said = [
            trade.extract("a"),
            trade.ship("a", 1_100),
            trade.ship("a", 600),
            trade.ship("a", 600, hours=7),
            trade.ship("a", 400, hours=6),
        ]
        results = list(registrar.register_lines(enumerate(trade.statement(each) for each in said)))
        assert [result.error is None for result in results] == [True, False, True, False, True]
        assert get(engine, HoldingRecord, LOT, MINE, MINE, PIT).mass_mg == 0
        check(engine)

    def test_a_movement_without_mass_is_refused_by_its_form(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        before = everything(engine)
        payload = trade.statement(replace(trade.ship("a", 600), site=""))
        assert refused(registrar, payload)
        assert everything(engine) == before
        check(engine)

    @pytest.mark.parametrize(("length", "expected"), [(512, True), (513, False)])
    def test_the_longest_names_that_keys_hold(
        self, trade: Trade, registrar: Registrar, engine: Engine, length: int, expected: bool
    ) -> None:
        name = "x" * (length - len(f"{MINE}lots/"))
        jws = trade.statement(trade.extract(name))
        if expected:
            assert registrar.register(jws).created
            check(engine)
        else:
            assert refused(registrar, jws) == ["movement.name-long"]

    def test_a_refusal_alone_in_its_batch_keeps_nothing_of_time_passing(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM tallies"))
        assert refused(registrar, trade.statement(trade.ship("a", 1)))
        assert everything(engine)["tallies"] == []


class TestTold:
    def test_a_late_filing_is_told(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        late = trade.moved(registrar, trade.extract("a", hours=24 * 75))
        assert [finding.code for finding in late.told] == ["report.late"]
        (alert,) = stored(engine, AlertRecord)
        assert (alert.entry_index, alert.code, alert.told) == (late.index, "report.late", True)
        check(engine)

    def test_a_dry_run_tells_the_same_and_books_nothing(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        before = everything(engine)
        jws = trade.statement(trade.extract("a", hours=24 * 75))
        report = registrar.check(jws)
        assert (report.would_be, [finding.code for finding in report.findings]) == (
            "created",
            ["report.late"],
        )
        assert everything(engine) == before
        assert registrar.register(jws).index == report.index

    def test_a_dry_run_refuses_what_would_be_refused(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        trade.moved(registrar, trade.extract("a"))
        report = registrar.check(trade.statement(trade.ship("a", 1_100)))
        assert (report.would_be, [finding.code for finding in report.findings]) == (
            "refused",
            ["balance.overdrawn"],
        )
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM refusals")) == 0

    def test_a_revoked_key_leaves_an_alert(self, trade: Trade, registrar: Registrar, engine: Engine) -> None:
        first = trade.moved(registrar, trade.extract("a"))
        act = {
            "act": "revoke-key",
            "kid": trade.mine.signer.kid,
            "reason": "compromised",
            "suspect_from": first.index,
        }
        index = registrar.register(trade.act(act)).index
        (alert,) = stored(engine, AlertRecord)
        assert (alert.entry_index, alert.code, alert.party) == (index, "key.suspect", MINE)
        assert alert.evidence["suspect_from"] == first.index
        assert stored(engine, CaseRecord) == []
        check(engine)

    def test_where_its_rule_calls_for_a_case_one_opens(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(own_cases, "OPENING", ("key.suspect",))
        first = trade.moved(registrar, trade.extract("a"))
        act = {"act": "revoke-key", "kid": trade.mine.signer.kid, "reason": "compromised"}
        registrar.register(trade.act({**act, "suspect_from": first.index}))
        (case,) = stored(engine, CaseRecord)
        assert [alert.case for alert in stored(engine, AlertRecord)] == [case.case]

    def test_a_key_that_is_only_retired_leaves_none(
        self, trade: Trade, registrar: Registrar, engine: Engine
    ) -> None:
        registrar.register(
            trade.act({"act": "revoke-key", "kid": trade.mine.signer.kid, "reason": "retired"})
        )
        assert stored(engine, AlertRecord) == []


class TestKeptBooks:
    def test_a_new_process_goes_on_from_the_tables(
        self, trade: Trade, registrar: Registrar, engine: Engine, tmp_path: Path
    ) -> None:
        sent = trade.ship("a", 600)
        trade.moved(registrar, trade.extract("a"))
        trade.moved(registrar, sent)
        registrar.close()
        again = trade.registrar(engine, tmp_path / "mark")
        trade.moved(again, trade.receive(sent, 600), by=trade.plant)
        assert refused(again, trade.statement(trade.ship("a", 500))) == ["balance.overdrawn"]
        again.close()

    def test_two_processes_take_turns(
        self, trade: Trade, registrar: Registrar, engine: Engine, tmp_path: Path
    ) -> None:
        other = trade.registrar(engine, tmp_path / "mark")
        trade.moved(registrar, trade.extract("a"))
        for turn in range(5):
            for each in (registrar, other):
                trade.moved(each, trade.ship("a", 100, hours=8 - turn / 10))
        for each in (registrar, other):
            assert refused(each, trade.statement(trade.ship("a", 1))) == ["custody.not-holder"]
        assert get(engine, HoldingRecord, LOT, MINE, MINE, PIT).mass_mg == 0
        other.close()
        check(engine)

    def test_one_process_reads_what_it_knows_once(
        self, trade: Trade, registrar: Registrar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trade.moved(registrar, trade.extract("a"))
        asked: list[str] = []
        read = StoreSource._read

        def counted(self: StoreSource, kind: type[Record], *arguments: Any) -> Any:
            asked.append(kind.__name__)
            return read(self, kind, *arguments)

        monkeypatch.setattr(books_source.StoreSource, "_read", counted)
        trade.moved(registrar, trade.ship("a", 10))
        assert "LotRecord" not in asked
        assert "HoldingRecord" not in asked

    def test_what_was_asked_for_one_by_one_is_read_ahead_the_next_time(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept_books, "MOST_RECORDS", 0)  # as if somebody else had written in between
        asked: list[tuple[str, int]] = []
        read = StoreSource._read

        def counted(self: StoreSource, kind: type[Record], names: Any, values: Any) -> Any:
            asked.append((kind.__name__, len(values)))
            return read(self, kind, names, values)

        monkeypatch.setattr(StoreSource, "_read", counted)
        trade.moved(registrar, trade.extract("a"))
        first = asked.count(("TallyRecord", 1))
        asked.clear()
        trade.moved(registrar, trade.extract("b"))
        assert first > asked.count(("TallyRecord", 1)) == 0
        check(engine)

    @pytest.mark.parametrize("bound", ["MOST_RECORDS", "MOST_CELLS"])
    def test_memory_has_a_bound(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch, bound: str
    ) -> None:
        monkeypatch.setattr(kept_books, bound, 0)
        trade.story(registrar)
        check(engine)

    def test_a_failed_batch_is_forgotten(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trade.moved(registrar, trade.extract("a"))
        with monkeypatch.context() as broken:
            broken.setattr("ledger.registration.batch.write_records", _fail)
            with pytest.raises(StoreBusy):
                trade.moved(registrar, trade.ship("a", 1_000))
        assert trade.moved(registrar, trade.ship("a", 1_000)).created
        assert refused(registrar, trade.statement(trade.ship("a", 1))) == ["custody.not-holder"]
        check(engine)

    def test_a_batch_of_known_goods_costs_a_bounded_number_of_queries(
        self, trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lots = [f"lot-{number}" for number in range(60)]
        lines = [trade.statement(trade.extract(lot)) for lot in lots]
        assert all(result.error is None for result in registrar.register_lines(enumerate(lines)))
        asked: list[tuple[str, int]] = []
        read = StoreSource._read

        def counted(self: StoreSource, kind: type[Record], names: Any, values: Any) -> Any:
            if values:
                asked.append((kind.__name__, len(values)))
            return read(self, kind, names, values)

        monkeypatch.setattr(kept_books, "MOST_RECORDS", 0)
        monkeypatch.setattr(StoreSource, "_read", counted)
        lines = [trade.statement(trade.ship(lot, 10)) for lot in lots]
        assert all(result.error is None for result in registrar.register_lines(enumerate(lines)))
        batches = sum(1 for kind, _ in asked if kind == "EventRecord")
        singles = [kind for kind, count in asked if count == 1]
        assert len(asked) <= batches * 25, (batches, sorted(set(singles)), len(singles))


def _fail(*_: Any) -> None:
    raise StoreBusy("the database is busy")
