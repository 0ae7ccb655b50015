"""What benchmarks post, and what their reports say of processors that were not this machine's to use."""

import json

import pytest

from benchmarks import reporting
from benchmarks.intake import statements
from benchmarks.load import Measured, Posted, steady
from benchmarks.reporting import Report, processor_seconds
from ledger.statements.envelope import parse_statement
from tests.support.cast import Cast, shipment


def test_the_records_of_intake_are_as_many_shipments() -> None:
    posted = [json.loads(parse_statement(jws).payload) for jws in statements(Cast(), 20)]
    assert posted == [shipment(number) for number in range(20)]


@pytest.mark.parametrize(
    ("counted", "kept", "told"),
    [(200.0, 60.0, "kept 30% of"), (200.0, 2.0, "kept 1% of"), (200.0, 1.9, None), (0.0, 0.0, None)],
)
def test_what_the_host_kept_is_told(
    monkeypatch: pytest.MonkeyPatch, counted: float, kept: float, told: str | None
) -> None:
    """Since the report was begun, not since the machine was."""
    monkeypatch.setattr(reporting, "processor_seconds", lambda: (1_000.0 + counted, 500.0 + kept))
    said = Report("anything", begun=(1_000.0, 500.0)).markdown()
    assert ("host kept" in said) == (told is not None)
    assert told is None or told in said


def test_processors_count_what_they_keep() -> None:
    counted, kept = processor_seconds()
    assert counted > 0
    assert 0 <= kept <= counted


def test_batches_are_counted_while_every_stream_has_one_under_way() -> None:
    """From the answer that is the last stream's first to the last one before a stream finds nothing more."""
    answers = [(3.0, 10), (1.0, 10), (2.0, 10), (4.0, 9), (6.0, 10), (5.0, 10), (7.5, 500), (8.0, 500)]
    assert steady(answers, 3, 7.0) == Measured(29, 3.0)


@pytest.mark.parametrize("streams", [2, 3, 8])
def test_too_few_batches_are_no_steady_part(streams: int) -> None:
    answers = [(float(number), 10) for number in range(2 * streams - 1)]
    assert steady(answers, streams, 100.0) is None
    assert steady([*answers, (50.0, 10)], streams, 100.0) is not None


def test_what_the_same_lines_hold_is_shared_out_by_the_steady_part() -> None:
    posted = Posted(600, 4.0, Measured(300, 1.5))
    assert posted.rate == 150
    assert posted.share(60_000) == Measured(30_000, 1.5)
