"""Records of a kind that are let go: read again where they are needed, and nothing else with them."""

from collections.abc import Iterable, Sequence

import pytest

from ledger.records.books import Books, Key, Record, key_of
from ledger.records.lots import EdgeRecord, LotRecord, PoolVersionRecord
from ledger.registration import kept_books
from ledger.registration.kept_books import KeptBooks
from ledger.store.log_store import HeadRow

VERSION = PoolVersionRecord("pool", 1, 7, 3, 0, 0, "feed", {("Nd", "mine", "domestic"): 5}, {"a": 5}, {})
EDGE = EdgeRecord(7, 6, 3)
LOT = LotRecord(
    lot="lot",
    node=6,
    entry_index=2,
    position=0,
    producer="mine",
    site="pit",
    event_time_us=0,
    birth="extract",
    product="mixed-carbonate",
    stage="mixed_compound",
    mass_mg=9,
    cells={("Nd", "mine", "domestic"): 5, ("Pr", "mine", "domestic"): 1},
)


class Stored:
    """A source with one version of a pool and one edge, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        self.asked += 1
        return [record for record in (VERSION, EDGE, LOT) if type(record) is kind and key_of(record) in keys]

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        self.asked += 1
        return [VERSION] if kind is PoolVersionRecord else [EDGE]


@pytest.fixture
def source() -> Stored:
    return Stored()


@pytest.fixture
def books(source: Stored) -> Books:
    books = Books(source)
    assert books.get(PoolVersionRecord, "pool", 1) == VERSION
    assert books.group(PoolVersionRecord, "node", 7) == [VERSION]
    assert books.get(EdgeRecord, 7, 6) == EDGE
    return books


def test_what_was_dropped_is_read_again_by_key_and_by_group(books: Books, source: Stored) -> None:
    books.drop(PoolVersionRecord)
    assert books.records(PoolVersionRecord) == []
    before = source.asked
    assert books.get(PoolVersionRecord, "pool", 1) == VERSION
    assert books.group(PoolVersionRecord, "node", 7) == [VERSION]
    assert source.asked == before + 2


def test_other_kinds_stay(books: Books, source: Stored) -> None:
    books.drop(PoolVersionRecord)
    before = source.asked
    assert books.get(EdgeRecord, 7, 6) == EDGE
    assert source.asked == before


def test_what_waits_to_be_written_is_not_dropped(books: Books) -> None:
    books.put(VERSION)
    with pytest.raises(AssertionError):
        books.drop(PoolVersionRecord)


def test_a_writer_keeps_no_versions_of_pools_from_one_batch_to_the_next(books: Books) -> None:
    KeptBooks().keep(books, HeadRow(8, b"", 1, 0, b""))
    assert books.records(PoolVersionRecord) == []
    assert books.records(EdgeRecord) == [EDGE]


@pytest.mark.parametrize(("most", "kept"), [(2, [LOT]), (1, [])])
def test_a_writer_keeps_lots_until_they_have_too_many_cells(
    books: Books, monkeypatch: pytest.MonkeyPatch, most: int, kept: list[LotRecord]
) -> None:
    monkeypatch.setattr(kept_books, "MOST_CELLS", most)
    assert books.get(LotRecord, "lot") == LOT
    assert books.get(LotRecord, "another") is None
    KeptBooks().keep(books, HeadRow(8, b"", 1, 0, b""))
    assert books.records(LotRecord) == kept
    assert books.records(EdgeRecord) == [EDGE]


def test_what_is_held_of_a_kind_leaves_out_what_does_not_exist(books: Books) -> None:
    assert list(books.held(LotRecord)) == []
    assert books.get(LotRecord, "another") is None
    assert list(books.held(LotRecord)) == []
    assert list(books.held(EdgeRecord)) == [EDGE]
