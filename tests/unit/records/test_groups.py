"""Groups are read past what is changed of other kinds: a batch may change many thousands of records."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from ledger.records.books import Books, Key, Record, key_of
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


class Noted:
    """A database whose records are read for when they are first looked at."""

    def __init__(self, *records: TallyRecord) -> None:
        self.told: list[str] = []
        self._records = records

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        self.told.append(f"{kind.__name__} {keys}")
        return self._look([each for each in self._records if key_of(each) in keys])

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        self.told.append(f"{kind.__name__} {group} {values}")
        return self._look([each for each in self._records if (each.tally, each.subject) in values])

    def _look(self, records: Sequence[TallyRecord]) -> Iterator[Record]:
        self.told.append("looked")
        yield from records


def test_all_places_are_asked_for_before_one_is_looked_at() -> None:
    first, second = TallyRecord("t", "s", "1", {}), TallyRecord("t", "s", "2", {})
    source = Noted(first, second)
    books = Books(source)
    wanted = [("t", "s", "1"), ("t", "s", "3")]
    places: list[tuple[type[Record], str, list[Key]]] = [
        (TallyRecord, "subject", [("t", "s"), ("u", "v"), ("t", "s")]),
        (EdgeRecord, "", []),
        (TallyRecord, "", wanted),
    ]
    books.prefetch_places(places)
    asked = [f"TallyRecord subject {[('t', 's'), ('u', 'v')]}", f"TallyRecord {wanted}"]
    assert source.told == [*asked, "looked", "looked"]
    # What is in a group and was asked for by its key as well is in both.
    assert books.group(TallyRecord, "subject", "t", "s") == [first, second]
    assert books.group(TallyRecord, "subject", "u", "v") == []
    assert books.get(TallyRecord, "t", "s", "1") is first
    assert books.get(TallyRecord, "t", "s", "3") is None
    books.prefetch_places(places)
    assert len(source.told) == 4
    assert books.get(TallyRecord, "t", "s", "2") is second
