"""What is read ahead of a batch: by name, and never everything that bears no name."""

from collections.abc import Iterable, Sequence

import pytest

from ledger.books.prefetch import prefetch
from ledger.movements.movement import KINDS, Movement
from ledger.records.books import Books, Key, Record, key_of
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    MemberRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    SealRecord,
    ShipmentLineRecord,
)
from tests.support import movements as make
from tests.support.act_books import lot_record
from tests.support.movement_examples import EXAMPLES, ISSUERS
from tests.support.movements import MINE, PIT, PLANT, POOL, WORKS


class Asked:
    """A source of a few records, which notes what it is asked for."""

    def __init__(self, *records: Record) -> None:
        self.keys: list[tuple[type[Record], Key]] = []
        self.groups: list[tuple[type[Record], str, Key]] = []
        self._records = records

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterable[Record]:
        self.keys += [(kind, key) for key in keys]
        return [each for each in self._records if type(each) is kind and key_of(each) in keys]

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterable[Record]:
        self.groups += [(kind, group, value) for value in values]
        names = kind.GROUPS[group]
        return [
            each
            for each in self._records
            if type(each) is kind and tuple(getattr(each, name) for name in names) in values
        ]


def test_what_bears_no_name_is_not_read() -> None:
    """The group of the empty name would grow with the log."""
    asked = Asked()
    prefetch(Books(asked), [(ISSUERS[kind], EXAMPLES[kind]) for kind in KINDS])
    assert [each for each in asked.groups if "" in each[2]] == []


LOT, UNIT, EVENT = f"{MINE}lots/1", f"{MINE}drums/1", "urn:event:earlier"


@pytest.mark.parametrize(
    ("found", "moved"),
    [
        (MemberRecord(UNIT, LOT, 0, 0, 1, 0), make.unpack(UNIT)),
        (ShipmentLineRecord(MINE, EVENT, LOT, 1, 1, 0), make.receive((), shipment=EVENT)),
    ],
    ids=["a unit", "a shipment"],
)
def test_what_the_first_records_name_is_read_ahead_as_well(found: Record, moved: Movement) -> None:
    asked = Asked(found)
    prefetch(Books(asked), [(PLANT, moved)])
    assert (LotRecord, (LOT,)) in asked.keys
    assert (HoldingRecord, "lot", (LOT,)) in asked.groups
    asked = Asked()
    prefetch(Books(asked), [(PLANT, moved)])
    assert (LotRecord, (LOT,)) not in asked.keys
    assert (HoldingRecord, "lot", (LOT,)) not in asked.groups


def test_the_lines_of_what_is_corrected_are_read_ahead() -> None:
    asked = Asked(EventRecord(MINE, EVENT, 7, 2, "extract", 0, PIT))
    prefetch(Books(asked), [(MINE, make.extract(LOT, 5, corrects=EVENT))])
    assert (PostingRecord, "event", (7, 2)) in asked.groups


def test_the_versions_that_a_pool_will_have_are_known_to_be_none_yet() -> None:
    asked = Asked(PoolRecord(POOL, WORKS, PLANT, 3, 0, {}, {}, {}, 0, 0))
    prefetch(Books(asked), [(PLANT, make.feed({LOT: 5}))] * 2)
    versions = [key for kind, key in asked.keys if kind is PoolVersionRecord]
    assert versions == [(POOL, version) for version in range(3, 9)]


def test_what_was_used_before_its_birth_has_its_uses_read_ahead() -> None:
    asked = Asked(lot_record(LOT, node=5 << 20))
    prefetch(Books(asked), [(MINE, make.extract(LOT, 5))])
    assert (EdgeRecord, "parent", (5 << 20,)) in asked.groups


def test_a_technology_without_a_licence_reads_no_licence() -> None:
    asked = Asked()
    prefetch(Books(asked), [("urn:plant", make.impart("1E902.a"))])
    assert "licence" not in [group for _, group, _ in asked.groups]
    prefetch(Books(asked), [("urn:plant", make.impart("1E902.a", licence="urn:licence"))])
    assert [value for _, group, value in asked.groups if group == "licence"] == [("urn:licence",)]


def test_the_uses_of_seals_are_read_ahead_of_those_that_are_put_on_and_those_that_are_opened() -> None:
    asked = Asked(SealRecord("S-2", 0, 0, UNIT, PLANT, 0))
    read = {("unit", (UNIT,)), ("seal", ("S-2",))}
    for moved, more in (
        (make.pack(UNIT, {LOT: 5}, seals=("S-1",)), {("seal", ("S-1",))}),
        (make.unpack(UNIT), set[tuple[str, tuple[str]]]()),
    ):
        asked.groups.clear()
        prefetch(Books(asked), [(PLANT, moved)])
        assert {each[1:] for each in asked.groups if each[0] is SealRecord} == read | more
