"""The what-if command: what another policy or other lists would have meant for what is recorded."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from api.cli.common import FILE, config_option, print_table, progress_bar, settings_from
from api.cli.following import follow
from ledger.errors import DocumentInvalid, ReledgerError
from ledger.store.engine import create_ledger_engine
from ledger.strict_json import parse_json
from ledger.whatif.replaying import what_if as replay
from ledger.whatif.report import Cell, Sum, WhatIfReport
from ledger.whatif.scenario import IN_FORCE, Scenario, read_scenario

MOST_ROWS = 8
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_CELLS = (*Cell._fields, "movements", "mass_mg", "value_fen", "unvalued_mg")


@click.command("what-if")
@click.argument("scenario", type=FILE)
@config_option
@click.option("--database", help="Database URL; default: that of the settings.")
@click.option("--origin", help="The log's origin; default: that of the settings.")
@click.option("--against", type=FILE, help="Another scenario to compare with; default: what was in force.")
@click.option("--from", "since", type=_MOMENT, help="Only entries recorded from then on (UTC).")
@click.option("--to", "until", type=_MOMENT, help="Only entries recorded before then (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the differences."
)
def what_if(
    scenario: Path,
    config: Path | None,
    database: str | None,
    origin: str | None,
    against: Path | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    csv_file: Path | None,
) -> None:
    """Replay recorded history under the policy and the lists of the file SCENARIO, and write nothing.

    Says what would have been refused, flagged or licensed, by firm, product, destination and month.
    docs/what-if.md describes the file and what the answer means.
    """
    settings = settings_from(config) if database is None or origin is None else None
    sides = [IN_FORCE if each is None else scenario_in(each) for each in (against, scenario)]
    engine = create_ledger_engine(database or str(settings and settings.database_url), pool_size=1)
    try:
        with progress_bar() as bar:
            report = replay(
                engine,
                origin or str(settings and settings.origin),
                sides[1],
                sides[0],
                span_us=(_us(since), _us(until)),
                progress=follow(bar),
            )
    finally:
        engine.dispose()
    if csv_file is not None:
        write_cells(report, csv_file)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        show(report)


def scenario_in(path: Path) -> Scenario:
    """The scenario in a file.

    Raises:
        DocumentInvalid: It is not JSON.
        ScenarioInvalid: It is no scenario.
    """
    try:
        value = parse_json(path.read_bytes())
    except ReledgerError as error:
        raise DocumentInvalid(f"{path}: {error.detail}", mend="Give a scenario as JSON.") from error
    return read_scenario(value)


def write_cells(report: WhatIfReport, path: Path) -> None:
    """The differences as CSV: a row for each firm, product, destination, month and change of outcome."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.DictWriter(stream, _CELLS)
        rows.writeheader()
        rows.writerows(report.as_json()["cells"])


def show(report: WhatIfReport) -> None:
    """The report for a person."""
    span = report.as_json()["span"]
    click.echo(f"{report.before} -> {report.after}")
    click.echo(
        f"entries {report.start:,} to {report.end:,} ({span['from']} to {span['to']}): "
        f"{report.movements:,} movements, {report.looked_at:,} looked at, "
        f"and {report.refusals:,} refusals"
    )
    if report.agreement is not None:
        alike = report.agreement.judged - report.agreement.unlike
        click.echo(f"judged again as in force: {alike:,} of {report.agreement.judged:,} as recorded")
    for words, codes in (("left open", report.left_open), ("answered from the record", report.recorded)):
        if codes:
            click.echo(f"{words}: {', '.join(sorted(codes))}")
    if not report.differing and not report.time_alerts:
        click.echo("no difference")
        return
    _table("outcome", report.totals["before"], report.totals["after"])
    for code, count in sorted(report.time_alerts.items()):
        click.echo(f"{count:,} alerts of {code} would not have opened")
    click.echo(f"{report.differing:,} movements differ")
    for member in ("firm", "product", "destination", "month"):
        _differences(member, report.by(member))
    if report.hanging["received"] or report.hanging["descendants"]:
        click.echo(
            f"hanging on what would have been refused: {report.hanging['received']:,} received shipments, "
            f"{report.hanging['descendants']:,} lots made of it"
        )


def _table(title: str, before: dict[str, Sum], after: dict[str, Sum]) -> None:
    table = _new_table(title, "before", "t", "million CNY", "after", "t", "million CNY")
    for outcome in before:
        cells: list[Any] = []
        for each in (before[outcome], after[outcome]):
            cells += [f"{each.movements:,}", *_goods(each)]
        table.add_row(outcome, *cells)
    print_table(table)


def _differences(member: str, sums: Any) -> None:
    table = _new_table(member, "movements", "t", "million CNY")
    for name, each in list(sums.items())[:MOST_ROWS]:
        table.add_row(name or "-", f"{each.movements:,}", *_goods(each))
    if len(sums) > MOST_ROWS:
        table.add_row(f"and {len(sums) - MOST_ROWS} more")
    print_table(table)


def _new_table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(title)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _goods(each: Sum) -> tuple[str, str]:
    """Tonnes and million CNY; what has no price is marked."""
    value = f"{each.value_fen / 100_000_000:,.2f}"
    return f"{each.mass_mg / 1_000_000_000:,.1f}", f"{value}+" if each.unvalued_mg else value


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000
