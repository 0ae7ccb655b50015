"""The simulate command."""

import math
from pathlib import Path

import click

from api.cli.common import FOLDER, notes, progress_bar


def _number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """A range lets NaN pass: it is not below and not above anything."""
    if math.isnan(value):
        raise click.BadParameter("nan is no share; state one from 0 to 0.5")
    return value


@click.command()
@click.argument("out", type=FOLDER)
@click.option(
    "--movements",
    type=click.IntRange(1, 10_000_000),
    default=10_000,
    show_default=True,
    help="How many movements.",
)
@click.option(
    "--plant",
    type=click.FloatRange(0.0, 0.5),
    callback=_number,
    default=0.01,
    show_default=True,
    help="Share of all movements that belong to a planted pattern.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed gives the same bytes."
)
def simulate(out: Path, movements: int, plant: float, seed: int) -> None:
    """Write a simulated national supply chain into the folder OUT, as signed statements with a truth file.

    Mines, separation plants, smelters, magnet makers, recyclers, traders, exporters and their customers file
    what honest trade files, with its noise; and dishonest patterns are planted among it. Stopped and started
    again with the same options, it goes on with the month that it was at. docs/simulation.md says
    what is in it.
    """
    from ledger.simulation.simulate import simulate as run  # loads the catalogue

    with progress_bar() as bar:
        task = bar.add_task("movements", total=movements)
        written = run(
            out,
            movements=movements,
            plant=plant,
            seed=seed,
            progress=lambda done, whole: bar.update(task, completed=done),
        )
    planted = sum(written.planted.values())
    click.echo(
        f"{written.movements} movements in {written.statements} statements, {planted} planted patterns, "
        f"{written.share:.2%} of the movements"
    )
    never = sorted(name for name, count in written.planted.items() if not count)
    if never:
        click.echo(
            f"{len(never)} of {len(written.planted)} patterns that were planned never came about, for their "
            f"goods were not there: {', '.join(never)}"
        )
    notes.print(f"evaluate it with: reledger evaluate {out}", markup=False)
