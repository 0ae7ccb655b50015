"""What ``python3 run.py bench`` can measure: one command for each benchmark."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import audit as audit_bench
from benchmarks import console_chain as console_chain_bench
from benchmarks import crash as crash_bench
from benchmarks import desks as desks_bench
from benchmarks import evaluation as evaluation_bench
from benchmarks import intake as intake_bench
from benchmarks import memory as memory_bench
from benchmarks import proofs as proofs_bench
from benchmarks import provenance as provenance_bench
from benchmarks import rules as rules_bench
from benchmarks import what_if as what_if_bench
from benchmarks.reporting import Report
from benchmarks.servers import ENGINES

CORES = os.cpu_count() or 1

_ENGINE = click.option(
    "--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True
)
_OUTPUT = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measures reledger against bare work and against the naive design, as ratios within one run."""


def _report(engines: tuple[str, ...], output: Path | None, measure: Callable[[str], Report]) -> None:
    texts = []
    for engine in engines:
        print(f"{engine}:", flush=True)
        texts.append(measure(engine).markdown())
    print("\n" + "\n".join(texts))
    if output is not None:
        with output.open("a", encoding="utf-8") as stream:
            stream.write("\n".join(texts) + "\n")


@cli.command()
@_ENGINE
@click.option("--count", default=60_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
@_OUTPUT
def intake(engine: tuple[str, ...], count: int, output: Path | None) -> None:
    """Single POSTs, NDJSON batches, documents of 100 events."""
    _report(engine, output, lambda name: intake_bench.run(name, count, CORES))


@cli.command()
@_ENGINE
@click.option("--count", default=24_000, show_default=True, type=click.IntRange(500, 1_000_000))
@_OUTPUT
def rules(engine: tuple[str, ...], count: int, output: Path | None) -> None:
    """Movements with every rule on, with every rule off, and as plain records."""
    _report(engine, output, lambda name: rules_bench.run(name, count, CORES))


@cli.command()
@_ENGINE
@click.option("--entries", default=100_000, show_default=True, type=click.IntRange(1_000, 2_000_000))
@_OUTPUT
def audit(engine: tuple[str, ...], entries: int, output: Path | None) -> None:
    """Verifying a whole database."""
    _report(engine, output, lambda name: audit_bench.run(name, entries, CORES))


@cli.command()
@_ENGINE
@click.option("--entries", default=100_000, show_default=True, type=click.IntRange(1_000, 2_000_000))
@_OUTPUT
def proofs(engine: tuple[str, ...], entries: int, output: Path | None) -> None:
    """Latency of receipts and proofs."""
    _report(engine, output, lambda name: proofs_bench.run(name, entries))


@cli.command()
@_ENGINE
@click.option("--lots", default=1_000_000, show_default=True, type=click.IntRange(10_000, 10_000_000))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the databases, which take long to fill, to ask them again.",
)
@_OUTPUT
def provenance(engine: tuple[str, ...], lots: int, folder: Path | None, output: Path | None) -> None:
    """Where a lot with about 4,000 ancestors came from."""
    _report(
        engine,
        output,
        lambda name: provenance_bench.run(name, lots, folder=None if folder is None else folder / name),
    )


@cli.command()
@_ENGINE
@click.option("--small", default=10_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
@click.option("--large", default=100_000, show_default=True, type=click.IntRange(1_000, 2_000_000))
@_OUTPUT
def memory(engine: tuple[str, ...], small: int, large: int, output: Path | None) -> None:
    """Peak memory of server and verifier at two sizes of log."""
    _report(engine, output, lambda name: memory_bench.run(name, small, large))


@cli.command("console-chain")
@_ENGINE
@click.option("--small", default=10_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
@click.option("--entries", default=100_000, show_default=True, type=click.IntRange(1_000, 2_000_000))
@_OUTPUT
def console_chain(engine: tuple[str, ...], small: int, entries: int, output: Path | None) -> None:
    """The check of a whole log in a browser, at two sizes."""
    _report(engine, output, lambda name: console_chain_bench.run(name, small, entries))


@cli.command()
@click.option("--movements", default=100_000, show_default=True, type=click.IntRange(100, 10_000_000))
@click.option("--plant", default=0.01, show_default=True, type=click.FloatRange(0.0, 0.5))
@click.option(
    "--seeds", required=True, help="Whole numbers, with commas between them; up to 999 for development."
)
@click.option(
    "--folder",
    default=Path(".reledger/evaluations"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the scores, and what a stopped run goes on with.",
)
@_OUTPUT
def evaluation(movements: int, plant: float, seeds: str, folder: Path, output: Path | None) -> None:
    """Recall and false alerts over simulated countries, one for each seed."""
    text = evaluation_bench.run(movements, plant, [int(seed) for seed in seeds.split(",")], folder)
    print("\n" + text)
    if output is not None:
        with output.open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


@cli.command()
@_ENGINE
@click.option("--kills", default=200, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@_OUTPUT
def crash(engine: tuple[str, ...], kills: int, seed: int, workers: int, output: Path | None) -> None:
    """kill -9 under load, then everything acknowledged is checked."""
    for name in engine:
        line = crash_bench.run(name, kills, seed, workers)
        print(line, flush=True)
        if output is not None:
            with output.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")


@cli.command()
@click.option("--movements", default=100_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the simulated ledger, to go on after a stop and to measure again.",
)
@_OUTPUT
def desks(movements: int, folder: Path | None, output: Path | None) -> None:
    """How soon the console's desks stand in a browser, over a simulated ledger."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reledger-bench-")))
        place = folder
        _report(("sqlite",), output, lambda _: desks_bench.run(movements, place))


@cli.command("what-if")
@click.option("--movements", default=100_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the simulated ledger, to go on after a stop and to measure again.",
)
@_OUTPUT
def what_if(movements: int, folder: Path | None, output: Path | None) -> None:
    """How soon a what-if over a simulated year is answered, and with how much memory."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reledger-bench-")))
        place = folder
        _report(("sqlite",), output, lambda _: what_if_bench.run(movements, place))
