"""Which column of a mass balance a line of the journal counts for."""

import pytest

from ledger.provenance.balance import _column


@pytest.mark.parametrize(
    ("account", "movement", "mass_mg", "contained", "column"),
    [
        ("holding", "extract", 5, "{}", "births"),
        ("holding", "receive", 5, "{}", "received"),
        ("holding", "process", 5, "{}", "produced"),
        ("holding", "process", -5, "{}", "used"),
        ("pool", "feed", 0, '{"Nd":"5"}', "produced"),
        ("pool", "draw", 0, '{"Nd":"-5"}', "used"),
        ("pool", "close", 0, '{"Nd":"5","Pr":"-5"}', "other"),
        ("holding", "lose", -5, "{}", "lost"),
        ("holding", "ship", -5, "{}", "sent"),
        ("holding", "adjust", -5, "{}", "other"),
        ("difference", "close", 0, '{"Nd":"5"}', "gap"),
        ("lost", "process", 0, '{"Nd":"5"}', "declared_loss"),
    ],
)
def test_each_line_counts_for_one_column(
    account: str, movement: str, mass_mg: int, contained: str, column: str
) -> None:
    assert _column(account, movement, mass_mg, contained, before=False) == column


def test_what_came_before_the_period_is_the_opening() -> None:
    assert _column("pool", "close", 0, "{}", before=True) == "opening"
    assert _column("difference", "close", 0, "{}", before=True) is None
