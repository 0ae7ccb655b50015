"""Peak memory of server and verifier on a small and on a large log: it must not grow with the log."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from benchmarks.intake import statements
from benchmarks.load import post_batches
from benchmarks.reporting import Report
from benchmarks.servers import ROOT, Prepared, prepared, serving

CHUNK = 2_000
# One process serves: were there two, chance would decide whether both streams come to the same one, and with
# every further chunk it would be likelier.
SERVING = 1
VERIFYING = 2


def fill(log: Prepared, url: str, entries: int) -> None:
    """Posts ``entries`` records in batches, made in chunks so that the benchmark's own memory stays small."""
    for start in range(0, entries, CHUNK):
        measured = post_batches(url, statements(log.cast, min(CHUNK, entries - start)), streams=2)
        if (start + CHUNK) % (5 * CHUNK) == 0:
            print(f"  {start + CHUNK:>10,} of {entries:,} at {measured.rate:,.0f}/s", flush=True)


def peaks(engine: str, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Peak resident bytes of the largest server and verifier process, at each size of a growing log."""
    with prepared(engine, workers=SERVING) as log, serving(log.settings) as server:
        reached = 0
        for size in sizes:
            fill(log, server.url, size - reached)
            reached = size
            served = server.peak_memory_bytes()
            measured = subprocess.run(
                [sys.executable, "-m", "benchmarks.verifier", log.settings.database_url, str(VERIFYING)],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                check=True,
                capture_output=True,
            )
            yield served, int(json.loads(measured.stdout)["peak_bytes"])


def run(engine: str, small: int, large: int) -> Report:
    """Compares two sizes."""
    report = Report(f"peak memory on {engine}, {small:,} against {large:,} entries")
    few, many = peaks(engine, (small, large))
    for place, name in enumerate(("server", "verifier")):
        ratio = many[place] / few[place]
        print(f"  {name:<9} {few[place] / 2**20:.0f} MiB -> {many[place] / 2**20:.0f} MiB, {ratio:.2f}x")
        report.ratios.append((f"{name}: {few[place] / 2**20:.0f} -> {many[place] / 2**20:.0f} MiB", ratio))
        report.goal(f"{name} <= 1.2x", ratio <= 1.2)
    return report
