"""Which cells of a table may be shown: thresholds, and the remainder that gives nothing away."""

import pytest

from ledger.records.suppression import Contribution, Partition, is_safe, partition


def firms(*masses: int, count: int = 1) -> list[Contribution]:
    """One firm for each mass."""
    return [Contribution(f"firm {place}", count, mass) for place, mass in enumerate(masses)]


@pytest.mark.parametrize(
    ("contributions", "safe"),
    [
        ([], False),
        (firms(5, 5), False),
        (firms(5, 5, 5), True),
        (firms(70, 15, 15), True),
        (firms(71, 15, 14), False),
        (firms(0, 0, 0), True),
        (firms(5, 5, 0), False),
        ([*firms(5, 5, 5), *firms(5)], True),
        ([*firms(5), *firms(5), *firms(5)], False),
        ([Contribution("a", 7, 0), Contribution("b", 2, 0), Contribution("c", 1, 0)], True),
        ([Contribution("a", 8, 0), Contribution("b", 1, 0), Contribution("c", 1, 0)], False),
    ],
)
def test_a_cell_is_safe(contributions: list[Contribution], safe: bool) -> None:
    assert is_safe(contributions) == safe


def test_safe_cells_are_all_shown() -> None:
    cells = {"b": firms(5, 5, 5), "a": firms(1, 1, 1)}
    assert partition(cells) == Partition(("a", "b"), ())


def test_one_hidden_cell_takes_the_smallest_safe_one_along() -> None:
    cells = {"DE": firms(9, 9, 9), "JP": firms(4, 4, 4), "US": firms(50), "KR": firms(8, 8, 8)}
    # US alone is one cell and one firm; with JP firm 0 has 54 of 62; with KR as well 62 of 86; with DE all.
    assert partition(cells) == Partition((), ())
    cells["US"] = firms(3)
    assert partition(cells) == Partition(("DE", "KR"), ("JP", "US"))


def test_hidden_cells_that_are_safe_together_need_no_more() -> None:
    alone = {name: [Contribution(name, 1, 5)] for name in ("FR", "IT", "US")}
    assert partition({**alone, "DE": firms(1, 1, 1)}) == Partition(("DE",), ("FR", "IT", "US"))


def test_what_is_safe_by_itself_never_hides_one_cell_alone() -> None:
    two_firms = [Contribution("a", 1, 5), Contribution("b", 1, 5)]
    cells = {"US": two_firms, "DE": firms(4, 4, 4), "JP": firms(6, 6, 6)}
    assert partition(cells) == Partition(("JP",), ("DE", "US"))


@pytest.mark.parametrize("cells", [{}, {"DE": firms(1, 2)}, {"DE": firms(99, 1, 1), "JP": firms(5)}])
def test_nothing_is_shown_where_even_all_is_not_safe(cells: dict[str, list[Contribution]]) -> None:
    assert partition(cells) == Partition((), ())
