"""The report over several seeds: means, spread, what is planted too rarely, and what is missed."""

from typing import Any

import pytest

from benchmarks import evaluation


def score(found: int, false: int, **more: Any) -> dict[str, Any]:
    planted = 10
    return {
        "honest_movements": 1000,
        "recall": found / planted,
        "false_alerts_per_1000": float(false),
        "honest_refused": {},
        "codes": {
            "price.low": {
                "planted": planted,
                "found": found,
                "missed": planted - found,
                "recall": found / planted,
                "false": false,
                "true": 3,
                "side": 0,
            }
        },
        "patterns": {
            "price-low": {
                "planted": planted,
                "found": found,
                "evasive": 2,
                "evasive_found": 0,
                "shape": "",
            },
            "surge": {"planted": 0, "found": 0, "evasive": 0, "evasive_found": 0, "shape": "spread"},
        },
        "simulate_cpu_s": 1.0,
        "evaluate_cpu_s": 2.0,
        "peak_mib": 100.0,
    } | more


def test_the_mean_over_the_seeds_with_its_spread() -> None:
    text = evaluation.report(1000, 0.01, [5, 6], [score(9, 0), score(10, 1)])
    assert "| **mean** | **95.0%** | **0.50** |" in text
    assert "| spread | 90.0% to 100.0% | 0.00 to 1.00 |" in text
    assert "| price.low | 20 | 19 | 1 | 95.0% | 90.0% to 100.0% | 1 | 0.500 | 6 | 0 |" in text
    assert "- met: recall >= 95 %" in text
    assert "- met: false alerts" in text


@pytest.mark.parametrize(
    ("scores", "line"),
    [
        (
            [score(9, 0), score(9, 0)],
            "as the mean over the seeds (below: price.low 90.0%)",
        ),
        ([score(10, 1), score(10, 2)], "- **missed**: false alerts"),
    ],
)
def test_a_goal_that_is_missed_is_called_missed(scores: list[dict[str, Any]], line: str) -> None:
    assert line in evaluation.report(1000, 0.01, [5, 6], scores)


def test_what_is_rare_absent_or_missed_is_said() -> None:
    text = evaluation.report(1000, 0.01, [5], [score(10, 0)])
    assert "Planted fewer than 30 times in a seed (the least of the seeds): price-low 12, surge 0." in text
    assert "never there: surge." in text
    assert "combined: price-low 2 of 2." in text
