"""Commands for published statistics: show, draft, publish."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
from rich.table import Table

from api.cli.common import FOLDER, key_options, notes, print_table, signer_from, url_option
from api.cli.sending import send_act
from ledger.client.http import LedgerClient, printable
from ledger.clock import SystemClock
from ledger.statements.tokens import make_token

_SHOWN = {
    "period": "period",
    "of": "of",
    "applications": "filed",
    "granted": "granted",
    "refused": "refused",
    "pending": "open",
    "overdue": "late",
    "median_days": "median",
    "percentile_90_days": "90 %",
    "tonnes": "tonnes",
}
"""Headings of the columns, short: all of them fit on 80; ``of`` is a total, or what a row is of."""
_SPAN = re.compile(r"[^/]+/")
"""Of a span between two moments the last day is shown."""
_WORDS = {"total": "total", "reason": "", "destination": "to", "element": "of"}
"""What is shown of each table; the reasons by destination and element are in the CSV."""


@click.group()
def statistics() -> None:
    """Show what was published of export licences; draft, sign and publish the next period."""


@statistics.command()
@url_option
@click.option("--period", help="Only this one: 2026, 2026-Q3, 2026-11, START/END.")
@click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
def show(url: str, period: str | None, as_csv: bool) -> None:
    """Show the published figures; anyone may."""
    path = "/v1/statistics/tables" + (f"?{urlencode({'period': period})}" if period else "")
    with LedgerClient(url) as client:
        body = client.get(path, accept="text/csv" if as_csv else "application/json")
    if as_csv:
        click.echo(body.decode(), nl=False)
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name, heading in _SHOWN.items():
        words = name in ("period", "of")
        table.add_column(heading, no_wrap=name != "of", justify="left" if words else "right")
    for row in json.loads(body)["rows"]:
        if row["table"] in _WORDS:
            row["period"] = _SPAN.sub("to ", row["period"])[:13]
            row["of"] = f"{_WORDS[row['table']]} {row['key']}".strip()
            table.add_row(*("" if row[name] is None else printable(str(row[name])) for name in _SHOWN))
    print_table(table)


def _period_options(command: Callable[..., None]) -> Callable[..., None]:
    """Of which period the totals are, and of which the applications in the tables."""
    period = click.option(
        "--period", help="Which; default: the one after the last, else the month that ended last."
    )
    filed = click.option(
        "--filed", help="Tables of what was filed when; default: next period that ended 3 months before."
    )
    return period(filed(command))


@statistics.command()
@url_option
@key_options()
@_period_options
def draft(
    url: str, key_file: Path, passphrase_file: Path | None, period: str | None, filed: str | None
) -> None:
    """Print the next publication as the books have it; as an authority or a regulator."""
    act = _draft(url, key_file, passphrase_file, period=period, filed=filed)
    click.echo(json.dumps(act, indent=2, ensure_ascii=False))


@statistics.command()
@url_option
@key_options()
@_period_options
@click.option(
    "--outbox", type=FOLDER, default=Path("outbox"), show_default=True, help="Keeps act and receipt."
)
def publish(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    period: str | None,
    filed: str | None,
    outbox: Path,
) -> None:
    """Draft, sign and send the next publication; as an authority or a regulator."""
    act = _draft(url, key_file, passphrase_file, period=period, filed=filed)
    sent = send_act(act, url, signer_from(key_file, passphrase_file), outbox)
    if sent.index is None:
        notes.print(sent.text, markup=False)
        raise click.exceptions.Exit(1)
    click.echo(f"{act['period']} published: {sent.text}\t{sent.receipt}")


def _draft(url: str, key_file: Path, passphrase_file: Path | None, **periods: str | None) -> dict[str, Any]:
    """The act that publishes a period.

    Raises:
        click.ClickException: The period has not ended.
    """
    signer = signer_from(key_file, passphrase_file)
    with LedgerClient(url) as client:
        token = make_token(signer, client.log()["origin"], SystemClock().now_us() // 1_000_000)
        asked = urlencode({name: period for name, period in periods.items() if period})
        path = "/v1/statistics/draft" + (f"?{asked}" if asked else "")
        drafted = json.loads(client.get(path, token=token))
    if drafted["act"] is None:
        raise click.ClickException(f"{drafted['period']} has not ended; it does at {drafted['ends']}")
    act: dict[str, Any] = drafted["act"]
    return act
