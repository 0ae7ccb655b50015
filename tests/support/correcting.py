"""Corrections in a yard: replaced events, and those that cannot be undone."""

import pytest

from ledger.books.context import Impossible
from ledger.records.lots import (
    EventRecord,
)
from tests.support.books import MINER
from tests.support.yard import Yard


def correct(
    yard: Yard, event: str, lines: dict[str, int | None] | None = None, by: str = MINER, **said: object
) -> str:
    """A replacement of the same kind."""
    record = yard.books.get(EventRecord, by, event)
    assert record is not None
    return yard.do(record.movement, lines, by, **{"corrects": event, **said})


def negative(yard: Yard, event: str, by: str = MINER) -> dict[str, object]:
    """The evidence with which undoing an event is refused."""
    record = yard.books.get(EventRecord, by, event)
    assert record is not None
    moved = yard.said(record.movement, None, by, event_id=event, corrects=event, did_not_occur=True)
    with pytest.raises(Impossible) as refused:
        yard.book(moved, by)
    (finding,) = refused.value.findings
    assert finding.code == "correction.negative"
    return dict(finding.evidence)
