"""report-export: the steps of an export, each once and in order."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.records.oversight import DueRecord
from tests.support.act_books import (
    AGENT,
    EXPORTER,
    LATER,
    LICENCE,
    NOW,
    application,
    delegation,
    grant,
    licence,
    log_with_everyone,
    readers,
)
from tests.support.acts import MINE, REGULATOR, START_US, ActLog, faults, read

EXPORT = "urn:uuid:4a1b"
DUE = DueRecord("export.no-arrival", f"shipment:{EXPORTER} {EXPORT}", EXPORTER, "", START_US, 0, 500_000)


def report(**members: Any) -> dict[str, Any]:
    return {
        "act": "report-export",
        "licence": LICENCE,
        "shipment": EXPORT,
        "step": "shipment",
        "occurred": NOW,
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    log = log_with_everyone()
    assert log.state(EXPORTER, application()) == []
    assert log.state(REGULATOR, grant()) == []
    log.facts.books.put(replace(licence(log), shipments=(EXPORT,), drawn_mg=1))
    log.facts.books.put(DUE)
    return log


def bucket(log: ActLog) -> int:
    found = log.facts.books.get(DueRecord, DUE.kind, DUE.subject)
    assert found is not None
    return found.bucket


def test_the_steps_in_order(log: ActLog) -> None:
    for step in ("shipment", "arrival", "installation", "use"):
        assert log.state(EXPORTER, report(step=step)) == []
    assert licence(log).reported == {EXPORT: ("shipment", "arrival", "installation", "use")}
    assert readers(log) == set()


def test_arrival_settles_the_wait_and_shipment_does_not(log: ActLog) -> None:
    assert log.state(EXPORTER, report()) == []
    assert bucket(log) == 500_000
    assert log.state(EXPORTER, report(step="arrival")) == []
    assert bucket(log) == -1


def test_a_step_may_be_left_out_but_not_taken_back(log: ActLog) -> None:
    assert log.state(EXPORTER, report(step="installation")) == []
    assert bucket(log) == -1
    for step in ("shipment", "arrival", "installation"):
        assert log.state(EXPORTER, report(step=step)) == [("report.step", "/step")]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"licence": LICENCE + "0"}, [("licence.unknown", "/licence")]),
        ({"shipment": "urn:uuid:4a1c"}, [("report.shipment", "/shipment")]),
        ({"occurred": LATER}, [("report.future", "/occurred")]),
        (
            {"shipment": "urn:uuid:4a1c", "occurred": LATER},
            [("report.shipment", "/shipment"), ("report.future", "/occurred")],
        ),
    ],
)
def test_refused(log: ActLog, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert log.state(EXPORTER, report(**members)) == expected


def test_a_suspended_licence_is_still_reported_on(log: ActLog) -> None:
    log.facts.books.put(replace(licence(log), state="suspended"))
    assert log.state(EXPORTER, report()) == []


@pytest.mark.parametrize("issuer", [MINE, REGULATOR, AGENT])
def test_only_its_exporter(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, report()) == [("act.signer", "")]


def test_or_its_agent(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.state(AGENT, report()) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"step": "lost"}, ("schema.value", "/step")),
        ({"occurred": None}, ("schema.type", "/occurred")),
        ({"shipment": ""}, ("schema.value", "/shipment")),
        ({"driver": "x"}, ("schema.unknown-member", "/driver")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(report(**members)) == [fault]


def test_privacy() -> None:
    assert not read(report()).public
