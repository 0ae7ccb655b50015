"""The packaged control lists can be published as they stand."""

import pytest

from ledger.materials.control_lists import published_lists
from ledger.records.oversight import ControlListRecord
from tests.support.act_books import log_with_everyone
from tests.support.acts import REGULATOR, faults


@pytest.mark.parametrize("name", published_lists())
def test_it_can_be_published_and_switched_off_and_on(name: str) -> None:
    log, published = log_with_everyone(), published_lists()[name]
    assert log.state(REGULATOR, published.act()) == []
    end = published.suspended[1] if published.suspended else "2026-01-01T00:00:00+08:00"
    assert log.state(REGULATOR, published.act(end=end)) == []
    assert log.state(REGULATOR, published.act(start=end)) == []
    records = log.facts.books.group(ControlListRecord, "all")
    assert [each.control_list for each in records] == [name] * 3
    assert records[0].conditions["source"] == published.source
    assert [each.ends_us is None for each in records] == [True, False, True]


def test_what_was_not_read_is_marked() -> None:
    assert not any(each.verified for each in published_lists().values()), "dates and items are from memory"
    assert all(each.source for each in published_lists().values())


def test_a_list_that_ends_before_it_starts_is_refused() -> None:
    act = published_lists()["mofcom-61-2025"].act(end="2025-11-30T00:00:00+08:00")
    assert faults(act) == [("schema.value", "/end")]
