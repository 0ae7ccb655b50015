"""Commands that ask the books: trace, recall, label, holdings, balance, alerts.

What their options are called, and how they print, the others (``boards``, ``goods``) take from here.
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

import click
from rich.table import Table

from api.cli.common import key_options, notes, print_table, shown_rows, signer_from, url_option
from ledger.client.http import Answer, LedgerClient, printable
from ledger.clock import SystemClock
from ledger.materials.units import format_mass
from ledger.statements.tokens import make_token

_PAGE: Final = 1_000


class Asking:
    """One caller with its key."""

    def __init__(self, url: str, key_file: Path, passphrase_file: Path | None) -> None:
        self._url = url
        self._signer = signer_from(key_file, passphrase_file)

    def members(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        """An answer as JSON."""
        members = json.loads(self._page(_address(path, query), "application/json")[0])
        assert isinstance(members, dict)
        return members

    def pages(
        self, path: str, name: str, query: dict[str, Any], following: dict[str, str]
    ) -> list[dict[str, Any]]:
        """All pages of a list; ``following``: by which members of the last row the next page is asked for."""
        rows: list[dict[str, Any]] = []
        asked = {**query, "limit": _PAGE}
        while True:
            page = self.members(path, asked)
            rows += page[name]
            if page["next"] is None:
                return rows
            asked |= {parameter: rows[-1][member] for parameter, member in following.items()}

    def csv(self, path: str, query: dict[str, Any]) -> Iterator[bytes]:
        """An answer as CSV, all pages of it under one header."""
        body, following = self._page(_address(path, query), "text/csv")
        yield body
        while following is not None:
            body, following = self._page(following, "text/csv")
            yield body.partition(b"\r\n")[2]

    def put_file(self, path: str, file: Path) -> Answer:
        """Puts a file at a path."""
        with LedgerClient(self._url) as client:
            return client.put_file(path, file, token=self._token(client))

    def save(self, path: str, stream: BinaryIO) -> str:
        """Writes what is at a path into a stream; its SHA-256."""
        with LedgerClient(self._url) as client:
            return client.save(path, stream, token=self._token(client))

    def _token(self, client: LedgerClient) -> str:
        return make_token(self._signer, client.log()["origin"], SystemClock().now_us() // 1_000_000)

    def _page(self, address: str, accept: str) -> tuple[bytes, str | None]:
        with LedgerClient(self._url) as client:
            return client.get_page(address, token=self._token(client), accept=accept)


def _address(path: str, query: dict[str, Any]) -> str:
    return f"{path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def answer(
    asking: Asking, path: str, query: dict[str, Any], *, as_json: bool, as_csv: bool
) -> dict[str, Any] | None:
    """The answer to be shown as a table; None where it was printed in another form already."""
    if as_csv:
        print_csv(asking.csv(path, query))
        return None
    found = asking.members(path, query)
    if as_json:
        print_json(found)
        return None
    return found


def listed(
    asking: Asking,
    path: str,
    name: str,
    query: dict[str, Any],
    following: dict[str, str],
    *,
    as_json: bool,
    as_csv: bool,
) -> list[dict[str, Any]] | None:
    """As ``answer``, of all pages of a list; see ``Asking.pages``."""
    if as_csv:
        print_csv(asking.csv(path, {**query, "limit": _PAGE}))
        return None
    rows = asking.pages(path, name, query, following)
    if as_json:
        print_json(rows)
        return None
    return rows


json_option = click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")


def form_options(command: Callable[..., None]) -> Callable[..., None]:
    """--json and --csv, of which one at most is given."""

    @json_option
    @click.option("--csv", "as_csv", is_flag=True, help="As comma-separated values.")
    @functools.wraps(command)
    def asked(*, as_json: bool, as_csv: bool, **given: Any) -> None:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv do not go together")
        command(as_json=as_json, as_csv=as_csv, **given)

    return asked


_SINCE: Final = (
    "Without steps before this time: 2026-10-01T00:00:00Z. Upstream the way ends there; downstream it leads "
    "on through them, and no holder is left out."
)
_UNTIL: Final = "Without steps from this time on. Downstream the way ends there; upstream it leads on."
_POOL: Final = (
    "Instead of a lot: a pool; downstream, all that was ever drawn of it (flows: what it holds now)."
)


def subject_options(command: Callable[..., None]) -> Callable[..., None]:
    """LOT, or --unit, --pool, --shipment and --consignor: what is asked about, as ``subject``."""

    @click.argument("lot", required=False)
    @click.option("--unit", help="Instead of a lot: what is in a logistic unit; with --at: was.")
    @click.option("--pool", help=_POOL)
    @click.option("--shipment", help="Instead of a lot: a shipment (its event id); with --consignor.")
    @click.option("--consignor", help="Who recorded the shipment.")
    @functools.wraps(command)
    def asked(**given: Any) -> None:
        names = ("lot", "unit", "pool", "shipment", "consignor")
        command(subject={name: given.pop(name) for name in names}, **given)

    return asked


def bound_options(command: Callable[..., None]) -> Callable[..., None]:
    """--depth, --since, --until and --limit, as ``bounds``: how far a walk goes."""

    @click.option("--depth", type=click.IntRange(1, 10_000), help="Steps at most; default: all.")
    @click.option("--since", help=_SINCE)
    @click.option("--until", help=_UNTIL)
    @click.option("--limit", type=click.IntRange(1, 100_000), help="Edges at most; for regulators.")
    @functools.wraps(command)
    def asked(**given: Any) -> None:
        names = ("depth", "since", "until", "limit")
        command(bounds={name: given.pop(name) for name in names}, **given)

    return asked


@click.command()
@subject_options
@url_option
@key_options()
@click.option("--downstream", is_flag=True, help="Where it went, instead of where it came from.")
@bound_options
@click.option("--element", help="Origins of this element alone, for example Dy.")
@click.option(
    "--at",
    type=click.IntRange(0),
    help="A lot, pool or unit as the books said once this entry was in; for regulators.",
)
@form_options
def trace(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    subject: dict[str, str | None],
    downstream: bool,
    bounds: dict[str, Any],
    element: str | None,
    at: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show where a LOT came from, with the shares of its origins, or where it went.

    A regulator sees every step; a holder sees origins, shares and its own steps.
    """
    asking = Asking(url, key_file, passphrase_file)
    query: dict[str, Any] = {
        **subject,
        **bounds,
        "direction": "downstream" if downstream else "upstream",
        "element": element,
        "at": at,
    }
    found = answer(asking, "/v1/provenance", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    _show_origins(found)
    _show_steps(found)
    _show_holders(found)


@click.command()
@subject_options
@url_option
@key_options()
@bound_options
@click.option(
    "--at", type=click.IntRange(0), help="With --unit: what was in it once this entry was in; for regulators."
)
@form_options
def recall(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    subject: dict[str, str | None],
    bounds: dict[str, Any],
    at: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List who has LOT or anything made of it, the pools it is in, what travels or went abroad.

    Of a unit or shipment that carried a part of a lot, all of that lot is listed; a row "part" says how much.
    As CSV, unless --json is given.
    """
    asking, query = Asking(url, key_file, passphrase_file), {**subject, **bounds, "at": at}
    answer(asking, "/v1/recall", query, as_json=as_json, as_csv=as_csv or not as_json)


@click.command()
@click.argument("lot")
@url_option
@key_options()
@json_option
def label(lot: str, url: str, key_file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Print what the label of LOT must say, one statement a line; for its producer and regulators."""
    found = Asking(url, key_file, passphrase_file).members("/v1/labels", {"lot": lot})
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        told = ", ".join(map(_named, value)) if isinstance(value, list) else _named(value)
        click.echo(printable(f"{name.replace('_', ' ')}: {told}"))


def _named(value: dict[str, str] | str) -> str:
    """A firm or site with its id behind its name; anything else as it is."""
    if isinstance(value, str):
        return value
    return f"{value['name']} ({value['id']})" if value["name"] else value["id"]


@click.command()
@url_option
@key_options()
@click.option("--party", help="Whose; default: the key's own party.")
@form_options
def holdings(
    url: str, key_file: Path, passphrase_file: Path | None, party: str | None, as_json: bool, as_csv: bool
) -> None:
    """List what a party has in custody: all of it, asked for by 1,000 lots at a time."""
    asking = Asking(url, key_file, passphrase_file)
    forms = {"as_json": as_json, "as_csv": as_csv}
    rows = listed(asking, "/v1/holdings", "holdings", {"party": party}, {"after": "lot"}, **forms)
    if rows is None:
        return
    table = Table("lot", "site", "owner", "mass", "awaits its shipment")
    for row in rows:
        awaited = format_mass(row["provisional_mg"]) if row["provisional_mg"] else ""
        add_row(table, row["lot"], row["site"], row["owner"], format_mass(row["mass_mg"]), awaited)
    print_table(table)


@click.command()
@url_option
@key_options()
@click.option("--party", help="Whose; default: the key's own party.")
@click.option("--site", help="One site; default: all.")
@click.option("--start", required=True, help="From, inclusive: 2026-10-01T00:00:00Z.")
@click.option("--end", required=True, help="Until, exclusive.")
@click.option("--months", is_flag=True, help="A row for each month and element; 60 months at most.")
@form_options
def balance(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    party: str | None,
    site: str | None,
    start: str,
    end: str,
    months: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show a party's mass balance: opening, in, out, losses, adjustments, closing and the gap.

    Per element, in rare earth oxides (REO); what leaves is negative.
    With --months by the authority's calendar, whose months begin in its own zone.
    """
    asking = Asking(url, key_file, passphrase_file)
    query = {"party": party, "site": site, "start": start, "end": end, "months": "true" if months else None}
    found = answer(asking, "/v1/balance", query, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    named = ("month", "element") if months else ("element",)
    columns = [name for name in (found["rows"][0] if found["rows"] else {}) if name not in named]
    table = Table(*named, *(name.replace("_", " ") for name in columns))
    for row in found["rows"]:
        masses = (format_mass(row[name]) if row[name] else "" for name in columns)
        add_row(table, *(row[name] for name in named), *masses)
    print_table(table)


@click.command()
@url_option
@key_options()
@click.option("--party", help="Only those about this party's statements.")
@click.option("--code", help="Only those of this rule.")
@click.option("--state", type=click.Choice(["open", "closed"]), default="open", show_default=True)
@form_options
def alerts(
    url: str,
    key_file: Path,
    passphrase_file: Path | None,
    party: str | None,
    code: str | None,
    state: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List alerts, newest first: to a regulator all, to a party those that it was told of.

    A terminal shows the first 40 of them; a pipe, --csv and --json have all.
    """
    asking = Asking(url, key_file, passphrase_file)
    query: dict[str, Any] = {"party": party, "code": code, "state": state}
    following = {"before_index": "index", "before_number": "number"}
    found = listed(asking, "/v1/alerts", "alerts", query, following, as_json=as_json, as_csv=as_csv)
    if found is None:
        return
    table = Table("entry", "rule", "about", "what was noticed")
    shown = shown_rows(found)
    for alert in shown:
        add_row(table, alert["index"], alert["code"], alert["subject"], alert["detail"])
    print_table(table)
    if len(found) > len(shown):
        notes.print(f"{len(found) - len(shown)} more; --csv or --json shows all")


def _show_origins(found: dict[str, Any]) -> None:
    table = Table("origin", "share", "REO", "elements", title=f"origins of {found['kind']} {found['name']}")
    for origin in found["origins"]:
        elements = " ".join(f"{name} {format_mass(mass)}" for name, mass in origin["elements"].items())
        share = f"{float(origin['share']):.2%}"
        add_row(table, origin["origin"], share, format_mass(origin["mass_mg"]), elements)
    print_table(table)
    countries = ", ".join(f"{name} {float(share):.2%}" for name, share in found["countries"].items())
    if countries:
        notes.print(f"countries: {printable(countries)}", markup=False)
    model = found["model"]
    if model["model"]:
        borne_out = {True: "holds", False: "does not hold", None: "cannot be checked"}[model["holds"]]
        notes.print(printable(f"{model['model']} {borne_out}: {model['reason']}"), markup=False)
    corrected = found["corrected_at"]
    notes.print("as recorded" if corrected is None else f"as corrected at {corrected}")


def _show_steps(found: dict[str, Any]) -> None:
    for part in found["parts"]:
        whole = "" if part["whole_mg"] is None else f"the {format_mass(part['whole_mg'])} of "
        told = f"{format_mass(part['mass_mg'])} of {whole}{part['lot']}"
        notes.print(printable(f"in {found['kind']} {found['name']}: {told}"), markup=False)
    table = Table("depth", "entry", "what", "stage", "party", "mass", title=f"{found['direction']}")
    shown = shown_rows(found["steps"])
    for step in shown:
        name = step["name"] if step["kind"] == "lot" else f"{step['name']} version {step['version']}"
        mass = format_mass(step["mass_mg"]) if step["mass_mg"] else ""
        add_row(table, step["depth"], step["index"], name, step["stage"] or step["kind"], step["party"], mass)
    print_table(table)
    if len(found["steps"]) > len(shown):
        notes.print(f"{len(found['steps']) - len(shown)} more steps; --csv or --json shows all")
    if found["hidden"]:
        hidden = ", ".join(f"{count} {stage}" for stage, count in found["hidden"].items())
        notes.print(f"steps of others, not shown: {hidden}", markup=False)
    for alert in found["alerts"]:
        notes.print(f"open alert {alert['code']} on {alert['subject']}", markup=False)
    for lot in found["tainted"]:
        notes.print(f"illegal product: {lot}", markup=False)
    for bound in found["ended_by"]:
        notes.print(f"the way goes on: it was ended by {bound}")


def _show_holders(found: dict[str, Any]) -> None:
    table = Table("lot", "custodian", "owner", "site", "mass", title="who has it now")
    for held in found["holders"]:
        add_row(
            table, held["lot"], held["custodian"], held["owner"], held["site"], format_mass(held["mass_mg"])
        )
    if found["holders"]:
        print_table(table)
    for sent in found["travelling"]:
        way = {"exported": "gone abroad", "released": "released"}.get(sent["state"], "under way")
        mass = format_mass(sent["mass_mg"])
        told = f"{way}: {mass} of {sent['lot']}, from {sent['consignor']} to {sent['consignee']}"
        notes.print(printable(told), markup=False)


def print_json(members: Any) -> None:
    """Prints a whole answer."""
    click.echo(json.dumps(members, indent=2, ensure_ascii=False))


def print_csv(pages: Iterable[bytes]) -> None:
    """Prints CSV as it came."""
    for page in pages:
        click.echo(page, nl=False)


def add_row(table: Table, *cells: object) -> None:
    """Adds a row of which nothing reaches the terminal but what can be printed."""
    table.add_row(*(printable(str(cell)) for cell in cells))
