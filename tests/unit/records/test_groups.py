"""Groups are read past what is changed of other kinds: a batch may change many thousands of records."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from ledger.records.books import Books, Key, Record
from ledger.records.lots import EdgeRecord
from ledger.records.oversight import TallyRecord


class Empty:
    """A database without records."""

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        return ()

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        return ()


class Unread(dict[Any, Any]):
    """What is changed, of which nobody may look through all."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("everything that is changed was looked through")


@pytest.fixture
def books() -> Books:
    made = Books(Empty())
    made._changed = Unread()
    made.begin()
    for at in range(3):
        made.put(TallyRecord("tally", "subject", str(at), {"count": at}))
    made.put(EdgeRecord(2, 1, 7))
    return made


def test_a_group_has_what_was_changed_of_its_kind(books: Books) -> None:
    assert [each.period for each in books.group(TallyRecord, "subject", "tally", "subject")] == [
        "0",
        "1",
        "2",
    ]
    assert [each.child for each in books.group(EdgeRecord, "parent", 1)] == [2]


def test_a_group_has_nothing_that_was_taken_back(books: Books) -> None:
    books.commit()
    books.begin()
    books.put(TallyRecord("tally", "subject", "0", {"count": 9}))
    books.put(TallyRecord("tally", "subject", "9", {"count": 9}))
    books.rollback()
    found = books.group(TallyRecord, "subject", "tally", "subject")
    assert [(each.period, each.sums["count"]) for each in found] == [("0", 0), ("1", 1), ("2", 2)]


def test_a_kind_of_which_nothing_waits_to_be_written_can_be_dropped(books: Books) -> None:
    books.commit()
    with pytest.raises(AssertionError):
        books.drop(EdgeRecord)
    assert len(books.take_changes()) == 4
    books.drop(EdgeRecord)
    assert books.group(EdgeRecord, "parent", 1) == []
