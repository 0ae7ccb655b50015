"""What the ledger finds of planted frauds, and how often it cries wolf, over several simulated countries.

Each seed has a folder with its simulation, and its score once it is done: a run that was stopped goes on with
the seed, the month and the batch that it was at. Scores are taken as they stand in the folders; remove one to
measure its seed again.
"""

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

from ledger.simulation.evaluation import evaluate
from ledger.simulation.scoring import ENOUGH
from ledger.simulation.simulate import simulate
from ledger.store.engine import create_ledger_engine

RECALL = 0.95
FALSE_PER_1000 = 1.0
Json = dict[str, Any]


def run(movements: int, plant: float, seeds: list[int], folder: Path) -> str:
    """The report, in Markdown; what is not measured yet is measured, one process for each seed.

    Args:
        movements, plant: Of each simulation.
        seeds: One simulation each.
        folder: Holds one folder for each size, rate and seed.
    """
    scores = []
    for seed in seeds:
        place = folder / f"{movements}-{plant:g}-{seed}"
        if not (place / "score.json").exists():
            command = [sys.executable, "-m", "benchmarks.evaluation", str(place)]
            subprocess.run([*command, str(movements), str(plant), str(seed)], check=True)
        scores.append(json.loads((place / "score.json").read_text("utf-8")))
        print(f"  seed {seed}: {_line(scores[-1])}", flush=True)
    return report(movements, plant, seeds, scores)


