"""close-case: outcomes, and what is found illegal taints everything that was made of it."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord, PoolVersionRecord
from ledger.records.oversight import AlertRecord, CaseRecord
from tests.support.act_books import (
    CUSTOMS,
    LOT,
    SITE,
    STRANGER,
    alert,
    log_with_everyone,
    lot_record,
    readers,
)
from tests.support.acts import MINE, OPERATOR, PLANT, REGULATOR, START_US, ActLog, faults, read

POOL = "https://mine.example/pools/1"


def closing(**members: Any) -> dict[str, Any]:
    return {"act": "close-case", "case": "2027-0031", "outcome": "confirmed", **members}


@pytest.fixture
def log() -> ActLog:
    """An open case over one alert; lots a -> b -> pool versions 1, 2 -> c, and d of its own."""
    log = log_with_everyone()
    alert(log)
    opened = {
        "act": "open-case",
        "case": "2027-0031",
        "alerts": [{"entry": 3, "number": 0}],
        "parties": [MINE],
    }
    assert log.state(REGULATOR, opened) == []
    books = log.facts.books
    for node, lot in ((1, LOT), (2, "b"), (5, "c"), (6, "d")):
        books.put(lot_record(lot, node))
    cells = {("Nd", SITE, "domestic"): 5}
    for version, node in ((1, 3), (2, 4)):
        books.put(PoolVersionRecord(POOL, version, node, 0, 0, START_US, "feed", cells))
    books.put(PoolRecord(POOL, SITE, MINE, 2, 4, cells, {MINE: 5}, {}, 0, START_US))
    for child, parent in ((2, 1), (3, 2), (4, 3), (5, 4)):
        books.put(EdgeRecord(child, parent, 0))
    return log


def tainted(log: ActLog) -> dict[str, int | None]:
    books = log.facts.books
    pool = books.get(PoolRecord, POOL)
    assert pool is not None
    return {record.lot: record.tainted_by for record in books.records(LotRecord)} | {"pool": pool.tainted_by}


def test_what_is_illegal_taints_what_was_made_of_it(log: ActLog) -> None:
    assert log.state(REGULATOR, closing(illegal_lots=[LOT])) == []
    assert tainted(log) == {LOT: 7, "b": 7, "c": 7, "d": None, "pool": 7}


def test_not_what_it_was_made_of(log: ActLog) -> None:
    assert log.state(REGULATOR, closing(illegal_lots=["c", "d"])) == []
    assert tainted(log) == {LOT: None, "b": None, "c": 7, "d": 7, "pool": None}


def test_an_earlier_reason_stays_and_does_not_stop_the_walk(log: ActLog) -> None:
    log.facts.books.put(replace(lot_record("b", 2), tainted_by=2))
    assert log.state(REGULATOR, closing(illegal_lots=[LOT])) == []
    assert tainted(log) == {LOT: 7, "b": 2, "c": 7, "d": None, "pool": 7}


def mark(log: ActLog, **marks: int) -> None:
    """Taints lots by their node's letter, as rules would have."""
    books = log.facts.books
    for name, reason in marks.items():
        if name == "pool":
            pool = books.get(PoolRecord, POOL)
            assert pool is not None
            books.put(replace(pool, tainted_by=reason))
        else:
            lot = books.get(LotRecord, LOT if name == "a" else name)
            assert lot is not None
            books.put(replace(lot, tainted_by=reason))


@pytest.mark.parametrize("outcome", ["unfounded", "settled"])
def test_a_case_that_was_none_clears_what_it_had_tainted(log: ActLog, outcome: str) -> None:
    mark(log, a=3, b=3, c=3, d=3, pool=3)
    assert log.state(REGULATOR, closing(outcome=outcome, cleared_lots=[LOT, "b"])) == []
    assert tainted(log) == {LOT: None, "b": None, "c": None, "d": 3, "pool": None}


