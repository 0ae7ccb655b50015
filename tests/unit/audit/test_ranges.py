"""How a log is cut for an audit: whole subtrees, long ones first and short ones at the end."""

import pytest

from ledger.audit.ranges import RANGE_ENTRIES, split_range
from ledger.log.tiles import TILE_WIDTH


@pytest.mark.parametrize("start", [0, 1, 255, 256, 300, 768, 2_048, 5_000, 9_984])
@pytest.mark.parametrize("end", [10_000, 10_240, 40_001])
def test_ranges_are_subtrees_one_behind_the_other(start: int, end: int) -> None:
    ranges = list(split_range(start, end))
    assert (ranges[0][0], ranges[-1][1]) == (start - start % TILE_WIDTH, end)
    assert [each[1] for each in ranges[:-1]] == [each[0] for each in ranges[1:]]
    for first, last in ranges:
        assert 0 < last - first <= RANGE_ENTRIES
        assert first == 0 or last - first <= first & -first
        assert last - first <= max(TILE_WIDTH, (end - first) // 4)


def test_what_is_empty_has_no_ranges() -> None:
    assert list(split_range(0, 0)) == list(split_range(512, 512)) == []


def test_a_long_log_is_cut_long() -> None:
    widths = [last - first for first, last in split_range(0, 21_000)]
    assert widths == [4_096] * 2 + [2_048] * 3 + [1_024] * 3 + [512] * 4 + [256] * 6 + [8]
