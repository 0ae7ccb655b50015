"""Records that the source cannot have: put without asking it, and otherwise like any other."""

from collections.abc import Iterable, Sequence

import pytest

from ledger.records.books import Books, Key, Record
from ledger.records.lots import PostingRecord


def posting(line: int, mass_mg: int = 5) -> PostingRecord:
    return PostingRecord(7, 0, line, "holding", "lot", "", "a", "a", "here", 0, mass_mg, {}, "")


class Asked:
    """A source that keeps what it was asked."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.values: list[Key] = []

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        self.keys += keys
        return ()

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        self.values += values
        return ()


@pytest.fixture
def source() -> Asked:
    return Asked()


@pytest.fixture
def books(source: Asked) -> Books:
    return Books(source)


def test_nobody_is_asked_for_what_is_added(books: Books, source: Asked) -> None:
    books.add(posting(0))
    assert books.get(PostingRecord, 7, 0, 0) == posting(0)
    assert source.keys == []
    assert books.take_changes() == [posting(0)]


def test_the_source_is_asked_for_what_is_put(books: Books, source: Asked) -> None:
    books.put(posting(0))
    assert source.keys == [(7, 0, 0)]


def test_what_is_added_is_found_by_group_before_and_after(books: Books) -> None:
    books.add(posting(0))
    assert books.group(PostingRecord, "event", 7, 0) == [posting(0)]
    books.add(posting(1))
    assert books.group(PostingRecord, "event", 7, 0) == [posting(0), posting(1)]
    assert books.group(PostingRecord, "event", 7, 1) == []


def test_what_is_added_is_taken_back(books: Books) -> None:
    assert books.group(PostingRecord, "event", 7, 0) == []
    books.begin()
    books.add(posting(0))
    books.rollback()
    assert books.get(PostingRecord, 7, 0, 0) is None
    assert books.group(PostingRecord, "event", 7, 0) == []
    assert books.take_changes() == []


def test_what_is_added_twice_is_there_once_as_it_was_last(books: Books) -> None:
    books.add(posting(0))
    books.begin()
    books.add(posting(0, 6))
    assert books.group(PostingRecord, "event", 7, 0) == [posting(0, 6)]
    books.rollback()
    assert books.group(PostingRecord, "event", 7, 0) == [posting(0)]
