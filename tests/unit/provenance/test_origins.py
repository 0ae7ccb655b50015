"""Shares by origin: what stands in a lot's cells, summed by status and by element."""

from fractions import Fraction

import pytest

from ledger.provenance.origins import origin_shares
from ledger.records.books import Books

CELLS = {
    ("Nd", "urn:mine", "declared"): 30,
    ("Pr", "urn:mine", "declared"): 10,
    ("Nd", "urn:mine", "assayed"): 20,
    ("Nd", "urn:other", "declared"): 40,
}


@pytest.mark.parametrize(
    ("element", "statuses", "elements", "share"),
    [
        (None, {"assayed": 20, "declared": 40}, {"Nd": 50, "Pr": 10}, Fraction(3, 5)),
        ("Nd", {"assayed": 20, "declared": 30}, {"Nd": 50}, Fraction(5, 9)),
        ("Pr", {"declared": 10}, {"Pr": 10}, Fraction(1)),
    ],
)
def test_masses_add_up_by_status_and_by_element(
    element: str | None, statuses: dict[str, int], elements: dict[str, int], share: Fraction
) -> None:
    (mine,) = [each for each in origin_shares(CELLS, Books(), element) if each.origin == "urn:mine"]
    assert (mine.statuses, mine.elements) == (statuses, elements)
    assert (mine.mass_mg, mine.share) == (sum(elements.values()), share)
