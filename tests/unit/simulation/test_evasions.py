"""Evasive variants: they stay just under the limit of the policy in force, and are found once it is lower."""

from pathlib import Path

import pytest

from ledger.records.policy import THRESHOLDS
from ledger.simulation import export_patterns, patterns, planting, trade_patterns
from ledger.simulation import simulate as simulating
from ledger.simulation.evaluation import evaluate
from ledger.simulation.patterns import NOT_EVASIVE, PATTERNS
from ledger.simulation.planting import Plot
from ledger.simulation.scoring import Score
from ledger.store.engine import create_ledger_engine

LIMITED = {
    "invoice-reused",
    "licence-exhausted",
    "licence-expired",
    "pool-overdrawn",
    "pool-unclosed",
    "recycler-ore",
    "reexport",
    "undeclared-element",
    "unsent",
}
LOWER = {
    "invoice-reused": ("invoice.tolerance_share", "0.016"),
    "pool-overdrawn": ("pool.tolerance_share", "0.0085"),
    "pool-unclosed": ("pool.unclosed_days", "1"),
    "recycler-ore": ("recycler.primary_share", "0.4"),
    "undeclared-element": ("gain.element_sigma", "3"),
}


def scored(folder: Path, names: set[str], monkeypatch: pytest.MonkeyPatch) -> Score:
    """The score of a country in which these patterns alone are planted, and all of them evasive."""
    monkeypatch.setattr(patterns, "PATTERNS", tuple(each for each in PATTERNS if each.name in names))
    monkeypatch.setattr(planting, "EVASIVE_EVERY", 1)
    simulating.simulate(folder, movements=2000, plant=0.003 * len(names), seed=71)
    engine = create_ledger_engine(f"sqlite:///{folder / 'ledger.db'}", pool_size=2)
    try:
        return evaluate(folder, engine)
    finally:
        engine.dispose()


def test_every_pattern_has_an_evasive_variant_or_a_reason_why_not() -> None:
    plain = {pattern.name for pattern in PATTERNS if not pattern.evasive}
    assert plain == NOT_EVASIVE.keys()
    stated = Path("docs/simulation.md").read_text(encoding="utf-8")
    for name in plain:
        assert f"`{name}`" in stated, name
    assert {pattern.name for pattern in PATTERNS} - plain >= LIMITED


def test_what_stays_under_a_limit_is_let_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    score = scored(tmp_path / "under", LIMITED, monkeypatch)
    assert score.patterns.keys() == LIMITED
    for name, one in score.patterns.items():
        assert one.evasive, name
        assert (name, one.evasive_found) == (name, 0)
        assert not one.planted
    assert not score.refusals
    assert not score.acts_refused
    assert {code for code, one in score.codes.items() if one.evasive} == score.evasive_missed.keys()


def test_under_lower_thresholds_the_same_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simulating.POLICY, "thresholds", dict(LOWER.values()))
    monkeypatch.setattr(Plot, "limit", lambda plot, name: float(THRESHOLDS[name]))
    score = scored(tmp_path / "lower", set(LOWER), monkeypatch)
    for name, one in score.patterns.items():
        assert one.evasive == one.evasive_found > 0, name


def test_evasive_variants_follow_the_policy_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simulating.POLICY, "thresholds", dict(LOWER.values()))
    score = scored(tmp_path / "followed", set(LOWER) - {"pool-unclosed"}, monkeypatch)
    for name, one in score.patterns.items():
        assert one.evasive, name
        assert (name, one.evasive_found) == (name, 0)


def test_what_goes_beyond_a_limit_that_is_no_threshold_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, enough = Plot.limit, export_patterns.just_enough
    monkeypatch.setattr(
        Plot, "limit", lambda plot, name: kept(plot, name) * (1.25 if name == "deminimis.share" else 1)
    )
    monkeypatch.setattr(export_patterns, "just_enough", lambda stock: enough(stock) - export_patterns.KG)
    monkeypatch.setattr(export_patterns, "LAST_DAYS", -1 / 24)
    monkeypatch.setattr(trade_patterns, "LAST_US", -trade_patterns.HOUR_US)
    score = scored(tmp_path / "beyond", LIMITED - LOWER.keys(), monkeypatch)
    for name, one in score.patterns.items():
        assert one.evasive == one.evasive_found > 0, name
