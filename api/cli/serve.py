"""The serve command: imports little, for the server's processes import the rest by themselves."""

import os
from pathlib import Path

import click

from api.cli.common import config_option, notes, settings_from
from api.ending import end_with


@click.command()
@config_option
@click.option("--end-with-parent", is_flag=True, help="Stop once the process that started it is gone.")
def serve(config: Path | None, end_with_parent: bool) -> None:
    """Run the ledger's HTTP server until it is stopped (Ctrl-C or SIGTERM)."""
    from api.serving import serve as run_server  # the server library starts threads of its own

    if end_with_parent:
        end_with(os.getppid())
    settings = settings_from(config)
    notes.print(f"serving {settings.origin} on http://{settings.host}:{settings.port}", markup=False)
    run_server(settings)