def test_what_has_another_reason_keeps_it(log: ActLog) -> None:
    """The pool was fed with d too, which something later had tainted; the earlier reason had hidden that."""
    log.facts.books.put(EdgeRecord(4, 6, 0))
    mark(log, a=3, b=3, c=3, d=5, pool=3)
    assert log.state(REGULATOR, closing(outcome="unfounded", cleared_lots=[LOT])) == []
    assert tainted(log) == {LOT: None, "b": None, "c": 5, "d": 5, "pool": 5}


def test_what_was_found_of_a_lot_itself_stays(log: ActLog) -> None:
    mark(log, a=3, b=3, c=2, pool=2)
    assert log.state(REGULATOR, closing(outcome="unfounded", cleared_lots=[LOT])) == []
    assert tainted(log) == {LOT: None, "b": None, "c": 2, "d": None, "pool": 2}


def test_a_lot_in_between_is_cleared_with_what_was_made_of_it(log: ActLog) -> None:
    mark(log, a=3, b=3, c=3, pool=3)
    assert log.state(REGULATOR, closing(outcome="unfounded", cleared_lots=["b"])) == []
    assert tainted(log) == {LOT: 3, "b": None, "c": None, "d": None, "pool": None}


def test_what_nothing_tainted_is_not_cleared(log: ActLog) -> None:
    expected = [("lot.untainted", "/cleared_lots/0"), ("lot.untainted", "/cleared_lots/1")]
    assert log.state(REGULATOR, closing(outcome="unfounded", cleared_lots=[LOT, "e"])) == expected


def test_an_undone_edge_carries_nothing(log: ActLog) -> None:
    log.facts.books.put(EdgeRecord(3, 2, 0, voided_at=5))
    assert log.state(REGULATOR, closing(illegal_lots=[LOT])) == []
    assert tainted(log) == {LOT: 7, "b": 7, "c": None, "d": None, "pool": None}


@pytest.mark.parametrize("outcome", ["confirmed", "unfounded", "settled"])
def test_case_and_alerts_are_closed_and_the_parties_are_told(log: ActLog, outcome: str) -> None:
    assert log.state(CUSTOMS, closing(outcome=outcome)) == []
    case = log.facts.books.get(CaseRecord, "2027-0031")
    closed = log.facts.books.get(AlertRecord, 3, 0)
    assert case is not None
    assert closed is not None
    assert (case.state, case.outcome, case.closed_at) == ("closed", outcome, 7)
    assert (closed.state, closed.outcome, closed.changed_at) == ("closed", outcome, 7)
    assert readers(log) == {MINE}
    assert set(tainted(log).values()) == {None}


def test_only_once(log: ActLog) -> None:
    assert log.state(REGULATOR, closing()) == []
    assert log.state(REGULATOR, closing(illegal_lots=[LOT])) == [("case.closed", "/case")]
    assert set(tainted(log).values()) == {None}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"case": "2027-0032"}, [("case.unknown", "/case")]),
        ({"illegal_lots": ["e"]}, [("lot.unknown", "/illegal_lots/0")]),
        ({"illegal_lots": [LOT, "e"]}, [("lot.unknown", "/illegal_lots/1")]),
    ],
)
def test_refused(log: ActLog, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert log.state(REGULATOR, closing(**members)) == expected
    assert set(tainted(log).values()) == {None}


@pytest.mark.parametrize("issuer", [MINE, OPERATOR, PLANT, STRANGER])
def test_nobody_else(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, closing()) == [("act.signer", "")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"outcome": "unfounded", "illegal_lots": [LOT]}, ("case.outcome", "/illegal_lots")),
        ({"outcome": "settled", "illegal_lots": [LOT]}, ("case.outcome", "/illegal_lots")),
        ({"cleared_lots": [LOT]}, ("case.outcome", "/cleared_lots")),
        ({"outcome": "guilty"}, ("schema.value", "/outcome")),
        ({"illegal_lots": LOT}, ("schema.type", "/illegal_lots")),
        ({"fine": "5000000"}, ("schema.unknown-member", "/fine")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(closing(**members)) == [fault]


def test_privacy() -> None:
    assert not read(closing()).public