def measure(place: Path, movements: int, plant: float, seed: int) -> None:
    """Simulates and evaluates one seed, and leaves ``score.json`` in its folder."""
    place.mkdir(parents=True, exist_ok=True)
    simulate(
        place / "country",
        movements=movements,
        plant=plant,
        seed=seed,
        progress=_told(f"seed {seed} simulated"),
    )
    simulated_s = _cpu_s()
    own = place / "ledger"
    own.mkdir(exist_ok=True)
    engine = create_ledger_engine(f"sqlite:///{own / 'ledger.db'}", pool_size=4)
    try:
        score = evaluate(place / "country", engine, _told(f"seed {seed} registered")).as_json()
    finally:
        engine.dispose()
    score |= {"simulate_cpu_s": simulated_s, "evaluate_cpu_s": _cpu_s() - simulated_s}
    score["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    part = place / "score.json.part"
    part.write_text(json.dumps(score, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(place / "score.json")
    shutil.rmtree(own)
    shutil.rmtree(place / "country")


def report(movements: int, plant: float, seeds: list[int], scores: list[Json]) -> str:
    """Markdown: the seeds, their mean and spread, every rule and every pattern over all seeds."""
    recalls = [score["recall"] for score in scores if score["recall"] is not None]
    false = [score["false_alerts_per_1000"] for score in scores]
    lines = [
        f"### evaluation, {movements:,} movements, {plant:.1%} planted, seeds {', '.join(map(str, seeds))}",
        "",
        "| seed | recall | false alerts per 1,000 honest | refused | CPU s: simulate, evaluate | MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for seed, score in zip(seeds, scores, strict=True):
        cpu = f"{score['simulate_cpu_s']:.0f}, {score['evaluate_cpu_s']:.0f}"
        lines.append(
            f"| {seed} | {_share(score['recall'])} | {score['false_alerts_per_1000']:.2f} "
            f"| {sum(score['honest_refused'].values())} | {cpu} | {score['peak_mib']:.0f} |"
        )
    if recalls:
        lines.append(f"| **mean** | **{mean(recalls):.1%}** | **{mean(false):.2f}** | | | |")
        spread = f"{min(recalls):.1%} to {max(recalls):.1%} | {min(false):.2f} to {max(false):.2f}"
        lines.append(f"| spread | {spread} | | | |")
    lines += ["", *_codes(scores), "", *_patterns(scores), "", *_goals(scores, false)]
    return "\n".join(lines) + "\n"


def _codes(scores: list[Json]) -> list[str]:
    lines = [
        "| rule | planted | found | missed | recall | by seed | false | false per 1,000 | true | side |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    honest = sum(score["honest_movements"] for score in scores)
    for code in sorted({code for score in scores for code in score["codes"]}):
        ones = [score["codes"].get(code, {}) for score in scores]
        planted, found = _sum(ones, "planted"), _sum(ones, "found")
        by_seed = [one["recall"] for one in ones if one.get("recall") is not None]
        spread = f"{_share(min(by_seed))} to {_share(max(by_seed))}" if by_seed else "-"
        lines.append(
            f"| {code} | {planted} | {found} | {planted - found} | {_share(_recall(ones))} | {spread} "
            f"| {_sum(ones, 'false')} | {1000 * _sum(ones, 'false') / max(1, honest):.3f} "
            f"| {_sum(ones, 'true')} | {_sum(ones, 'side')} |"
        )
    return lines


def _patterns(scores: list[Json]) -> list[str]:
    names = sorted({name for score in scores for name in score["patterns"]})
    lines = [
        "| pattern | planted | found | under a threshold | found | shape | least in a seed |",
        "|---|---:|---:|---:|---:|---|---:|",
    ]
    few, missed, absent = [], [], []
    for name in names:
        ones = [score["patterns"].get(name, {}) for score in scores]
        least = min(one.get("planted", 0) + one.get("evasive", 0) for one in ones)
        planted, found = _sum(ones, "planted"), _sum(ones, "found")
        evasive, caught = _sum(ones, "evasive"), _sum(ones, "evasive_found")
        shape = next((one["shape"] for one in ones if one.get("shape")), "")
        lines.append(f"| {name} | {planted} | {found} | {evasive} | {caught} | {shape} | {least} |")
        few += [f"{name} {least}"] if least < ENOUGH else []
        absent += [name] if least == 0 else []
        missed += [f"{name} {evasive - caught} of {evasive}"] if caught < evasive else []
        missed += [f"{name} ({shape}) {planted - found} of {planted}"] if shape and found < planted else []
    lines += ["", f"Planted fewer than {ENOUGH} times in a seed (the least of the seeds): {_list(few)}."]
    lines += [f"Planned and not played in some seed, for its goods were never there: {_list(absent)}."]
    lines += ["", f"Missed of those under a threshold, spread over months or combined: {_list(missed)}."]
    return lines


def _goals(scores: list[Json], false: list[float]) -> list[str]:
    below = []
    for code in sorted({code for score in scores for code in score["codes"]}):
        recall = _recall([score["codes"].get(code, {}) for score in scores])
        if recall is not None and recall < RECALL:
            below.append(f"{code} {_share(recall)}")
    met = mean(false) <= FALSE_PER_1000
    return [
        f"- {'**missed**' if below else 'met'}: recall >= 95 % for every rule, as the mean over the seeds"
        + (f" (below: {_list(below)})" if below else ""),
        f"- {'met' if met else '**missed**'}: false alerts <= 1 per 1,000 honest movements, as the mean",
    ]


def _recall(ones: list[Json]) -> float | None:
    """The mean over the seeds in which something was planted."""
    recalls = [one["recall"] for one in ones if one.get("recall") is not None]
    return mean(recalls) if recalls else None


def _sum(ones: list[Json], name: str) -> int:
    return sum(one.get(name, 0) for one in ones)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _line(score: Json) -> str:
    return f"recall {_share(score['recall'])}, {score['false_alerts_per_1000']:.2f} false alerts per 1,000"


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _told(what: str) -> Callable[[int, int], None]:
    """Says every tenth, so that a long run shows that it lives."""
    told = -1

    def tell(done: int, whole: int) -> None:
        nonlocal told
        if done * 10 // max(1, whole) > told:
            told = done * 10 // max(1, whole)
            print(f"  {what}: {done:,} of {whole:,}, {_cpu_s():.0f} s of processor time", flush=True)

    return tell


if __name__ == "__main__":
    measure(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
