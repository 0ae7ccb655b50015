"""Commands that ask for figures of boards: dependence, reserves, interruption, receivables, customer."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from api.cli.asking import Asking, add_row, answer, form_options
from api.cli.common import key_options, notes, print_table, url_option
from ledger.client.http import printable
from ledger.materials.units import format_mass

_ALL: Final = "REO"
_AGES: Final = ("no_due_date", "not_due", "to_30", "to_60", "to_90", "over_90")


def shown(command: Callable[..., None]) -> Callable[..., None]:
    """What all of them take: the ledger, the key, and the form of the answer."""

    @url_option
    @key_options()
    @form_options
    @functools.wraps(command)
    def asked(url: str, key_file: Path, passphrase_file: Path | None, **given: Any) -> None:
        command(asking=Asking(url, key_file, passphrase_file), **given)

    return asked


def _spanned(command: Callable[..., None]) -> Callable[..., None]:
    """--start and --end."""
    start = click.option("--start", required=True, help="From, inclusive: 2026-10-01T00:00:00Z.")
    return start(click.option("--end", required=True, help="Until, exclusive.")(command))


@click.command()
@shown
@_spanned
@click.option("--product", help="Of a product: a catalogue code; for regulators.")
@click.option("--party", help="Of a firm; default: the key's own party.")
@click.option("--country", help="Of an importing country; for regulators.")
@click.option("--element", help="Of this element alone, for example Dy.")
def dependence(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show from which countries the elements of a product, a firm or a country came, and the HHI."""
    found = answer(asking, "/v1/dependence", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("element", "country", "REO", "share", "HHI")
    for element in found["elements"]:
        index = _bounds(element["hhi_least"], element["hhi_most"])
        for country in element["countries"]:
            share = f"{float(country['share']):.2%}"
            add_row(
                table, element["element"], country["country"], format_mass(country["mass_mg"]), share, index
            )
        if not element["countries"]:
            add_row(table, element["element"], "", "nothing came", "", "")
    print_table(table)


@click.command()
@shown
@_spanned
def reserves(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show for how many days of use strategic reserves last; for regulators."""
    found = answer(asking, "/v1/reserves", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("country", "element", "stock", "released", "exported", "days of use", "with exports")
    for row in found["reserves"]:
        masses = (format_mass(row[name]) for name in ("stock_mg", "released_mg", "exported_mg"))
        days = (_days(row[name]) for name in ("cover_days", "cover_with_exports_days"))
        add_row(table, row["country"], row["element"], *masses, *days)
    print_table(table)


@click.command()
@shown
@_spanned
@click.option("--country", help="All origins of this country are lost.")
@click.option("--origin", help="One origin is lost, as reledger trace names it.")
def interruption(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show what the loss of a source would take away, and how long stocks last; for regulators."""
    found = answer(asking, "/v1/interruptions", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("firm", "element", "came", "lost", "share", "went", "stock", "lasts", title="firms")
    for row in found["firms"]:
        masses = [format_mass(row[name]) for name in ("came_mg", "lost_mg", "went_mg", "stock_mg")]
        share = f"{float(row['share']):.2%}"
        lasts = _days(row["lasts_days"], "no deficit")
        add_row(table, row["party"], row["element"], *masses[:2], share, *masses[2:], lasts)
    print_table(table)
    for title in ("products", "uses"):
        _print_losses(title, found[title])
    for row in found["reserves"]:
        if row["element"] == _ALL:
            told = f"reserves of {format_mass(row['stock_mg'])} stand in for {_days(row['lasts_days'])} days"
            notes.print(printable(told), markup=False)


@click.command()
@shown
@click.option("--party", help="The seller; default: the key's own party.")
@click.option("--as-of", help="The moment: 2026-11-01T00:00:00Z; default: now.")
def receivables(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show what customers owe a seller, by days since it was due, each currency by itself."""
    found = answer(asking, "/v1/receivables", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("customer", "currency", "owed", *(name.replace("_", " ") for name in _AGES), "owed back")
    for row in [*found["customers"], *({**each, "customer": "all"} for each in found["totals"])]:
        amounts = (row[name] for name in ("owed", *_AGES, "owed_back"))
        add_row(table, row["customer"], row["currency"], *amounts)
    print_table(table)


@click.command()
@click.argument("customer")
@shown
@click.option("--party", help="The seller; default: the key's own party.")
@click.option("--start", help="What happened from this time on; default: a year before.")
@click.option("--as-of", help="The moment; default: now.")
def customer(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show what the books say of a CUSTOMER, with the entries and how each sentence is contested."""
    found = answer(asking, "/v1/customers/evaluation", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("what", "", "sentence", "entries", "contested by", title=f"standing: {found['standing']}")
    for row in found["sentences"]:
        ways = "; ".join(f"{way['by']}: {way['name']}" for way in row["contests"])
        entries = " ".join(map(str, row["entries"]))
        add_row(table, row["code"].replace("_", " "), row["tone"], row["text"], entries, ways)
    print_table(table)


def _print_losses(title: str, rows: Sequence[dict[str, Any]]) -> None:
    table = Table("what", "element", "all", "lost", "share", title=title)
    for row in rows:
        masses = (format_mass(row["mass_mg"]), format_mass(row["lost_mg"]))
        add_row(table, row["name"], row["element"], *masses, f"{float(row['share']):.2%}")
    print_table(table)


def _bounds(least: str | None, most: str | None) -> str:
    if least is None or most is None:
        return ""
    shown = f"{float(least):.4f}"
    return shown if least == most else f"{shown} to {float(most):.4f}"


def _days(text: str | None, otherwise: str = "no use") -> str:
    return otherwise if text is None else f"{float(text):.1f}"
