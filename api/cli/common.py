"""What the commands share: options, opening keys and settings, and how an error looks on a terminal.

Progress and notes go to stderr, results to stdout.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from api.settings import Settings, load_settings
from ledger.errors import KeyFileInvalid, ReledgerError
from ledger.statements.keys import FileSigner, read_key_file

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

_UNBOUNDED: Final = 1_000_000
_MOST_SHOWN: Final = 40

notes = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
"""No line is broken where a terminal or a pipe ends: it may hold an address."""


def config_option(command: Command) -> Command:
    """--config: a TOML file of settings."""
    return click.option(
        "--config",
        type=FILE,
        envvar="RELEDGER_CONFIG",
        help="TOML file of settings; RELEDGER_* variables come before it. See docs/operations.md.",
    )(command)


def key_options(*, required: bool = True) -> Callable[[Command], Command]:
    """--key and --passphrase-file: the private key that signs."""

    def add(command: Command) -> Command:
        command = click.option(
            "--passphrase-file", type=FILE, help="File whose first line is the key's passphrase."
        )(command)
        return click.option(
            "--key", "key_file", type=FILE, required=required, help="Private key that signs (PEM)."
        )(command)

    return add


def url_option(command: Command) -> Command:
    """--url: the ledger to talk to."""
    return click.option(
        "--url", required=True, help="Address of the ledger, for example http://127.0.0.1:8000."
    )(command)


def settings_from(config: Path | None) -> Settings:
    """The settings of this process; see api.settings."""
    return load_settings(config=config)


def signer_from(key_file: Path, passphrase_file: Path | None) -> FileSigner:
    """The private key in a file; asks for the passphrase of an encrypted one at a terminal."""
    passphrase = first_line(passphrase_file) if passphrase_file is not None else None
    try:
        return read_key_file(key_file, passphrase)
    except KeyFileInvalid as error:
        if passphrase is None and "is encrypted" in error.detail and notes.is_terminal:
            return read_key_file(key_file, click.prompt("Passphrase", hide_input=True, err=True))
        raise


def first_line(path: Path) -> str:
    """The first line of a text file, without its end."""
    return path.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")


def progress_bar() -> Progress:
    """A progress display on stderr; on a pipe it prints nothing."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=notes,
        disable=not notes.is_terminal,
        transient=True,
    )


def print_table(table: Table) -> None:
    """Prints a table whole: cells are folded on a terminal that is too narrow, and nowhere else."""
    for column in table.columns:
        column.overflow = "fold"
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    console.print(table)


def shown_rows(rows: Sequence[Any]) -> Sequence[Any]:
    """As many rows as a terminal shows; all of them where no terminal is written to."""
    return rows[:_MOST_SHOWN] if Console().is_terminal else rows


def show_error(error: ReledgerError) -> None:
    """Code, what is wrong, where, and how to mend it; of a server's answer its own code."""
    code = "" if "answered" in error.extra else f"{error.code}: "
    notes.print(f"[bold red]error[/] {code}", end="")
    notes.print(error.detail, markup=False)
    if error.line is not None:
        notes.print(f"  line {error.line}", markup=False)
    if error.pointer:
        notes.print(f"  at {error.pointer}", markup=False)
    for finding in getattr(error, "findings", ()):
        notes.print(f"  - {finding.code} at {finding.pointer or '/'}: {finding.detail}", markup=False)
        if finding.mend:
            notes.print(f"    {finding.mend}", markup=False)
    if error.mend:
        notes.print(f"  {error.mend}", markup=False)
