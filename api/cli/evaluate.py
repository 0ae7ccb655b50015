"""The evaluate command."""

import json
import shutil
from pathlib import Path

import click
from rich.table import Table

from api.cli.common import FOLDER, notes, print_table, progress_bar
from ledger.simulation.scoring import ENOUGH, Score
from ledger.store.engine import create_ledger_engine


@click.command()
@click.argument("out", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option(
    "--database",
    help="Database without entries to register in, which is left there; default: a SQLite file under OUT, "
    "removed at the end.",
)
def evaluate(out: Path, as_json: bool, database: str | None) -> None:
    """Register the simulation in OUT in a fresh ledger, and report what it found of what was planted.

    Statements are registered at the times at which they were filed, by the ledger's own writer. Reported for
    each rule code: planted, found, missed, recall, false alerts; patterns shaped to stay just under a
    threshold are counted apart. Stopped and started again, it goes on where it was. docs/simulation.md says
    how it counts.
    """
    from ledger.simulation.evaluation import evaluate as run  # loads the registrar
    from ledger.simulation.folder import check_files

    check_files(out)
    own = out / "evaluation"
    if database is None:
        if own.exists():
            notes.print(f"going on with what is in {own}; remove it to begin anew", markup=False)
        own.mkdir(exist_ok=True)
    engine = create_ledger_engine(database or f"sqlite:///{own / 'ledger.db'}", pool_size=4)
    try:
        with progress_bar() as bar:
            task = bar.add_task("statements", total=None)
            score = run(out, engine, lambda done, whole: bar.update(task, completed=done, total=whole))
    finally:
        engine.dispose()
    if database is None:
        shutil.rmtree(own)
    if as_json:
        click.echo(json.dumps(score.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(score)


def _show(score: Score) -> None:
    table = Table(title=f"{score.movements} movements, {score.honest} of them honest")
    for heading in ("code", "planted", "found", "missed", "recall", "evasive found", "false", "true", "side"):
        table.add_column(heading, justify="left" if heading == "code" else "right")
    for code, one in sorted(score.codes.items()):
        table.add_row(
            code,
            str(one.planted),
            str(one.found),
            str(one.missed),
            "-" if one.recall is None else f"{one.recall:.1%}",
            f"{one.evasive_found} of {one.evasive}" if one.evasive else "-",
            str(one.false),
            str(one.true),
            str(one.side),
        )
    print_table(table)
    recall = "-" if score.recall is None else f"{score.recall:.1%}"
    click.echo(f"recall {recall}, false alerts per 1,000 honest movements {score.false_alerts_per_1000:.2f}")
    refused = ", ".join(f"{code} {count}" for code, count in sorted(score.refusals.items()))
    click.echo(f"honest movements refused: {refused or 'none'}")
    acts = ", ".join(f"{code} {count}" for code, count in sorted(score.acts_refused.items()))
    click.echo(f"honest acts refused: {acts or 'none'}")
    click.echo(
        f"lots that are illegal product or made of it: {score.tainted}, told of by their source: "
        f"{score.tainted_found}"
    )
    print_table(_patterns(score))
    few = ", ".join(
        f"{name} {score.patterns[name].planted + score.patterns[name].evasive}" for name in score.few()
    )
    click.echo(f"planted fewer than {ENOUGH} times: {few or 'none'}")


def _patterns(score: Score) -> Table:
    table = Table(title="planted patterns: found where every code that is to be found was")
    for heading in ("pattern", "planted", "found", "under a threshold", "found", "shape"):
        table.add_column(heading, justify="left" if heading in ("pattern", "shape") else "right")
    for name, one in sorted(score.patterns.items()):
        evasive = (str(one.evasive), str(one.evasive_found)) if one.evasive else ("-", "-")
        table.add_row(name, str(one.planted), str(one.found), *evasive, one.shape)
    return table
