"""The serve command: imports little, for the server's processes import the rest by themselves."""

from pathlib import Path

import click

from api.cli.common import config_option, notes, settings_from


@click.command()
@config_option
def serve(config: Path | None) -> None:
    """Run the ledger's HTTP server until it is stopped (Ctrl-C or SIGTERM)."""
    from api.serving import serve as run_server  # the server library starts threads of its own

    settings = settings_from(config)
    notes.print(f"serving {settings.origin} on http://{settings.host}:{settings.port}", markup=False)
    run_server(settings)
