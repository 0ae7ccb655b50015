"""What-ifs over a simulated year, each in a process of its own: how long, how much memory, the same twice.

The lists of October 2025 against what was in force; and the lists in force stated again, which must make no
difference.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.desks import registered
from benchmarks.reporting import Report
from benchmarks.servers import ROOT

GOAL_S: Final = 60
GOAL_MIB: Final = 512
SCENARIOS: Final = ROOT / "docs" / "scenarios"
TWICE: Final = "october-2025"
SAME: Final = "april-2025"


def run(movements: int, folder: Path) -> Report:
    """Makes the ledger in the folder, where it is not there yet, and replays it."""
    report = Report(f"what-if over {movements:,} movements, SQLite")
    settings, _ = registered(movements, folder)
    found = {}
    for name in (TWICE, SAME):
        used_s = _processor_s()
        found[name], seconds = _asked(name, settings.database_url, settings.origin)
        report.wait(f"{name}: {found[name]['looked_at']:,} movements judged", seconds * 1_000)
        report.wait(f"{name}: processor time of it", (_processor_s() - used_s) * 1_000)
        report.goal(f"{name} in less than {GOAL_S} s ({seconds:.1f} s)", seconds < GOAL_S)
    again, _ = _asked(TWICE, settings.database_url, settings.origin)
    report.goal("the same report twice", again == found[TWICE])
    differing = found[SAME]["differing"]
    report.goal(f"lists that are in force make no difference ({differing})", differing == 0)
    agreement = found[TWICE]["agreement"]
    alike = agreement["judged"] - agreement["unlike"]
    report.goal(f"{alike:,} of {agreement['judged']:,} judged as recorded", agreement["unlike"] == 0)
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    report.goal(f"peak memory below {GOAL_MIB} MiB ({peak_mib:.0f} MiB)", peak_mib < GOAL_MIB)
    return report


def _processor_s() -> float:
    """Processor time of everything that was run and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _asked(name: str, database: str, origin: str) -> tuple[Any, float]:
    """The report of a scenario by the command line, and how long it took from start to end in seconds."""
    begun = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "api.cli", "what-if", str(SCENARIOS / f"{name}.json"), "--json"),
            *("--database", database, "--origin", origin),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout), time.perf_counter() - begun
