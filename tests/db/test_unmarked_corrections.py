"""Errors that are declared in booked movements by events that do not say they are movements."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused
from ledger.findings import Finding
from ledger.movements.movement import Movement
from ledger.movements.writing import document, dump_document, undo
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from tests.support.cast import Actor
from tests.support.movements_written import as_event
from tests.support.trade import Trade

AT = "/epcisBody/eventList"


@pytest.fixture
def trade() -> Trade:
    return Trade()


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def unmarked(moved: Movement) -> dict[str, Any]:
    """The event again, as one that did not occur, without anything of ours."""
    event = {name: value for name, value in as_event(moved).items() if not name.startswith("ree:")}
    event.pop("ilmd", None)
    return {**event, "errorDeclaration": {"declarationTime": event["eventTime"], "reason": "did_not_occur"}}


def signed(trade: Trade, *events: dict[str, Any], by: Actor | None = None) -> bytes:
    return trade.sign(dump_document(document(events, trade.now_us)), by or trade.mine, cty=EPCIS)


def findings(registrar: Registrar, jws: bytes) -> list[Finding]:
    with pytest.raises(StatementRefused) as caught:
        registrar.register(jws)
    return list(caught.value.findings)


def test_an_unmarked_correction_of_a_movement_is_refused(trade: Trade, registrar: Registrar) -> None:
    mined = trade.extract("a")
    trade.moved(registrar, mined)
    jws = signed(trade, unmarked(trade.extract("b")), unmarked(mined))
    (found,) = findings(registrar, jws)
    assert (found.code, found.pointer) == ("movement.correction-unmarked", f"{AT}/1/errorDeclaration")
    assert registrar.check(jws).findings == (found,)


def test_nothing_beside_it_is_booked(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    mined = trade.extract("a")
    trade.moved(registrar, mined)
    other = trade.extract("b")
    jws = signed(trade, as_event(other), unmarked(mined))
    assert [each.code for each in findings(registrar, jws)] == ["movement.correction-unmarked"]
    trade.moved(registrar, other)
    report = verify_database(engine, workers=1, replay=True)
    assert report.faults == []


def test_nor_is_a_movement_of_the_same_statement(trade: Trade, registrar: Registrar) -> None:
    mined = trade.extract("a")
    jws = signed(trade, as_event(mined), unmarked(mined))
    assert [each.code for each in findings(registrar, jws)] == ["movement.correction-unmarked"]


def test_one_of_a_corrected_movement_is_refused_too(trade: Trade, registrar: Registrar) -> None:
    mined = trade.extract("a")
    trade.moved(registrar, mined)
    registrar.register(signed(trade, undo(as_event(mined), declared_at_us=trade.now_us)))
    assert [each.code for each in findings(registrar, signed(trade, unmarked(mined)))] == [
        "movement.correction-unmarked"
    ]


def test_a_record_may_be_declared_wrong(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    mined = trade.extract("a")
    trade.moved(registrar, mined)
    assert registrar.register(signed(trade, unmarked(trade.extract("b")))).created
    assert registrar.register(signed(trade, unmarked(mined), by=trade.plant)).created, "no event of its own"
    assert verify_database(engine, workers=1, replay=True).faults == []
