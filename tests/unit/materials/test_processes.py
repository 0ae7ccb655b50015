"""Processes and their bounds."""

from fractions import Fraction

import pytest

from ledger.errors import TableInvalid
from ledger.materials.processes import bounds_of, processes, read_processes

HEADER = "process,name_en,name_zh,stages_from,stages_to,recovery_lower,recovery_upper,source,verified\n"


@pytest.mark.parametrize(
    ("name", "lower", "upper", "verified"),
    [
        ("flotation", "0.75", "1", True),
        ("flotation-lean", "0.65", "1", True),
        ("ionic-mining", "0.75", "1", True),
        ("concentrate-to-mixed", "0.92", "1", True),
        ("separation", "0.96", "1", True),
        ("separation-ionic", "0.94", "1", True),
        ("electrolysis", "0.95", "0.98", False),
        ("strip-cast", "0.98", "0.99", False),
    ],
)
def test_the_bounds_of_the_specification(name: str, lower: str, upper: str, verified: bool) -> None:
    process = processes()[name]
    assert (process.recovery_lower, process.recovery_upper) == (Fraction(lower), Fraction(upper))
    assert process.verified == verified


@pytest.mark.parametrize("name", ["packing", "blending", "calcination"])
def test_some_honestly_lose_nothing(name: str) -> None:
    assert processes()[name].recovery_upper == 1


def test_a_process_at_its_own_limit() -> None:
    process = read_processes(HEADER + "a,a,a,,,0.5,0.5,s,false\n")["a"]
    assert process.recovery_lower == process.recovery_upper
    assert (process.stages_from, process.stages_to) == ((), ())


@pytest.mark.parametrize(
    "row",
    [
        "a,a,a,,,0.6,0.5,s,false",
        "a,a,a,,,0.6,1.01,s,false",
        "a,a,a,,,,1,s,false",
        "a,a,a,oxide,,0.6,1,s,false",
        "a,a,a,,powder,0.6,1,s,false",
        "a,a,a,,,0.6,1,,false",
        ",a,a,,,0.6,1,s,false",
        "a,a,a,,,0.6,1,s,false\na,a,a,,,0.6,1,s,false",
    ],
)
def test_a_wrong_row_is_refused(row: str) -> None:
    with pytest.raises(TableInvalid):
        read_processes(HEADER + row + "\n")


@pytest.mark.parametrize(
    ("name", "made", "bounds"),
    [
        ("separation", {"separated_compound"}, ("0.96", "1")),
        ("separation", {"magnet"}, ("0.96", "1")),
        ("invented", {"separated_compound"}, ("0.9", "1")),
        ("invented", {"metal"}, ("0.9", "0.98")),
        ("invented", {"alloy"}, ("0.95", "0.99")),
        ("invented", {"alloy", "concentrate"}, ("0.65", "1")),
        ("invented", {"ore"}, ("0.65", "1")),
        ("invented", set(), ("0.65", "1")),
        ("", {"magnet"}, ("0.96", "1")),
    ],
)
def test_bounds_hold_under_any_name(name: str, made: set[str], bounds: tuple[str, str]) -> None:
    assert bounds_of(name, made) == tuple(map(Fraction, bounds))
