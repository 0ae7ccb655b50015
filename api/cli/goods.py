"""Commands that ask what became of goods and what stands where: flows, routes, pools, shipments and more."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from api.cli.asking import (
    Asking,
    add_row,
    answer,
    form_options,
    listed,
    print_csv,
    print_json,
    subject_options,
)
from api.cli.common import key_options, notes, print_table, url_option
from ledger.materials.units import format_mass


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """--url, --key, --json and --csv, the first two as ``asking``."""

    @url_option
    @key_options()
    @form_options
    @functools.wraps(command)
    def asked(url: str, key_file: Path, passphrase_file: Path | None, **given: Any) -> None:
        command(asking=Asking(url, key_file, passphrase_file), **given)

    return asked


_downstream = click.option("--downstream", is_flag=True, help="Where it went, instead of where it came from.")
_limit = click.option("--limit", type=click.IntRange(1, 20_000), help="Steps at most; for regulators.")
_party = click.option("--party", help="Whose; default: the key's own party.")


@click.command()
@subject_options
@_asking
@_downstream
@_limit
@click.option("--element", help="Of this element alone, for example Dy.")
@click.option(
    "--by",
    type=click.Choice(["lot", "stage", "party", "site"]),
    default="lot",
    show_default=True,
    help="What becomes one node.",
)
def flows(
    asking: Asking,
    *,
    subject: dict[str, str | None],
    downstream: bool,
    as_json: bool,
    as_csv: bool,
    **query: Any,
) -> None:
    """Show how much of an element came to LOT from where, or went where, in REO."""
    asked = {**subject, **query, "direction": _way(downstream)}
    found = answer(asking, "/v1/flows", asked, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    labels = {node["id"]: f"{node['kind']} {node['label'] or node['stage']}" for node in found["nodes"]}
    table = Table("from", "to", "REO")
    for link in found["links"]:
        add_row(table, labels[link["source"]], labels[link["target"]], format_mass(link["mass_mg"]))
    print_table(table)
    _say_cut(found)


@click.command()
@subject_options
@_asking
@_downstream
@_limit
@click.option("--since", help="Without what happened before this time: 2026-10-01T00:00:00Z.")
@click.option("--until", help="Without what happened from this time on.")
def routes(
    asking: Asking,
    *,
    subject: dict[str, str | None],
    downstream: bool,
    as_json: bool,
    as_csv: bool,
    **query: Any,
) -> None:
    """Show between which sites LOT was shipped on its way."""
    asked = {**subject, **query, "direction": _way(downstream)}
    found = answer(asking, "/v1/routes", asked, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    names = {site["id"]: site["name"] for site in found["sites"]}
    table = Table("from", "to", "mass", "shipments", "first", "last")
    for route in found["routes"]:
        ends = (names.get(route[end], route[end]) for end in ("source", "target"))
        mass = format_mass(route["mass_mg"])
        add_row(table, *ends, mass, route["shipments"], route["first"], route["last"])
    print_table(table)
    _say_cut(found)


@click.command()
@_asking
@_party
def pools(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """List the plants and tanks that a party runs, with what they hold: all, 1,000 at a time."""
    following = {"after": "pool"}
    rows = listed(asking, "/v1/pools", "pools", query, following, as_json=as_json, as_csv=as_csv)
    if rows is None:
        return
    table = Table("pool", "site", "version", "elements", "closed")
    for row in rows:
        inside = " ".join(f"{name} {format_mass(mass)}" for name, mass in row["contained_mg"].items())
        add_row(table, row["pool"], row["site"], row["version"], inside, row["closed"])
    print_table(table)


@click.command()
@_asking
@_party
@click.option("--received", is_flag=True, help="What was sent to the party, instead of what it sent.")
@click.option(
    "--state", type=click.Choice(["open", "received", "voided", "refused"]), help="Only those in this state."
)
def shipments(asking: Asking, *, received: bool, as_json: bool, as_csv: bool, **query: Any) -> None:
    """List what a party sent, or what was sent to it, with how much of it still travels.

    All of it, asked for by 1,000 shipments at a time.
    """
    query["side"] = "consignee" if received else "consignor"
    following = {"after_consignor": "consignor", "after_shipment": "shipment"}
    rows = listed(asking, "/v1/shipments", "shipments", query, following, as_json=as_json, as_csv=as_csv)
    if rows is None:
        return
    table = Table("left", "shipment", "kind", "consignor", "consignee", "state", "sent", "under way")
    for row in rows:
        masses = (format_mass(row[name]) if row[name] else "" for name in ("sent_mg", "left_mg"))
        words = (row[name] for name in ("event_time", "shipment", "kind", "consignor", "consignee", "state"))
        add_row(table, *words, *masses)
    print_table(table)


@click.command()
@click.argument("text")
@_asking
@click.option("--limit", type=click.IntRange(1, 100), help="How many at most; default: 20.")
def search(asking: Asking, *, text: str, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Find what has TEXT as its id, begins so, or is called so.

    The beginning of an id is looked for from 3 characters on, a part of a name from 2; who asks for more than
    --limit types more of it.
    """
    asked = {"q": text, **query}
    if as_csv:
        print_csv(asking.csv("/v1/search", asked))
        return
    found = asking.members("/v1/search", asked)["found"]
    if as_json:
        print_json(found)
        return
    table = Table("kind", "id", "name", "party", "what it is")
    for each in found:
        add_row(table, each["kind"], each["id"], each["name"], each["party"], each["detail"])
    print_table(table)


@click.command()
@_asking
@_party
def filing(asking: Asking, *, as_json: bool, as_csv: bool, **query: Any) -> None:
    """Show until when a party files which month, how much of it is recorded, and what came late."""
    found = answer(asking, "/v1/filing", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("month", "last day", "days left", "recorded", "late")
    add_row(table, *(found[name] for name in ("month", "last_day", "days_left", "recorded", "late")))
    print_table(table)


def _way(downstream: bool) -> str:
    return "downstream" if downstream else "upstream"


def _say_cut(found: dict[str, Any]) -> None:
    if found["truncated"]:
        notes.print("there are more steps than one walk takes")
