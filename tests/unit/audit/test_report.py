"""Faults: kept up to a limit of each kind, counted exactly, in a stable order."""

import json
from collections import Counter
from itertools import pairwise

import pytest

from ledger.audit.ranges import RANGE_ENTRIES, split_range
from ledger.audit.refusals import split_refusals
from ledger.audit.report import KEPT_PER_KIND, MAX_TEXT, AuditReport, Fault, FaultList, listed


def test_each_kind_is_kept_up_to_its_limit_and_counted_beyond() -> None:
    faults = FaultList()
    assert not faults
    for index in range(KEPT_PER_KIND * 3):
        faults.add("entry.link", "entries", index, "broken")
    faults.add("head.root", "head", 1, "another")
    assert faults
    assert faults.count == KEPT_PER_KIND * 3 + 1
    assert faults.counts() == {"entry.link": KEPT_PER_KIND * 3, "head.root": 1}
    assert len(faults.sorted()) == KEPT_PER_KIND + 1


def test_merging_keeps_the_limit_and_the_counts() -> None:
    whole, parts = FaultList(), [FaultList() for _ in range(3)]
    for number, part in enumerate(parts):
        for index in range(60):
            part.add("entry.link", "entries", number * 60 + index, "broken")
        whole.merge(part)
    assert whole.count == 180
    assert [fault.place for fault in whole.sorted()] == list(range(KEPT_PER_KIND))
    assert parts[0].count == 60


def test_faults_are_ordered_by_table_and_place() -> None:
    faults = FaultList()
    faults.add("register.extra", "keys", "kid", "x")
    faults.add("tile.root", "tiles", "0/5", "x")
    faults.add("entry.link", "entries", 10, "x")
    faults.add("entry.index", "entries", 9, "x")
    faults.add("entry.beyond", "entries", 2.5, "x")
    faults.add("head.size", "head", 1, "x")
    faults.add("store.damaged", "store", None, "x")
    assert [(fault.table, fault.place) for fault in faults.sorted()] == [
        ("store", None),
        ("head", 1),
        ("entries", 9),
        ("entries", 10),
        ("entries", "2.5"),
        ("tiles", "0/5"),
        ("keys", "kid"),
    ]


@pytest.mark.parametrize("place", [b"\xff", 1.5, "x", "\udcff", None, 7])
def test_any_place_can_be_printed_and_written_as_json(place: object) -> None:
    faults = FaultList()
    faults.add("a.b", "entries", place, "detail \udcff")
    (fault,) = faults.sorted()
    str(fault).encode("utf-8")
    json.dumps(fault.as_json(), ensure_ascii=False).encode("utf-8")


def test_nothing_that_steers_a_terminal_is_shown() -> None:
    faults = FaultList()
    faults.add("a.b", "entries", "\x1b[2J\n名", "x\x07" + "y" * 5_000)
    (fault,) = faults.sorted()
    assert fault.place == "\\x1b[2J\\n名"
    assert fault.detail.startswith("x\\x07y")
    assert len(fault.detail) == MAX_TEXT


def test_a_fault_says_where_it_is() -> None:
    assert str(Fault("entry.link", "entries", 7, "broken")) == "entry.link: entries 7: broken"
    assert str(Fault("store.schema", "sites", None, "gone")) == "store.schema: sites: gone"


def test_a_report_counts_what_it_leaves_out() -> None:
    report = AuditReport("log.example", 5, bytes(32), 0, 5, Counter(entries=5))
    assert report.ok
    for _ in range(KEPT_PER_KIND + 7):
        report.fault_list.add("entry.link", "entries", 1, "broken")
    members = report.as_json()
    assert members["ok"] is False
    assert members["fault_count"] == KEPT_PER_KIND + 7
    assert members["faults_left_out"] == 7


def test_indices_are_listed_in_words() -> None:
    assert listed([]) == ""
    assert listed(range(5)) == "0, 1, 2, 3, 4"
    assert listed(iter(range(22))) == "0, 1, 2, 3, 4 and 17 more"


@pytest.mark.parametrize("start", [0, 1, 255, 256, 257, 512, 2_048, 5_000, 70_000])
@pytest.mark.parametrize("length", [0, 1, 256, 2_047, 2_048, 2_049, 9_000])
def test_ranges_cover_everything_and_hang_to_the_right_of_what_is_before(start: int, length: int) -> None:
    end = start + length
    ranges = list(split_range(start, end))
    aligned = start - start % 256
    if aligned >= end:
        assert ranges == []
        return
    assert ranges[0][0] == aligned
    assert ranges[-1][1] == end
    assert all(one[1] == other[0] for one, other in pairwise(ranges))
    for begin, stop in ranges:
        assert begin % 256 == 0
        assert 0 < stop - begin <= (begin & -begin or RANGE_ENTRIES)
        assert stop - begin <= RANGE_ENTRIES


def test_refusals_are_split_without_a_gap() -> None:
    assert list(split_refusals(0)) == []
    ranges = list(split_refusals(2_500))
    assert [number for start, end in ranges for number in range(start, end)] == list(range(2_500))
